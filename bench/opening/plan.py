"""How much a run measures, and what is too much to try; pure."""

from dataclasses import dataclass

from bench.opening.result import Cell

ROOM = 0.7
"""Of the memory that is free, what a burst may take: more would measure the machine's death."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    bursts: tuple[int, ...] = (1, 5, 20, 50)
    runs: int = 5
    share: float = 25.0
    """Seconds of bursts after which a cell has enough of them; one is always taken."""
    longest: float = 60.0
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

    def too_much(self, last: Cell, viewers: int, unique: float, free: float) -> str:
        """Why a burst is not tried after a smaller one; nothing when it is.

        `unique` is a viewer's own memory as far as it is known, `free` the machine's.
        """
        if last.skipped or not last.took:
            return last.skipped or "the smaller burst failed"
        seconds = min(last.took) * viewers / last.viewers
        # One viewer says little about a burst: most of his time he waits.
        if seconds > self.longest and last.viewers > 1:
            return f"would take about {seconds:.0f} s"
        if (needed := unique * viewers) > ROOM * free:
            return f"would take {needed / 2**30:.0f} GiB of memory, {free / 2**30:.0f} are free"
        return ""


QUICK = Plan(bursts=(1, 5), runs=2, share=10, longest=40, moving=2, looking=3, memory=5, idle=5)
