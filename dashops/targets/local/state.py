"""The slots as people want to see them: state, memory, uptime; it changes nothing."""

import time
from collections.abc import Iterator

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
