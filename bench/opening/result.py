"""What a run found, as plain values; it measures and prints nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

DASHOPS, PLAIN, PREHEATED = "dashops", "Voilà", "Voilà, preheated"
SIDES = (DASHOPS, PLAIN, PREHEATED)
FORK = "bare fork"
POOL = 3
"""Kernels that preheated Voilà keeps ready."""


@dataclass(frozen=True)
class Opened:
    """One viewer's way in: seconds since he asked for the page."""

    first_byte: float
    ready: float
    """His kernel answered."""
    usable: float
    """He moved the slider and the label changed."""
    asked: float = 0.0
    """His page had started its programs and asked for its kernel; browsers only, as the next."""
    seen: float = 0.0
    """The slider could be seen."""


@dataclass(frozen=True)
class Memory:
    """Bytes of one viewer's processes, on average over `viewers` of them."""

    unique: float
    proportional: float
    viewers: int


@dataclass
class Cell:
    """What was measured of so many viewers at once on one side of one notebook."""

    notebook: str
    side: str
    viewers: int
    pages: list[Opened] = field(default_factory=list)
    """Real browsers, one in each burst."""
    clients: list[Opened] = field(default_factory=list)
    """The rest of the burst."""
    bursts: list[list[float]] = field(default_factory=list)
    """Seconds until the clients of each burst were answered, the quickest first."""
    moves: list[float] = field(default_factory=list)
    """Seconds from a moved slider to the changed label."""
    memory: Memory | None = None
    idle: float | None = None
    """Percent of a core used while all viewers look on."""
    took: list[float] = field(default_factory=list)
    """Seconds until the last viewer of each burst was in."""
    failures: list[str] = field(default_factory=list)
    skipped: str = ""
    """Why it was not measured."""


@dataclass
class Run:
    """All of it."""

    machine: str
    date: str
    revision: str
    versions: dict[str, str]
    bursts: list[int]
    quick: bool = False
    minutes: float = 0.0
    own: list[float] = field(default_factory=list)
    """Seconds the trivial page takes to load by itself, without a kernel."""
    asks: list[float] = field(default_factory=list)
    """Seconds until that page has also started its programs and asks for its kernel."""
    cells: list[Cell] = field(default_factory=list)
    bare: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of `jupyter execute` by notebook."""
    resting: dict[str, dict[str, float]] = field(default_factory=dict)
    """Bytes, proportional, of a side's processes while nobody looks: by notebook and side."""

    failed: dict[str, str] = field(default_factory=dict)
    """Why a notebook could not be measured to its end."""

    def cell(self, notebook: str, side: str, viewers: int) -> Cell | None:
        """What was measured there."""
        wanted = (notebook, side, viewers)
        found = (each for each in self.cells if (each.notebook, each.side, each.viewers) == wanted)
        return next(found, None)


def read(data: dict[str, Any]) -> Run:
    """A run from what `dataclasses.asdict` made of it."""
    cells = [
        Cell(
            **{
                **each,
                "pages": [Opened(**one) for one in each["pages"]],
                "clients": [Opened(**one) for one in each["clients"]],
                "memory": Memory(**each["memory"]) if each["memory"] else None,
            }
        )
        for each in data["cells"]
    ]
    return Run(**{**data, "cells": cells})


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that so many percent of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
