"""A deploy of the trivial notebook, changed each time, against its own bare execution."""

import json
import subprocess
import time
from pathlib import Path

from bench import notebooks, voila
from bench.figure import Figure, Goal, turns
from bench.ground import Ground
from bench.processes import Unmeasured
from bench.stack import Stack

TITLE = "deploy the trivial notebook, from the upload to new visits"
RUNS = 7
EXECUTE = "from nbclient.cli import main; main()"


def measure(ground: Ground, runs: int) -> Figure:
    """Seconds; the environment is there, the gate's browser (where there is one) is warm."""
    stack = ground.running
    notebook = notebooks.slider(ground.folder)
    python = voila.slot(ground.stack, "gateway") / "bin" / "python"
    deploy(stack, notebook)
    execute(python, notebook)
    ours, theirs = turns(runs, lambda: deploy(stack, notebook), lambda: execute(python, notebook))
    return Figure("deploy", TITLE, "s", ours, "jupyter execute", theirs, Goal("excess", 2))


def deploy(stack: Stack, notebook: Path) -> float:
    """Seconds of one deploy of content that the server has not seen."""
    content = json.loads(notebook.read_text())
    content["metadata"]["edition"] = time.time_ns()
    began = time.perf_counter()
    answer = stack.api("POST", "notebooks/deployed", files={"file": ("x", json.dumps(content))})
    took = time.perf_counter() - began
    if answer.status_code not in (200, 201) or answer.json()["unchanged"]:
        raise Unmeasured(f"the deploy was answered with {answer.status_code}: {answer.text}")
    return took


def execute(python: Path, notebook: Path) -> float:
    """Seconds that running its cells takes from a shell, in the same environment."""
    began = time.perf_counter()
    subprocess.run([python, "-c", EXECUTE, notebook], check=True, capture_output=True)
    return time.perf_counter() - began
