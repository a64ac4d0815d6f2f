"""Slots' environments that one stack of a test run made, lent to those that come after it.

Making three takes a stack half a minute on a busy machine, most of it for compiling what they
import, and all stacks want the same. `tests/integration/local` has stacks that make their own.
"""

import shutil
import subprocess
from pathlib import Path


def lend(folder: Path) -> None:
    """Before the first `up` of a stack; the links it does not need are removed by `up`."""
    environments = folder / ".dashops" / "environments"
    environments.mkdir(mode=0o700, parents=True)
    for each in _shelf(folder).glob("*-*"):
        (environments / each.name).symlink_to(each)


def keep(folder: Path) -> None:
    """After that `up`."""
    shelf = _shelf(folder)
    for each in (folder / ".dashops" / "environments").iterdir():
        if each.is_symlink() or (shelf / each.name).exists():
            continue
        copy = shelf / f".{folder.name}" / each.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        # Files cannot be changed in place by Python or uv, so both may have the same.
        subprocess.run(["cp", "-al", each, copy], check=True)
        try:
            copy.rename(shelf / each.name)
        except OSError:  # another worker was faster
            shutil.rmtree(copy)


def _shelf(folder: Path) -> Path:
    """Beside the folders of all tests of this run, of each worker."""
    base = folder.parent
    return (base.parent if base.name.startswith("popen-") else base) / "environments"
