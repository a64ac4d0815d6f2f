"""What the gate found; it holds no way of finding it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashops.services.dashboard import serving, store


@dataclass(frozen=True)
class Verdict:
    """``failure`` is ``None`` when viewers may get the revision; ``thumbnail`` is a PNG.

    A failure is ``{"phase", "revision", "message", "cell", "source", "traceback"}``, cells
    counted from 1. ``warnings`` are sentences for the author. ``mode`` is how it opens; with a
    snapshot that can serve at once it is in ``made``, which whoever gets this has to end or use.
    """

    failure: Mapping[str, Any] | None
    warnings: tuple[str, ...] = ()
    thumbnail: bytes | None = None
    mode: serving.Mode = field(default_factory=serving.Mode)
    made: serving.Made | None = None


class Unfit(Exception):
    """Why a revision may not be shown; ``cell`` counts from 1, 0 when it is no single one."""

    def __init__(
        self, phase: str, message: str, cell: int = 0, source: str = "", traceback: str = ""
    ) -> None:
        super().__init__(message)
        self.phase = phase
        self.cell = cell
        self.source = source
        self.traceback = traceback

    def report(self, revision: store.Revision) -> dict[str, Any]:
        """As the author gets it."""
        return {
            "phase": self.phase,
            "revision": revision.number,
            "message": str(self),
            "cell": self.cell or None,
            "source": self.source,
            "traceback": self.traceback,
        }


def at(cells: Sequence[Any], number: int, message: str, traceback: str = "") -> Unfit:
    """A failure of one cell, found when the page was looked at."""
    source = cells[number - 1].source if 0 < number <= len(cells) else ""
    return Unfit("verify", message, number, source, traceback)
