"""Measures one cell after the other: bursts in turns, then what those inside cost."""

import contextlib
from collections.abc import Callable, Sequence

import psutil
from playwright.sync_api import Error

from bench.opening import page
from bench.opening.crowd import Crowd
from bench.opening.plan import Plan
from bench.opening.result import Cell, Memory, Opened, Run
from bench.opening.sides import Side
from bench.processes import Unmeasured


def notebook(
    run: Run, name: str, sides: Sequence[Side], plan: Plan, tell: Callable[[str], None]
) -> None:
    """All cells of one notebook, noted as they come."""
    cells: dict[tuple[str, int], Cell] = {}
    for size in plan.bursts:
        before = plan.bursts[plan.bursts.index(size) - 1]
        for side in sides:
            cell = cells[side.name, size] = Cell(name, side.name, size)
            run.cells.append(cell)
            if size > 1:
                free = psutil.virtual_memory().available
                mine = [each for (owner, _), each in cells.items() if owner == side.name]
                unique = max((each.memory.unique for each in mine if each.memory), default=0.0)
                cell.skipped = plan.too_much(cells[side.name, before], size, unique, free)
        tell(f"{name}: {size} at once")
        for turn in range(plan.runs):
            for side in sides:
                cell = cells[side.name, size]
                if not cell.skipped and (turn == 0 or sum(cell.took) < plan.share):
                    _burst(side, cell, plan, first=turn == 0)


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
        try:
            _use(side, cell, plan, crowd, before)
        except Unmeasured as error:
            cell.failures.append(str(error))


def _use(side: Side, cell: Cell, plan: Plan, crowd: Crowd, before: set[int]) -> None:
    """What those inside cost."""
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
