"""The logs of the containers, line by line; it changes nothing."""

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from dashops.errors import SpecError
from dashops.stack import Stack
from dashops.targets import Line
from dashops.targets.compose import engine
from dashops.targets.compose.facts import SLOTS, mine


def logs(stack: Stack, slots: Sequence[str], last: int) -> Iterator[Line]:
    """The last lines of each container of the named slots, or of all."""
    with engine.connected(stack) as client:
        for slot, ident in _containers(client, stack, slots):
            text = client.api.logs(ident, tail=last).decode(errors="replace")
            yield from (Line(slot, line) for line in text.splitlines())


def follow(stack: Stack, slots: Sequence[str], last: int) -> Iterator[Line]:
    """The same, and then every new line, until the containers are gone."""
    lines: queue.Queue[Line | None] = queue.Queue()

    def read(client: Any, slot: str, ident: str) -> None:
        rest = b""
        for piece in client.api.logs(ident, tail=last, follow=True, stream=True):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                lines.put(Line(slot, line.decode(errors="replace").rstrip("\r")))
        lines.put(None)

    with engine.connected(stack) as client:
        found = _containers(client, stack, slots)
        for each in found:
            threading.Thread(target=read, args=(client, *each), daemon=True).start()
        left = len(found)
        while left:
            line = lines.get()
            if line is None:
                left -= 1
            else:
                yield line


def _containers(client: Any, stack: Stack, slots: Sequence[str]) -> list[tuple[str, str]]:
    for slot in slots:
        if slot not in SLOTS:
            raise SpecError(f"unknown slot `{slot}`", hint=f"choose one of: {', '.join(SLOTS)}")
    found = [
        (each["Labels"].get("dashops.slot", ""), each["Id"])
        for each in client.api.containers(all=True, filters=mine(stack))
    ]
    return sorted(each for each in found if each[0] in (slots or SLOTS))
