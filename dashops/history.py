"""What was done to a stack: who, when, what, and the renders that ran; it applies nothing."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from dashops import __version__, lock, secrets
from dashops.errors import DashopsError
from dashops.plan import Plan
from dashops.stack import Stack

Verb = Literal["up", "down", "revert", "restart"]
Result = Literal["running", "done", "failed", "interrupted"]

FOLDER, LOG, RENDERS = "history", "log.jsonl", "renders"

# Renders that ran to keep for a way back, and lines of the log.
GOOD, LINES = 10, 2000


@dataclass(frozen=True)
class Entry:
    """One `up`, `down`, `revert` or `restart` that had something to do; `number` counts from 1.

    `digest` names its render, empty for `down` and `restart`. `changes` are files, `steps` as a
    plan says them. `seconds` is None while it runs, and when nobody was left to say how long it
    took.
    """

    number: int
    verb: Verb
    when: datetime
    user: str
    host: str
    reason: str
    dashops: str
    digest: str
    changes: tuple[str, ...]
    steps: tuple[str, ...]
    result: Result = "running"
    message: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Render:
    """What an `up` applied: the settings it was made of, as JSON, and the rendered files."""

    settings: Mapping[str, Any]
    files: Mapping[str, str]


@contextlib.contextmanager
def recorded(
    stack: Stack, verb: Verb, plan: Plan, reason: str = "", render: str = ""
) -> Iterator[Entry]:
    """Write down what begins, and how it ended; `render` is the digest of what it applies."""
    room, began = stack.state_dir / FOLDER, time.monotonic()
    secrets.make_folder(room)
    past = entries(stack.state_dir)
    entry = Entry(
        number=past[-1].number + 1 if past else 1,
        verb=verb,
        when=datetime.now(UTC),
        user=lock.who(),
        host=socket.gethostname(),
        reason=reason,
        dashops=__version__,
        digest=render,
        changes=tuple(f"{each.kind} {each.path}" for each in plan.changes),
        steps=tuple(
            f"{step.slot}: {step.action} ({step.reason})" for step in (*plan.steps, *plan.tidy)
        ),
    )
    _append(room / LOG, asdict(entry))

    def ended(result: Result, message: str = "") -> None:
        seconds = round(time.monotonic() - began, 1)
        end = {"result": result, "message": message, "seconds": seconds}
        _append(room / LOG, {"number": entry.number, **end})

    try:
        yield entry
    except BaseException as error:
        # What went wrong is the error, and not that it could not be written down.
        with contextlib.suppress(DashopsError):
            ended("interrupted" if isinstance(error, KeyboardInterrupt) else "failed", str(error))
        raise
    ended("done")


def entries(state_dir: Path) -> Sequence[Entry]:
    """All that is recorded, oldest first; what did not end though nobody works is interrupted."""
    found: dict[int, Entry] = {}
    for told in _lines(state_dir / FOLDER / LOG):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            number = int(told["number"])
            if number in found:
                end = {key: told[key] for key in ("result", "message", "seconds")}
                found[number] = replace(found[number], **end)
            else:
                found[number] = _entry(told)
    newest = max(found, default=0)
    working = newest and found[newest].result == "running" and lock.holder(state_dir) is not None
    return [
        replace(entry, result="interrupted")
        if entry.result == "running" and not (working and number == newest)
        else entry
        for number, entry in sorted(found.items())
    ]


def keep(stack: Stack, digest: str, files: Mapping[str, str]) -> None:
    """Keep what is about to be applied, and of those before the newest that ran."""
    room = stack.state_dir / FOLDER / RENDERS
    secrets.make_folder(room.parent)
    secrets.make_folder(room)
    render = {"settings": stack.model_dump(mode="json"), "files": dict(files)}
    secrets.write(room / f"{digest}.json", json.dumps(render))
    ran = [each.digest for each in reversed(entries(stack.state_dir)) if each.result == "done"]
    wanted = {digest, *list(dict.fromkeys(filter(None, ran)))[:GOOD]}
    for path in room.glob("*.json"):
        if path.stem not in wanted:
            path.unlink(missing_ok=True)


def render(state_dir: Path, digest: str) -> Render | None:
    """The render of that digest; None when it is not kept any more."""
    try:
        text = (state_dir / FOLDER / RENDERS / f"{digest}.json").read_text(encoding="utf-8")
        return Render(**json.loads(text))
    except (OSError, ValueError, TypeError):
        return None


def _entry(told: Mapping[str, Any]) -> Entry:
    known = {each.name for each in fields(Entry)}
    values = {key: value for key, value in told.items() if key in known}
    values |= {"when": datetime.fromisoformat(told["when"])}
    values |= {key: tuple(told[key]) for key in ("changes", "steps")}
    return Entry(**values)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        # The last one is half of a line when its writer was killed.
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict):
                yield told


def _append(path: Path, told: Mapping[str, Any]) -> None:
    line = json.dumps(told, default=datetime.isoformat, ensure_ascii=False)
    try:
        old = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        if old.count("\n") >= LINES:
            secrets.write(path, "".join(old.splitlines(keepends=True)[-LINES // 2 :]))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8") as file:
            # What a killed writer left of a line stays a line of its own.
            file.write(("\n" if old and not old.endswith("\n") else "") + line + "\n")
    except OSError as error:
        raise secrets.unwritable(path, error) from error
