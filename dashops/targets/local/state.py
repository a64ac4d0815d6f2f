"""The slots as people want to see them: state, memory, uptime; it changes nothing."""

import os
import time
from collections.abc import Iterator

from dashops.plan import Step
from dashops.stack import Stack
from dashops.targets import Slot
from dashops.targets.local import health
from dashops.targets.local.facts import SLOTS, Facts


def slots(stack: Stack, facts: Facts) -> Iterator[Slot]:
    """Every slot, in the order a request passes them backwards."""
    for name in SLOTS:
        process = facts.slots.get(name)
        url = stack.url(name)
        if process is None and facts.leftovers:
            # Its supervisor died; it may answer, and nobody watches it.
            yield Slot(name, "failing", url)
        elif process is None or process.state in ("STOPPED", "STOPPING"):
            yield Slot(name, "stopped", url)
        elif not process.pid:
            yield Slot(name, "failing", url)
        else:
            yield Slot(
                name,
                "healthy" if health.healthy(stack, name) else "starting",
                url,
                process.pid,
                _memory(process.pid),
                max(0, round(time.time() - process.since)),
            )


def reach(stack: Stack) -> None:
    """Nothing: the slots are on this machine."""


def url(stack: Stack, slot: str) -> str:
    """Where a slot answers."""
    return stack.url(slot)


def owners(stack: Stack) -> tuple[int, ...]:  # noqa: ARG001
    """Whose the files are: those of who brings the stack up."""
    return (os.geteuid(),)


def purge(stack: Stack, facts: Facts) -> Iterator[Step]:  # noqa: ARG001
    """Nothing: all is in the state folder."""
    return iter(())


def hosts(stack: Stack) -> list[str]:  # noqa: ARG001
    """Where the checks run: this machine."""
    return ["local://"]


def _memory(pid: int) -> int | None:
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return None
    total = 0
    for each in family:
        try:
            total += each.memory_info().rss
        except psutil.Error:
            continue
    return total
