"""How a revision opens, from what its author asked for and what was found in its kernel; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashops import bundle as bundles

SNAPSHOT, WARM, FRESH = "snapshot", "warm", "fresh"
UNDECIDED = ""
VIEWER = "viewer"  # the kind of hazard that makes a run good for one viewer only
ASKED = "the notebook asks for it"


@dataclass(frozen=True)
class Hazard:
    """Why a kernel that ran a notebook is not to be forked; ``text`` is for the author."""

    kind: str
    text: str


@dataclass(frozen=True)
class Mode:
    """``name`` is snapshot, warm or fresh, or empty as long as nobody knows; why, in sentences."""

    name: str = UNDECIDED
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As its author reads it."""
        return bundles.opens(self.name, self.reasons)

    def answer(self) -> dict[str, Any]:
        """As the API has it."""
        return {"mode": self.name, "reasons": list(self.reasons)}


def decide(asked: str | None, hazards: Sequence[Hazard], *, frozen: bool) -> Mode:
    """The mode of a revision whose kernel was frozen, or was not because of these hazards."""
    texts = tuple(each.text for each in hazards)
    if frozen:
        return Mode(SNAPSHOT, (f"{ASKED}, though {', '.join(texts)}",) if texts else ())
    if asked in (WARM, FRESH):
        return Mode(asked, (ASKED,))
    reading = tuple(each.text for each in hazards if each.kind == VIEWER)
    return Mode(FRESH, reading) if reading else Mode(WARM, texts)


def current(mode: Mode, *, snapshots: bool, warm: bool) -> Mode:
    """What becomes of a mode where the operator wants no snapshots or no warm kernels."""
    if mode.name in (SNAPSHOT, UNDECIDED) and not snapshots:
        mode = Mode(WARM, ("snapshots are switched off by `dashboard.snapshots`",))
    if mode.name == WARM and not warm:
        off = "warm kernels are switched off by `dashboard.warm_kernels`"
        mode = Mode(FRESH, (*mode.reasons, off))
    return mode
