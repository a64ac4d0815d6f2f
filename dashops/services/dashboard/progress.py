"""A deploy as those who follow it see it: what was sent, what happened, how it ended."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dashops import bundle as bundles

LINES = 5000  # of the log of one deploy; a build that prints more has lost its reader
PHASES = {
    "waiting": (0, 0),
    "environment": (5, 30),
    "execute": (30, 70),
    "verify": (70, 95),
    "activate": (95, 100),
}
"""Percent of a deploy at which each phase begins and ends, as far as one can know beforehand."""


class Report(Protocol):
    """Takes the phase, what happens in it, and how much of it is done, from 0 to 1."""

    def __call__(self, phase: str, text: str, part: float = 0) -> None: ...


@dataclass(frozen=True)
class Sender:
    """Who sent an upload: which token, whose it is if that is known, and from where."""

    token: str = ""
    person: str = ""
    address: str = ""


@dataclass(frozen=True)
class Upload:
    """What an author sent: ``address`` is the URL of the server as he sees it.

    ``author`` is what his git says, which nobody checks; ``sender`` is what his token says.
    """

    name: str
    bundle: bundles.Bundle
    author: str
    commit: str
    draft: bool
    address: str
    sender: Sender = Sender()


@dataclass(frozen=True)
class Outcome:
    """How a deploy ended, as the API answers it; ``state`` is for the record of deploys."""

    status: int
    answer: Mapping[str, Any]
    state: str

    @property
    def revision(self) -> int | None:
        """The revision it made, if it made one."""
        found = self.answer.get("revision") or self.answer.get("failure", {}).get("revision")
        return found if isinstance(found, int) else None


@dataclass
class Running:
    """A deploy and what it has said so far; ``events`` are (kind, data)."""

    id: str
    name: str
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    outcome: Outcome | None = None
    phase: str = "waiting"
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def report(self, phase: str, text: str, part: float = 0) -> None:
        """Note that a phase began or got further; ``part`` of it (0 to 1) is done."""
        self.phase = phase
        begin, end = PHASES[phase]
        percent = round(begin + part * (end - begin))
        self._add("phase", {"phase": phase, "percent": percent, "text": text})

    def line(self, text: str) -> None:
        """Note a line of the log of the phase."""
        if len(self.events) < LINES:
            self._add("log", {"line": text})

    def end(self, outcome: Outcome) -> None:
        """Note how it ended; nothing comes after it."""
        self.outcome = outcome
        self._add("end", {"status": outcome.status, "answer": outcome.answer})

    async def follow(self, after: int = 0) -> AsyncIterator[tuple[int, str, Mapping[str, Any]]]:
        """Every event with its number (from 1), the past ones at once, until the end."""
        while True:
            news = self._news
            for number, (kind, data) in enumerate(self.events[after:], start=after + 1):
                yield number, kind, data
                after = number
            if self.outcome and after >= len(self.events):
                return
            await news.wait()

    async def ended(self) -> Outcome:
        """Wait for the end."""
        async for _ in self.follow(len(self.events)):
            pass
        assert self.outcome is not None
        return self.outcome

    def _add(self, kind: str, data: Mapping[str, Any]) -> None:
        self.events.append((kind, data))
        self._news.set()
        self._news = asyncio.Event()
