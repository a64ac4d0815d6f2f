"""What must change and why: files and steps compared with facts. Pure: no reads, no writes."""

import difflib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dashops.secrets import Secret

Kind = Literal["make", "install", "start", "restart", "stop", "remove"]
"""What a step does to what is there: only the last three take something away."""


@dataclass(frozen=True)
class Event:
    """One piece of progress of `subject` (a slot, a file, an upload) for whoever watches.

    `done` and `total` count whatever `text` says (bytes of an upload); `total` 0 is unknown.
    """

    subject: str
    state: Literal["start", "progress", "done", "failed", "note"]
    text: str
    done: float = 0
    total: float = 0


@dataclass(frozen=True)
class Change:
    """One file that differs from what the stack asks for; `diff` is a unified diff."""

    path: str
    kind: Literal["create", "update", "delete"]
    diff: str = ""


@dataclass(frozen=True)
class Trouble:
    """What a command may print when it fails, as a pattern, and what that means to people.

    In `message` and `hint` stands `\\1` for the first group; `where` is the setting that matters.
    """

    pattern: str
    message: str
    hint: str
    where: str = ""


@dataclass(frozen=True)
class Step:
    """One command and why it is needed. Steps of one slot run in order, slots side by side.

    `hint` is what to look at when it fails with none of its `troubles`; one that is `alone` runs
    beside no other, and one that `tells` has a last line of output for people. `ends` are the slots
    whose processes it ends, and `saw` names what it found in its place (a pid), empty for nothing.
    """

    slot: str
    kind: Kind
    action: str
    reason: str
    argv: tuple[str | Path, ...]
    env: Mapping[str, str | Secret | None] = field(default_factory=dict)
    hint: str = ""
    alone: bool = False
    ends: tuple[str, ...] = ()
    saw: str = ""
    tells: bool = False
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True)
class Loss:
    """What people lose when a slot ends, as its server says at this moment.

    `people` viewers, of `dashboards` dashboards, lose the state of their kernels; in the notebook
    slot `kernels` of authors end. None is what nobody could say, and `unknown` says why.
    """

    slot: str
    people: int | None = None
    dashboards: int | None = None
    kernels: int | None = None
    unknown: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything a verb would do: the files, then `steps`, and when all is healthy `tidy`.

    `losses` are of the slots that steps end, by slot. `notes` are sentences about the recipe that
    an operator should know, and nothing to do.
    """

    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    tidy: tuple[Step, ...] = ()
    losses: Mapping[str, Loss] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.changes or self.steps or self.tidy)


def digest(files: Mapping[str, str]) -> str:
    """A short hash of paths and texts; equal files, in any order, have equal digests."""
    total = hashlib.sha256()
    for path, text in sorted(files.items()):
        for part in (path.encode(), text.encode()):
            total.update(len(part).to_bytes(8) + part)
    return total.hexdigest()[:16]


def changes(have: Mapping[str, str], want: Mapping[str, str]) -> Iterator[Change]:
    """The files that must change for `have` to become `want`, by path."""
    for path in sorted({*have, *want}):
        old, new = have.get(path), want.get(path)
        if old == new:
            continue
        kind: Literal["create", "update", "delete"] = (
            "create" if old is None else "delete" if new is None else "update"
        )
        yield Change(path, kind, _diff(path, old or "", new or ""))


def _diff(path: str, old: str, new: str) -> str:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), path, path, lineterm="", n=2)
    return "\n".join(lines)
