"""A rollback, against the HTTP request of the same server that does nothing."""

import itertools
import time

from bench import notebooks
from bench.figure import Figure, Goal, turns
from bench.figures import deploy
from bench.ground import Ground
from bench.processes import Unmeasured
from bench.stack import Stack

TITLE = "rollback, until new visits get the old revision"
RUNS = 15


def measure(ground: Ground, runs: int) -> Figure:
    """Seconds; back and forth between two revisions."""
    stack = ground.running
    notebook = notebooks.slider(ground.folder)
    deploy.deploy(stack, notebook), deploy.deploy(stack, notebook)
    newest = stack.api("GET", "notebooks/deployed").json()["revision"]
    wanted = itertools.cycle((newest - 1, newest))
    ours, theirs = turns(runs, lambda: back(stack, next(wanted)), lambda: nothing(stack))
    return Figure("rollback", TITLE, "s", ours, "GET /healthz", theirs, Goal("value", 0.5))


def back(stack: Stack, number: int) -> float:
    """Seconds of one rollback to that revision."""
    began = time.perf_counter()
    stack.api("POST", "notebooks/deployed/rollback", json={"revision": number})
    shown = stack.api("GET", "notebooks/deployed").json()["revision"]
    took = time.perf_counter() - began
    if shown != number:
        raise Unmeasured(f"revision {shown} is shown, not {number}")
    return took


def nothing(stack: Stack) -> float:
    """Seconds of two requests that change nothing."""
    began = time.perf_counter()
    stack.api("GET", "../healthz"), stack.api("GET", "../healthz")
    return time.perf_counter() - began
