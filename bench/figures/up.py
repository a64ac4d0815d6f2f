"""The second `up`, against each slot started by hand with the same files and environment."""

import configparser
import contextlib
import os
import shlex
import statistics
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
from supervisor.datatypes import dict_of_key_value_pairs

from bench import processes
from bench.figure import Figure, Goal
from bench.ground import Ground
from bench.stack import SLOTS, Stack

TITLE = "second up, until all slots are healthy"
RUNS = 5

# The dashboard server is ready only with a gateway, and there is none when it is started alone.
HEALTH = {
    "gateway": ("/api", "gateway-token"),
    "dashboard": ("/healthz", ""),
    "notebook": ("/api/status", "notebook-token"),
}


def measure(ground: Ground, runs: int) -> Figure:
    """Seconds from the command to the moment when all answer, or one alone does."""
    stack = ground.stack
    ours: list[float] = []
    alone: dict[str, list[float]] = {slot: [] for slot in SLOTS}
    together: list[float] = []
    stock: list[float] = []
    lab = ground.lab
    for _ in range(runs):
        ours.append(stack.timed())
        for slot in SLOTS:
            alone[slot].append(_by_hand(stack, (slot,), ground.folder))
        together.append(_by_hand(stack, SLOTS, ground.folder))
        stock.append(_stock(stack, lab, ground.folder / "lab.log"))
    medians = {slot: statistics.median(samples) for slot, samples in alone.items()}
    slowest = max(medians, key=lambda slot: medians[slot])
    return Figure(
        "up",
        TITLE,
        "s",
        tuple(ours),
        f"the {slowest} slot, slowest of three started by hand",
        tuple(alone[slowest]),
        Goal("ratio", 1.2),
        {
            **{f"{slot} by hand": median for slot, median in medians.items()},
            "all three by hand at once": statistics.median(together),
            "JupyterLab by hand, as uv installs it": statistics.median(stock),
        },
    )


def _by_hand(stack: Stack, slots: Sequence[str], logs: Path) -> float:
    with contextlib.ExitStack() as held:
        began = time.perf_counter()
        started = [
            (slot, held.enter_context(_started(stack, slot, logs / f"{slot}.log")))
            for slot in slots
        ]
        for slot, process in started:
            page, secret = HEALTH[slot]
            headers = {"Authorization": f"token {stack.secret(secret)}"} if secret else {}
            processes.wait_for(stack.ports[slot], page, headers, process)
        return time.perf_counter() - began


def _stock(stack: Stack, lab: Path, log: Path) -> float:
    """JupyterLab from an environment that nobody has slimmed, with the rendered settings."""
    argv = (lab / "bin" / "jupyter-lab", f"--config={stack.rendered('notebook/lab.py')}")
    began = time.perf_counter()
    with processes.server(argv, log, {}, stack.folder) as process:
        page, secret = HEALTH["notebook"]
        headers = {"Authorization": f"token {stack.secret(secret)}"}
        processes.wait_for(stack.ports["notebook"], page, headers, process)
        return time.perf_counter() - began


def _started(stack: Stack, slot: str, log: Path) -> AbstractContextManager[psutil.Process]:
    # Only what the supervisor reads says how a slot is started.
    conf = configparser.RawConfigParser()
    conf.read(stack.rendered(f"slots/{slot}.conf"))
    program = conf[f"program:{slot}"]
    path = os.environ.get("PATH", "")
    env = dict_of_key_value_pairs(program["environment"].replace("%(ENV_PATH)s", path))
    return processes.server(shlex.split(program["command"]), log, env, Path(program["directory"]))
