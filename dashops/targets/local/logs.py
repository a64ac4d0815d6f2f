"""The log files of the slots, line by line; it changes nothing."""

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from dashops.errors import SpecError
from dashops.stack import Stack
from dashops.targets import Line
from dashops.targets.local.facts import SLOTS

NAMES = (*SLOTS, "supervisor")

# Seconds between two looks at a log that is followed.
POLL = 0.2


def log(state_dir: Path, slot: str) -> Path:
    """Where a slot, or the supervisor, writes its log."""
    return state_dir / "logs" / f"{slot}.log"


def logs(stack: Stack, slots: Sequence[str], last: int) -> Iterator[Line]:
    """The last lines of each named slot, or of all; SpecError when a name is no slot."""
    for slot, path in _paths(stack, slots).items():
        if path.is_file():
            with path.open(errors="replace") as file:
                for text in deque(file, maxlen=last):
                    yield Line(slot, text.rstrip("\n"))


def follow(stack: Stack, slots: Sequence[str], last: int) -> Iterator[Line]:
    """The same, and then every new line, without an end. A file that is rotated is followed on."""
    paths = _paths(stack, slots)
    files: dict[str, TextIO] = {}
    try:
        while True:
            for slot, path in paths.items():
                if slot not in files and path.is_file():
                    files[slot] = path.open(errors="replace")
                    for text in deque(_whole(files[slot]), maxlen=last):
                        yield Line(slot, text)
            for slot, file in list(files.items()):
                for text in _whole(file):
                    yield Line(slot, text)
                if not _same(file, paths[slot]):
                    file.close()
                    del files[slot]
            time.sleep(POLL)
    finally:
        # Whoever reads stops by closing the generator.
        for file in files.values():
            file.close()


def _paths(stack: Stack, slots: Sequence[str]) -> dict[str, Path]:
    for slot in slots:
        if slot not in NAMES:
            raise SpecError(f"unknown slot `{slot}`", hint=f"choose one of: {', '.join(NAMES)}")
    return {slot: log(stack.state_dir, slot) for slot in slots or NAMES}


def _whole(file: TextIO) -> Iterator[str]:
    """The lines from here that are complete; the file stays before one that is not."""
    while True:
        here = file.tell()
        text = file.readline()
        if not text.endswith("\n"):
            file.seek(here)
            return
        yield text.removesuffix("\n")


def _same(file: TextIO, path: Path) -> bool:
    try:
        return os.fstat(file.fileno()).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False
