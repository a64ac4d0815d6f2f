"""Where in a template, and in the stack file, a mistake is; finds and says, changes nothing."""

import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2

from dashops.errors import SpecError
from dashops.render import environment, reading
from dashops.render.environment import BEGIN, END, Recipe
from dashops.render.overlay import shown
from dashops.render.packaged import RECIPES
from dashops.stack import Stack, model

MARK = re.compile(f"{BEGIN}([^{END}]*):(\\d+){END}")
# Before the text of a line stand the marks of all templates that end and begin there.
MARKS = re.compile(f"\\s*((?:{BEGIN}[^{END}]*{END}\\s*)+)")
SETTING = re.compile(r"\bstack\.(\w+(?:\.\w+)?)")


def failed(recipe: Recipe, path: str, error: Exception) -> SpecError:
    """The error for a template that could not be rendered."""
    place = path
    if isinstance(error, jinja2.TemplateSyntaxError) and error.filename:
        place = f"{_file(error.filename)}:{error.lineno}"
    else:
        ours = {str(each) for each in recipe.mine.paths.values()}
        for frame, line in traceback.walk_tb(error.__traceback__):
            file = frame.f_code.co_filename
            if file in ours or file.startswith(f"{RECIPES}/"):
                place = f"{_file(file)}:{line}"
    said = str(error).partition("\n")[0] or type(error).__name__
    hint = "the values of a template are those that the packaged one uses"
    return SpecError(
        f"the template of `{path}` cannot be rendered: {said}",
        hint=hint if isinstance(error, jinja2.UndefinedError) else "",
        where=place,
    )


def unreadable(
    recipe: Recipe, path: str, values: Mapping[str, Any], flaw: reading.Unreadable, text: str
) -> SpecError:
    """The error for a rendered file that its reader could not read."""
    name, line = _origin(recipe, path, values, flaw.line)
    lines = text.splitlines() or [""]
    rendered = lines[min(flaw.line, len(lines)) - 1]
    where = [f"{place(recipe, name)}:{line}", f"  rendered, line {flaw.line}: {rendered.strip()}"]
    where += _settings(recipe, name, line, values.get("stack"))
    return SpecError(
        f"`{path}` would be no {reading.form(path)}: {flaw.what}",
        hint="`dashops recipes diff` shows what you changed" if recipe.mine.texts else "",
        where="\n".join(where),
    )


def place(recipe: Recipe, name: str) -> str:
    """The file of a template as people write it; of a packaged one its name says so."""
    if name in recipe.mine.paths:
        return shown(recipe.mine.paths[name])
    return f"{name} (of dashops)"


def _file(path: str) -> str:
    if path.startswith(f"{RECIPES}/"):
        return f"{Path(path).relative_to(RECIPES)} (of dashops)"
    return shown(Path(path))


def _origin(recipe: Recipe, path: str, values: Mapping[str, Any], line: int) -> tuple[str, int]:
    """The template and its line that a line of a rendered file is from."""
    traced = Recipe(recipe.recipe, recipe.mine, environment.Traced)
    lines = traced.get_template(f"{path}.j2").render(values).split("\n")
    for marked in reversed(lines[:line]):
        if found := MARKS.match(marked):
            place, at = MARK.findall(found[1])[-1]
            return place, int(at)
    return f"{path}.j2", 1


def _settings(recipe: Recipe, name: str, line: int, stack: Stack | None) -> Iterator[str]:
    loader = recipe.loader
    assert loader is not None
    lines = loader.get_source(recipe, name)[0].splitlines()
    if stack is None or line > len(lines):
        return
    for key in dict.fromkeys(SETTING.findall(lines[line - 1])):
        if key in model.leaves() and stack.where(key) != "default":
            yield f"  its value is `{key}`, from {stack.where(key)}"
