"""One run: a stack, both peers, both limits, notebook by notebook; leaves nothing behind."""

import contextlib
import dataclasses
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Error

from bench import browser, machine, processes
from bench.opening import limits, measure, notebooks, page, result, sides
from bench.opening import plan as plans
from bench.opening.result import Run
from bench.stack import Stack

# More than the largest burst, and time enough for the slowest notebook in it.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "environment": {"packages": [*notebooks.PACKAGES]},
    "dashboard": {
        "max_viewers": 100,
        "viewers_per_user": 0,
        "cell_timeout": 600,
        "run_timeout": 900,
    },
    "gateway": {"max_kernels": 100},
}
PRINT = "import importlib.metadata as m,sys;print(*(m.version(n) for n in sys.argv[1:]))"


class _Made(NamedTuple):
    engine: Browser
    stack: Stack
    environment: Path


def take(
    names: Sequence[str], plan: plans.Plan, picture: Path | None, tell: Callable[[str], None]
) -> Run:
    """Measure the named notebooks; also draw the picture, with the matplotlib of the stack."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as kept, contextlib.ExitStack() as held:
        folder = Path(kept)
        tell("making the stack and its environments")
        stack = Stack(folder / "stack", SETTINGS)
        held.callback(stack.remove)
        stack.up()
        tell("making the environment of Voilà")
        environment = limits.environment(folder / "voila", stack)
        run = Run(
            machine=machine.line(),
            date=time.strftime("%Y-%m-%d"),
            revision=_revision(),
            versions=_versions(environment, stack),
            bursts=[*plan.bursts],
            quick=plan == plans.QUICK,
        )
        engine = held.enter_context(browser.start())
        made = _Made(engine, stack, environment)
        tell("the trivial page's own load")
        loads = _loads(made, plan.runs)
        run.own, run.asks = [list(each) for each in zip(*loads, strict=True)]
        for name in names:
            try:
                _notebook(run, name, made, plan, tell)
            except (processes.Unmeasured, Error) as error:
                run.failed[name] = str(error).splitlines()[0]
                tell(f"{name}: {error}")
        run.minutes = (time.monotonic() - began) / 60
        if picture:
            try:
                draw(run, limits.python(stack), picture)
            except subprocess.CalledProcessError as error:  # the figures are worth more
                tell(f"no picture: {error}")
        return run


def _notebook(
    run: Run, name: str, made: _Made, plan: plans.Plan, tell: Callable[[str], None]
) -> None:
    engine, stack, environment = made
    path = notebooks.write(stack.folder, name)
    tell(f"{name}: by itself, without a server")
    taken = run.bare[name] = []
    while len(taken) < plan.runs and sum(taken) < plan.share:
        taken.append(limits.execution(environment, path))
    run.cells += limits.forks(stack, environment, path, [*plan.bursts])
    tell(f"{name}: deploying it, starting Voilà plain and preheated")
    with contextlib.ExitStack() as held:
        measured = [
            sides.dashops(engine, stack, path, page.SCRIPT),
            held.enter_context(sides.peer(engine, environment, path, page.SCRIPT)),
            held.enter_context(sides.peer(engine, environment, path, page.SCRIPT, result.POOL)),
        ]
        for each in measured:
            each.rest()
            seen, _ = page.enter(each)  # warms the browser's cache
            page.leave(seen)
            each.rest()
        run.resting[name] = {each.name: each.resting() for each in measured}
        measure.notebook(run, name, measured, plan, tell)
        measured[0].context.close()


def _loads(made: _Made, runs: int) -> list[tuple[float, float]]:
    trivial = notebooks.write(made.stack.folder, "trivial")
    side = sides.dashops(made.engine, made.stack, trivial, page.SCRIPT)
    kept = page.keep(side)
    page.load(side, *kept)  # warms the cache
    found = [page.load(side, *kept) for _ in range(runs)]
    side.context.close()
    return found


def draw(run: Run, python: Path, picture: Path) -> None:
    """Draw it with an interpreter that has matplotlib."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("draw.py")
    subprocess.run(
        [python, script, picture],
        input=json.dumps(dataclasses.asdict(run)),
        env=processes.environment({"MPLBACKEND": "agg"}),
        text=True,
        check=True,
    )


def _revision() -> str:
    here = Path(__file__).parent
    return processes.command("git", "-C", here, "describe", "--always", "--dirty").strip()


def _versions(environment: Path, stack: Stack) -> dict[str, str]:
    kernels = ("ipykernel", "ipywidgets", "pandas", "matplotlib", "scikit-learn")
    found: dict[str, str] = {}
    for python, names in (
        (environment / "bin" / "python", ("voila",)),
        (limits.python(stack), kernels),
    ):
        words = processes.command(python, "-c", PRINT, *names).split()
        found.update(zip(names, words, strict=True))
    return found
