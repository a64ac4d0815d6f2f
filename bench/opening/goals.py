"""What dashops wants to reach, and whether a run shows it; pure."""

import statistics
from dataclasses import dataclass

from bench.opening.result import DASHOPS, Run, percentile

OVER_OWN = 0.25
"""Seconds that a viewer may wait after the page could have loaded by itself."""
UNIQUE = 40 * 2**20
"""Bytes that are one viewer's alone, on the heavy notebook."""
CROWDED = 2.0
"""How many times longer a move may take in a crowd than alone."""


@dataclass(frozen=True)
class Judged:
    """A goal beside what was found."""

    goal: str
    limit: str
    found: str
    met: bool


def judge(run: Run) -> list[Judged]:
    """All goals; what was not measured is not met."""
    names = list(run.bare)
    opened = [_opening(run, name) for name in names]
    memory = [_memory(run)] if "heavy" in names else []
    return [*opened, *memory, *(_moving(run, name) for name in names)]


def _opening(run: Run, notebook: str) -> Judged:
    limit = statistics.median(run.own) + OVER_OWN
    found, met = [], True
    for size in run.bursts:
        cell = run.cell(notebook, DASHOPS, size)
        if cell and cell.pages and not cell.failures:
            seconds = percentile([each.usable for each in cell.pages], 50)
            found.append(f"{size}: {seconds:.2f} s")
            met = met and seconds <= limit
        else:
            found.append(f"{size}: not measured")
            met = False
    goal = f"{notebook}: first widget usable, by viewers at once, p50"
    return Judged(goal, f"own load + {OVER_OWN} s = {limit:.2f} s", ", ".join(found), met)


def _memory(run: Run) -> Judged:
    goal, limit = "heavy: unique memory a viewer", f"{UNIQUE / 2**20:.0f} MiB"
    cells = [each for each in run.cells if (each.notebook, each.side) == ("heavy", DASHOPS)]
    memory = next((each.memory for each in cells if each.memory), None)
    if memory is None:
        return Judged(goal, limit, "not measured", met=False)
    return Judged(goal, limit, f"{memory.unique / 2**20:.0f} MiB", memory.unique <= UNIQUE)


def _moving(run: Run, notebook: str) -> Judged:
    crowd = max(run.bursts)
    goal = f"{notebook}: slider to label, p95, {crowd} viewers against one"
    limit = f"{CROWDED:g} x"
    alone, crowded = (run.cell(notebook, DASHOPS, size) for size in (1, crowd))
    if not (alone and crowded and alone.moves and crowded.moves):
        return Judged(goal, limit, "not measured", met=False)
    one, many = percentile(alone.moves, 95), percentile(crowded.moves, 95)
    found = f"{1000 * many:.1f} ms / {1000 * one:.1f} ms = {many / one:.1f} x"
    return Judged(goal, limit, found, many <= CROWDED * one)
