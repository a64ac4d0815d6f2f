"""How `dashops top` prints: a table that fits its terminal, once or again and again."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

from dashops import client, publish
from dashops.errors import DashopsError
from dashops.view import text
from dashops.view.text import as_json, as_text, say

Look = Callable[[], publish.Top]
Column = tuple[str, Callable[[client.usage.Dashboard], str]]

COLUMNS: tuple[Column, ...] = (
    ("dashboard", lambda each: each.name),
    ("rev", lambda each: str(each.revision or "-")),
    ("mode", lambda each: each.mode or "-"),
    ("viewers", lambda each: str(each.viewers)),
    ("waiting", lambda each: str(each.waiting)),
    ("kernels", lambda each: str(each.kernels)),
    ("own", lambda each: text.size(each.own)),
    ("each", lambda each: _size(each.own_each)),
    ("shared", lambda each: text.size(each.shared)),
    ("fork", lambda each: _time(each.fork)),
    ("open", lambda each: _time(each.open_p50)),
    ("p95", lambda each: _time(each.open_p95)),
)
SPARED = ("rev", "kernels", "mode", "p95", "fork", "each", "waiting", "open", "shared", "own")
"""Which columns a narrow terminal does without, these first."""

# The screen that full-screen programs use: what was there before is there again at the end.
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
HOME, TO_END_OF_LINE, TO_END = "\x1b[H", "\x1b[K", "\x1b[J"


@as_text.register
def _(value: publish.Top) -> None:
    say(*lines(value, shutil.get_terminal_size().columns if sys.stdout.isatty() else None))


@as_json.register
def _(value: publish.Top) -> None:
    text.document({"server": value.server, **asdict(value.usage)})


def watched() -> bool:
    """Whether somebody looks at a terminal that can be drawn on."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def watch(look: Look, every: float) -> None:
    """Draw it every so many seconds until Ctrl-C; raises what the first look does."""
    found, problem = look(), ""
    write = sys.stdout.write
    write(ENTER)
    try:
        while True:
            size = shutil.get_terminal_size()
            drawn = lines(found, size.columns, size.lines - 1)
            last = problem or f"every {every:g} s, Ctrl-C ends"
            drawn = [*drawn, text.paint(text.short(last, size.columns - 1), "dim")]
            write(HOME + "\n".join(f"{line}{TO_END_OF_LINE}" for line in drawn) + TO_END)
            sys.stdout.flush()
            time.sleep(every)
            try:
                found, problem = look(), ""
            except DashopsError as error:
                # It may only be restarted.
                problem = error.message
    except KeyboardInterrupt:
        pass  # the way to end it
    finally:
        write(LEAVE)
        as_text(found)


def lines(value: publish.Top, width: int | None, height: int | None = None) -> list[str]:
    """The text in so many columns and lines, or in as many as it takes."""
    usage = value.usage
    head = [
        f"{usage.viewers} viewers, {usage.waiting} waiting at {value.server}",
        *map(_gateway, usage.gateways),
        "",
    ]
    busiest = sorted(usage.dashboards, key=lambda each: (-each.viewers, -each.waiting, each.name))
    rows = _fitting(busiest, width) if busiest else ["no dashboards"]
    if height is not None and len(head) + len(rows) > height:
        room = max(1, height - len(head) - 1)
        rows = [*rows[:room], f"and {len(rows) - room} more"]
    # One cell a line is left free, or some terminals wrap.
    return [each if width is None else each[: width - 1] for each in (*head, *rows)]


def _fitting(dashboards: Sequence[client.usage.Dashboard], width: int | None) -> list[str]:
    columns = COLUMNS
    for spared in ("", *SPARED):
        columns = tuple(each for each in columns if each[0] != spared)
        rows = [tuple(cell(each) for _, cell in columns) for each in dashboards]
        drawn = text.table([title for title, _ in columns], rows)
        if width is None or max(map(len, drawn)) < width:
            break
    return drawn


def _gateway(gateway: client.usage.Gateway) -> str:
    if gateway.available is None or gateway.limit is None:
        return f"{gateway.url}: does not answer"
    free, limit = text.size(gateway.available), text.size(gateway.limit)
    return f"{gateway.url}: {gateway.kernels} kernels, {free} of {limit} free"


def _size(count: int | None) -> str:
    return "-" if count is None else text.size(count)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
