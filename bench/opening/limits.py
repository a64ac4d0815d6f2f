"""The two limits: a notebook's bare execution for cold, a bare fork for warm."""

import json
import subprocess
import time
from pathlib import Path

from bench import processes, voila
from bench.opening.result import FORK, Cell, Memory, Opened, percentile
from bench.stack import Stack


def environment(folder: Path, stack: Stack) -> Path:
    """Voilà's environment; its kernels are those of the stack, with the same packages."""
    requirements = stack.rendered("dashboard/requirements.txt")
    made = voila.environment(folder, stack, "-r", requirements)
    spec = Path(voila.own(made)["JUPYTER_DATA_DIR"]) / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [str(python(stack)), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(about))
    return made


def python(stack: Stack) -> Path:
    """The interpreter that runs the notebooks of both sides."""
    return voila.slot(stack, "gateway") / "bin" / "python"


def execution(environment: Path, notebook: Path) -> float:
    """Seconds of `jupyter execute`."""
    began = time.perf_counter()
    _run(environment, environment / "bin" / "jupyter", "execute", notebook)
    return time.perf_counter() - began


def forks(stack: Stack, environment: Path, notebook: Path, sizes: list[int]) -> list[Cell]:
    """So many forks at once of a process that has run the notebook."""
    script = Path(__file__).with_name("fork.py")
    found = json.loads(_run(environment, python(stack), script, notebook, *map(str, sizes)))
    return [_cell(notebook.stem, int(size), **each) for size, each in found.items()]


def _cell(notebook: str, size: int, seconds: list[float], unique: list[float]) -> Cell:
    # It has no server and no kernel: the answer is all there is.
    cell = Cell(notebook, FORK, size, clients=[Opened(each, each, each) for each in seconds])
    cell.memory = Memory(percentile(unique, 50), 0.0, size)
    cell.bursts, cell.took = [sorted(seconds)], [max(seconds)]
    return cell


def _run(environment: Path, *argv: str | Path) -> str:
    words = [str(word) for word in argv]
    env = processes.environment({**voila.own(environment), "MPLBACKEND": "agg"})
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise processes.Unmeasured(f"`{' '.join(words)}` failed: {done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
