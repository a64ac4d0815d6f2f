"""Slots' environments that one stack of a test run made, lent to those that come after it.

Making three takes a stack half a minute on a busy machine, most of it for compiling what they
import, and all stacks want the same. `tests/integration/local` has stacks that make their own.
"""

import contextlib
import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def lent(folder: Path) -> Iterator[None]:
    """Around the first `up` of a stack; while there are none to lend, one makes them for all."""
    base = folder.parent
    # Beside the folders of all tests of this run, of each worker.
    shelf = (base.parent if base.name.startswith("popen-") else base) / "environments"
    shelf.mkdir(exist_ok=True)
    with (shelf / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if _lend(shelf, folder / ".dashops" / "environments"):
            fcntl.flock(file, fcntl.LOCK_UN)
        yield
        _keep(shelf, folder / ".dashops" / "environments")


def _lend(shelf: Path, environments: Path) -> bool:
    """`up` removes the links that it does not need."""
    environments.mkdir(mode=0o700, parents=True)
    found = sorted(shelf.glob("*-*"))
    for each in found:
        (environments / each.name).symlink_to(each)
    return bool(found)


def _keep(shelf: Path, environments: Path) -> None:
    for each in environments.iterdir():
        if each.is_symlink() or (shelf / each.name).exists():
            continue
        copy = shelf / f".{environments.parents[1].name}" / each.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        # Neither Python nor uv changes files in place, so both may have the same ones.
        subprocess.run(["cp", "-al", each, copy], check=True)
        try:
            copy.rename(shelf / each.name)
        except OSError:  # another worker was faster
            shutil.rmtree(copy)
