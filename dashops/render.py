"""The one Jinja environment: a recipe folder and values become `{path: text}`; writes nothing."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

HERE = Path(__file__).parent
# In a wheel the recipes lie inside the package, in a checkout beside it.
RECIPES = next(path for path in (HERE / "recipes", HERE.parent / "recipes") if path.is_dir())

ENDING = ".j2"
# What the recipes of several targets include.
SHARED = "_shared"


def recipe(name: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Every template of a recipe, rendered, by its path without `.j2`.

    A value that a template names and `values` lacks is a bug and raises jinja2.UndefinedError.
    """
    environment = _environment(RECIPES / name)
    return {
        path.removesuffix(ENDING): environment.get_template(path).render(values)
        for path in environment.list_templates(extensions=[ENDING[1:]])
        # A name with `_` in front is a part that other templates include.
        if not path.startswith(f"{SHARED}/") and not path.rpartition("/")[2].startswith("_")
    }


@cache
def _environment(folder: Path) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.FileSystemLoader(folder),
                jinja2.PrefixLoader({SHARED: jinja2.FileSystemLoader(RECIPES / SHARED)}),
            ]
        ),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
