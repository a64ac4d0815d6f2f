"""The second `up` of containers, against Compose by hand with the same file and images."""

import time
from collections.abc import Sequence

from bench import processes
from bench.figure import Figure, Goal, turns
from bench.ground import Ground
from bench.stack import Stack
from dashops.run import run
from dashops.targets.compose import engine

TITLE = "second up of containers, until all slots are healthy"
RUNS = 5


def measure(ground: Ground, runs: int) -> Figure:
    """Seconds from the command to its end; no container is there before."""
    stack, compose = ground.running, engine.compose(run).argv
    stack.down()
    ours, theirs = turns(runs, stack.timed, lambda: _by_hand(stack, compose))
    stack.up()
    peer = "docker compose up --wait by hand"
    return Figure("containers", TITLE, "s", ours, peer, theirs, Goal("ratio", 1.2))


def _by_hand(stack: Stack, compose: Sequence[str]) -> float:
    file, words = stack.rendered("compose.yaml"), ("up", "--detach", "--no-build", "--wait")
    began = time.perf_counter()
    processes.command(*compose, "--file", file, *words)
    took = time.perf_counter() - began
    stack.down()
    return took
