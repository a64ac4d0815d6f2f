"""How long `dashops --help` takes; the peer's own help shows what a Jupyter tool costs."""

import time
from pathlib import Path

from bench import processes
from bench.figure import Figure, Goal, turns
from bench.ground import Ground
from bench.stack import PROGRAM

TITLE = "dashops --help"
RUNS = 9


def measure(ground: Ground, runs: int) -> Figure:
    """Seconds from start to exit."""
    peer = ground.peer / "bin" / "voila"
    _seconds(PROGRAM)
    _seconds(peer)
    ours, theirs = turns(runs, lambda: _seconds(PROGRAM), lambda: _seconds(peer))
    return Figure("help", TITLE, "s", ours, "voila --help", theirs, Goal("value", 0.25))


def _seconds(program: Path) -> float:
    began = time.perf_counter()
    processes.command(program, "--help")
    return time.perf_counter() - began
