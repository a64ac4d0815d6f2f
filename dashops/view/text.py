"""How values print: `as_text` for people, `as_json` for programs, each by type; reads nothing."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import singledispatch
from typing import Any, TextIO

from dashops.errors import DashopsError

COLOURS = {"red": 31, "green": 32, "yellow": 33, "bold": 1, "dim": 2}


@singledispatch
def as_text(value: Any) -> None:
    """Print a value for a person; register one function for each dataclass flow returns.

    @as_text.register
    def _(value: flow.Status) -> None: ...
    """
    raise TypeError(f"no text view of {type(value).__name__}")


@singledispatch
def as_json(value: Any) -> None:
    """Print a dataclass flow returned as one JSON document."""
    document(asdict(value))


def document(value: Mapping[str, Any], indent: int | None = 2) -> None:
    """Print one JSON document; `indent` None keeps it on one line."""
    say(json.dumps(_plain(value), indent=indent, ensure_ascii=False))


def say(*lines: str) -> None:
    """Print lines of data to stdout."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def note(*lines: str) -> None:
    """Print lines about the data to stderr."""
    for line in lines:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def error(problem: DashopsError, details: Iterable[str] = ()) -> None:
    """Print `error:`, the place or other details, and `hint:` to stderr."""
    note(f"{paint('error:', 'red', sys.stderr)} {problem.message}")
    note(*(f"  {line}".rstrip() for line in (*problem.where.splitlines(), *details)))
    if problem.hint:
        note(f"{paint('hint:', 'green', sys.stderr)} {problem.hint}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows in columns as wide as their widest cell, under an upper-case head."""
    cells = [[title.upper() for title in head], *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """The text in colour, on a terminal (stdout if None) whose user did not set NO_COLOR."""
    if (
        not (stream or sys.stdout).isatty()
        or os.environ.get("NO_COLOR")
        or os.environ.get("TERM") == "dumb"
    ):
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def changed(line: str) -> str:
    """A line of a unified diff in its colour."""
    colour = {"+": "green", "-": "red"}.get(line[:1], "")
    return paint(line, colour) if colour else line


def size(count: float) -> str:
    """Bytes for people: `12 B`, `3.4 MB`."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def duration(seconds: float) -> str:
    """Seconds for people: `4 s`, `3 min`, `2 h 5 min`, `3 d 4 h`."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 1:
        return f"{seconds:.0f} s"
    if hours < 1:
        return f"{minutes:.0f} min"
    if days < 1:
        return f"{hours:.0f} h {minutes % 60:.0f} min"
    return f"{days:.0f} d {hours % 24:.0f} h"


def when(moment: datetime) -> str:
    """A time as the reader's clock has it: `2025-11-23 08:00`."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def short(words: str, most: int) -> str:
    """Words of at most that many characters."""
    return words if len(words) <= most else f"{words[: most - 3]}..."


def commit(words: str) -> str:
    """Eight digits of a commit, and a plus when the notebook differed from it."""
    digits, plus, _ = words.partition("+")
    return digits[:8] + plus


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str | int | float | bool | None):
        return str(value)
    return value
