"""Weaken what protects, one thing at a time in a copy of the source, and see a test fail each time.

`make test-mutations`; words on the command line choose those whose name has one of them. Other
people's packages are imported once, and each copy is tried in a fork of this process.
"""

import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from weakened import ALL, Weakened

ROOT = Path(__file__).parents[2]
COPIED = ("dashops", "docs", "recipes", "tests", "pyproject.toml", "README.md", ".importlinter")
IMPORTED_ONCE = (
    *("hypothesis", "httpx", "pydantic", "sqlalchemy", "typer.main", "rich.console", "nbformat"),
    *("jupyter_server.serverapp", "voila.app", "kernel_gateway.gatewayapp", "nbclient", "authlib"),
    *("alembic.command", "argon2", "websocket", "playwright.sync_api", "fsspec", "joserfc.jwt"),
)
AT_ONCE = 2
DEADLINE = 150  # seconds for the tests of one
FAILED = 1  # pytest's code when tests ran and some failed


def copied(to: Path, each: Weakened | None) -> str:
    """Copy the source with that one thing weakened; what is wrong if that cannot be done."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            left_out = shutil.ignore_patterns("__pycache__", "images", "*.png")
            shutil.copytree(ROOT / name, to / name, ignore=left_out)
        else:
            shutil.copy(ROOT / name, to / name)
    if each is None:
        return ""
    text = (to / each.file).read_text()
    if each.old not in text:
        return f"`{each.file}` has no `{each.old}` any more: say anew what to weaken"
    (to / each.file).write_text(text.replace(each.old, each.new))
    return ""


def fork(folder: Path, tests: Iterable[str]) -> int:
    """A process that runs these tests on that copy; what they say is in its file `said`."""
    if child := os.fork():
        return child
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    for name in [name for name in os.environ if name.startswith("DASHOPS_")]:
        del os.environ[name]
    words = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line"]
    code = 99
    try:
        code = int(pytest.main([*words, f"--rootdir={folder}", *tests]))
    finally:
        sys.stdout.flush()
        os._exit(code)


def judged(each: Weakened | None, code: int, said: str) -> str:
    """Empty when it came as it should: a test failed, or none where nothing was weakened."""
    if each is None:
        return "" if code == 0 else f"tests fail before anything is weakened:\n{said[-2000:]}"
    if code == FAILED:
        return ""
    if code == 0:
        return f"no test of `{each.tests}` has noticed"
    return f"the tests could not run:\n{said[-1500:]}"


def tried(chosen: Iterable[Weakened | None], every: str) -> Iterator[tuple[str, str]]:
    """What was weakened, and what is wrong: empty when it was noticed."""
    waiting, running = list(chosen), dict[int, tuple[Weakened | None, Path, float]]()
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            each = waiting.pop(0)
            folder = Path(tempfile.mkdtemp(prefix="dashops-mutation-"))
            what = each.what if each else "nothing"
            if problem := copied(folder, each):
                shutil.rmtree(folder)
                yield what, problem
                continue
            tests = (each.tests if each else every).split()
            running[fork(folder, tests)] = (each, folder, time.monotonic())
        for child in list(running):
            each, folder, begun = running[child]
            done, status = os.waitpid(child, os.WNOHANG)
            if not done and time.monotonic() - begun > DEADLINE * (1 if each else 3):
                os.kill(child, 9)
                done, status = os.waitpid(child, 0)
            if done:
                del running[child]
                said = (folder / "said").read_text(errors="replace")
                shutil.rmtree(folder, ignore_errors=True)
                code = os.waitstatus_to_exitcode(status)
                yield each.what if each else "nothing", judged(each, code, said)
        time.sleep(0.05)


def main() -> None:
    """Run all, and fail if one survives."""
    begun, words = time.monotonic(), sys.argv[1:]
    for name in IMPORTED_ONCE:
        importlib.import_module(name)
    chosen = [each for each in ALL if not words or any(word in each.what for word in words)]
    every = " ".join(sorted({test for each in chosen for test in each.tests.split()}))
    survived = 0
    for what, problem in tried([None, *chosen], every):
        survived += bool(problem)
        print(f"{'✗' if problem else '✓'} {what}{': ' if problem else ''}{problem}", flush=True)
    seconds = time.monotonic() - begun
    print(f"\n{len(chosen)} weakened, {survived} not as they should be, in {seconds:.0f} s")
    raise SystemExit(1 if survived or not chosen else 0)


if __name__ == "__main__":
    main()
