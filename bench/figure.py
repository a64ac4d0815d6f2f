"""A measured figure beside its peer and its goal, and taking turns to measure both; pure."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Goal:
    """At most `limit`: of the peer's median for a `ratio`, in the figure's unit for a `value`.

    An `excess` is what comes on top of the peer's median, in the unit.
    """

    kind: Literal["ratio", "value", "excess"]
    limit: float

    def text(self, unit: str) -> str:
        """The goal as a person reads it."""
        most = f"{self.limit:g} {'x' if self.kind == 'ratio' else unit}"
        return f"<= peer + {most}" if self.kind == "excess" else f"<= {most}"


@dataclass(frozen=True)
class Figure:
    """What was measured: samples of dashops and of the peer in `unit`, taken in turns.

    `details` are further medians by name, in the same unit.
    """

    name: str
    title: str
    unit: Literal["s", "ms", "%"]
    ours: tuple[float, ...]
    peer: str
    theirs: tuple[float, ...]
    goal: Goal
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The median of dashops."""
        return statistics.median(self.ours)

    @property
    def peer_median(self) -> float:
        """The median of the peer."""
        return statistics.median(self.theirs)

    @property
    def ratio(self) -> float:
        """The median of dashops as a multiple of the peer's."""
        return self.median / self.peer_median if self.peer_median else float("inf")

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        measured = {
            "ratio": self.ratio,
            "value": self.median,
            "excess": self.median - self.peer_median,
        }
        return measured[self.goal.kind] <= self.goal.limit


@dataclass(frozen=True)
class Failed:
    """A figure that could not be measured, and why."""

    name: str
    title: str
    reason: str


def turns(
    runs: int, ours: Callable[[], float], theirs: Callable[[], float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Samples of both, A B A B …, so that a busy moment of the machine meets both alike."""
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return tuple(our for our, _ in pairs), tuple(their for _, their in pairs)
