"""Measures one cell after the other: bursts in turns, then what those inside cost."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil
from playwright.sync_api import Error

from bench.opening import page
from bench.opening.crowd import Crowd
from bench.opening.result import Cell, Memory, Opened
from bench.opening.sides import Side
from bench.processes import Unmeasured

ROOM = 0.7
"""Of the memory that is free, what a burst may take: more would measure the machine's death."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    bursts: tuple[int, ...] = (1, 5, 20, 50)
    runs: int = 5
    share: float = 25.0
    """Seconds of bursts after which a cell has enough of them; one is always taken."""
    longest: float = 75.0
    """Seconds a burst may be expected to take; one that takes longer is skipped and said so."""
    moving: float = 8.0
    """Seconds that sliders are moved."""
    pause: float = 1.0
    """Seconds between two moves of one viewer."""
    looking: float = 10.0
    """Seconds in which viewers only look."""
    memory: int = 5
    idle: int = 20
    """How many viewers are inside when memory and idling are measured."""


QUICK = Plan(bursts=(1, 5), runs=2, share=10, longest=40, moving=2, looking=3, memory=5, idle=5)


def notebook(
    name: str, sides: Sequence[Side], plan: Plan, tell: Callable[[str], None]
) -> list[Cell]:
    """All cells of one notebook."""
    cells: dict[tuple[str, int], Cell] = {}
    for size in plan.bursts:
        before = plan.bursts[plan.bursts.index(size) - 1]
        for side in sides:
            cell = cells[side.name, size] = Cell(name, side.name, size)
            if size > 1:
                cell.skipped = _too_much(side, cells[side.name, before], cells, size, plan)
        tell(f"{name}: {size} at once")
        for run in range(plan.runs):
            for side in sides:
                cell = cells[side.name, size]
                if not cell.skipped and (run == 0 or sum(cell.took) < plan.share):
                    _burst(side, cell, plan, first=run == 0)
    return list(cells.values())


def _too_much(
    side: Side, last: Cell, cells: dict[tuple[str, int], Cell], size: int, plan: Plan
) -> str:
    """Why a burst of this size is not tried; nothing when it is."""
    if last.skipped or not last.took:
        return last.skipped or "the smaller burst failed"
    seconds = min(last.took) * size / last.viewers
    if seconds > plan.longest and last.viewers > 1:
        return f"would take about {seconds:.0f} s"
    known = [
        each.memory.unique for each in cells.values() if each.side == side.name and each.memory
    ]
    needed, free = size * max(known, default=0.0), psutil.virtual_memory().available
    if needed > ROOM * free:
        return f"would take {needed / 2**30:.0f} GB of memory, {free / 2**30:.0f} GB are free"
    return ""


def _burst(side: Side, cell: Cell, plan: Plan, *, first: bool) -> None:
    """All come at the same moment, one of them with a browser; the first ones are also used."""
    side.rest()
    before = {each.pid for each in side.kernels()}
    with Crowd(side.url, side.cookies) as crowd, contextlib.ExitStack() as held:
        coming = crowd.come(cell.viewers - 1)
        seen, opened = None, None
        try:
            seen, opened = page.enter(side)
            held.callback(page.leave, seen)
        except (Unmeasured, Error) as error:
            cell.failures.append(f"the browser: {error}".splitlines()[0])
        _note(cell, coming.result(), opened)
        if cell.viewers == 1 and seen:
            # Alone too: what a viewer without a browser needs, to compare with the bursts.
            held.close()
            side.rest()
            _note(cell, crowd.come(1).result(), None)
        if not first or cell.failures:
            return
        if cell.viewers in (1, max(plan.bursts)):
            pause = plan.pause if cell.viewers > 1 else plan.pause / 10
            cell.moves = crowd.move(plan.moving, pause)
        if cell.viewers == plan.memory:
            side.calm()  # a pool that is being refilled
            cell.memory = _memory(side, before, cell.viewers)
        if cell.viewers == plan.idle:
            side.calm()
            cell.idle = side.used(plan.looking)


def _note(cell: Cell, came: Sequence[Opened | str], by_browser: Opened | None) -> None:
    clients = [each for each in came if isinstance(each, Opened)]
    cell.failures += [each for each in came if isinstance(each, str)]
    cell.clients += clients
    if by_browser:
        cell.pages.append(by_browser)
    if clients:
        cell.bursts.append(sorted(each.usable for each in clients))
    took = [each.usable for each in (*clients, *([by_browser] if by_browser else []))]
    if took:
        cell.took.append(max(took))


def _memory(side: Side, before: set[int], viewers: int) -> Memory:
    """What the processes that came with the viewers have; also those of a pool that is refilled."""
    unique = proportional = 0.0
    for each in side.kernels():
        if each.pid not in before:
            with contextlib.suppress(psutil.NoSuchProcess):
                full = each.memory_full_info()
                unique, proportional = unique + full.uss, proportional + full.pss
    return Memory(unique / viewers, proportional / viewers, viewers)
