"""Gives authors notebooks to begin with, once; what they do with those is theirs."""

import shutil
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = "examples"
FILES = (
    "README.md",
    "first.ipynb",
    "gapminder.ipynb",
    "img/stocks.svg",
    "stocks.ipynb",
    "tips.ipynb",
)
# In a wheel they lie inside the package, in a checkout at its top.
PLACES = (HERE / "shipped", HERE.parents[2] / FOLDER)


def put(root: Path, mark: Path) -> bool:
    """Copy them to a folder below `root`; whether that was to be done.

    `mark` is a file that says it was done before: who removes or changes them keeps it so. Nothing
    is done either where something has the folder's name, or where `root` is such a folder itself.

    Raises:
        OSError: when the folder or the mark cannot be written.
    """
    theirs = (FOLDER, *(name for name in FILES if name.endswith(".ipynb")))
    if mark.exists() or any((root / name).exists() for name in theirs):
        return False
    source = next(place for place in PLACES if place.is_dir())
    mark.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as made:
        new = Path(made, FOLDER)
        for name in FILES:
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, new / name)
        mark.touch()
        new.rename(root / FOLDER)
    return True
