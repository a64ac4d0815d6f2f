"""The recipes that come with dashops: their templates and insertion points; reads, never writes."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parents[1]
# In a wheel the recipes lie inside the package, in a checkout beside it.
RECIPES = next(path for path in (HERE / "recipes", HERE.parent / "recipes") if path.is_dir())

ENDING = ".j2"
# What the recipes of several targets include.
SHARED = "_shared"
INSERTIONS = "insertions.toml"


@dataclass(frozen=True)
class Insertion:
    """A place in a template where text of the operator goes; `name` is the name of its file.

    `indent` are the blanks before each of its lines, `about` says what it is for.
    """

    name: str
    template: str
    about: str
    indent: int = 0


@cache
def templates(recipe: str) -> Mapping[str, str]:
    """The text of every template of a recipe, by the name that templates include it by."""
    return {
        **_texts(RECIPES / recipe, ""),
        **_texts(RECIPES / SHARED, f"{SHARED}/"),
    }


@cache
def insertions(recipe: str) -> Mapping[str, Insertion]:
    """The insertion points of a recipe by name, in the order of its files that declare them."""
    found = {}
    for folder in (recipe, SHARED):
        text = (RECIPES / folder / INSERTIONS).read_text(encoding="utf-8")
        for name, about in tomllib.loads(text).items():
            found[name] = Insertion(name, **about)
    return found


def renders(name: str) -> bool:
    """Whether a template becomes a file; one with `_` in its name is a part of others."""
    return not name.startswith(f"{SHARED}/") and not name.rpartition("/")[2].startswith("_")


def _texts(folder: Path, before: str) -> dict[str, str]:
    return {
        before + path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob(f"*{ENDING}"))
    }
