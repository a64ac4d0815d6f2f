"""The second `up` of containers, against Compose by hand with the same file and images."""

import os
import subprocess
import time
from pathlib import Path

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
    stack = ground.running
    stack.down()
    ours, theirs = turns(runs, lambda: _up(stack), lambda: _by_hand(stack))
    stack.up()
    peer = "docker compose up --wait by hand"
    return Figure("containers", TITLE, "s", ours, peer, theirs, Goal("ratio", 1.2))


def _up(stack: Stack) -> float:
    began = time.perf_counter()
    stack.up()
    took = time.perf_counter() - began
    stack.down()
    return took


def _by_hand(stack: Stack) -> float:
    began = time.perf_counter()
    _compose(stack.rendered("compose.yaml"), "up", "--detach", "--no-build", "--wait")
    took = time.perf_counter() - began
    stack.down()
    return took


def _compose(file: Path, *words: str) -> None:
    found = engine.compose(run)
    changed = {name: value for name, value in found.env.items() if value is not None}
    argv = [*found.argv, "--file", str(file), *words]
    done = subprocess.run(
        argv, env={**os.environ, **changed}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise processes.Unmeasured(f"`{' '.join(argv)}` failed: {done.stderr[-2000:]}")
