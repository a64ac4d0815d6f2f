"""A recipe and values become `{path: text}`, the operator's changes in it; writes nothing."""

from collections.abc import Mapping
from typing import Any

import jinja2

from dashops.errors import SpecError
from dashops.render import environment, overlay, places, reading
from dashops.render.environment import Recipe
from dashops.render.overlay import NONE, ROOM, Overlay
from dashops.render.packaged import ENDING, RECIPES, Insertion, insertions, renders, templates

__all__ = [
    "RECIPES",
    "Insertion",
    "Overlay",
    "insertions",
    "overlay",
    "places",
    "reading",
    "recipe",
    "templates",
]

# What a template of the operator's may make of values, besides jinja2's own errors.
MISTAKES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def recipe(name: str, values: Mapping[str, Any], mine: Overlay = NONE) -> dict[str, str]:
    """Every template of a recipe, rendered, by its path without `.j2`; `mine` before packaged ones.

    SpecError with its place for what the operator's changes break. A value that a packaged
    template names and `values` lacks is a bug and raises jinja2.UndefinedError.
    """
    known = environment.of(name, mine)
    own = {each for each in mine.texts if not each.startswith(ROOM)}
    made = {}
    for template in sorted({*templates(name), *own}):
        if renders(template):
            path = template.removesuffix(ENDING)
            made[path] = _rendered(known, path, values)
            try:
                reading.demand(path, made[path])
            except reading.Unreadable as flaw:
                raise places.unreadable(known, path, values, flaw, made[path]) from None
    _refuse_unread(known, made)
    return made


def _rendered(known: Recipe, path: str, values: Mapping[str, Any]) -> str:
    try:
        return known.get_template(f"{path}{ENDING}").render(values)
    except MISTAKES as error:
        if not known.mine.texts:
            raise
        raise places.failed(known, path, error) from error


def _refuse_unread(known: Recipe, made: Mapping[str, str]) -> None:
    """SpecError for a template or an insertion of the operator's that has no effect."""
    packed, points = templates(known.recipe), insertions(known.recipe)
    for name, path in known.mine.paths.items():
        if name.startswith(ROOM):
            point = points[name.removeprefix(ROOM)]
            if point.name not in known.inserted:
                raise SpecError(
                    f"`{overlay.shown(path)}` is inserted by nothing",
                    hint=f'your `{point.template}` has no `{{% insert "{point.name}" %}}`',
                    where=overlay.shown(path),
                )
        elif name not in packed and not _read(name, known, made):
            raise overlay.unread(name, path, packed)


def _read(name: str, known: Recipe, made: Mapping[str, str]) -> bool:
    """Whether a template that is no packaged one has a reader."""
    packed, file = templates(known.recipe), name.removesuffix(ENDING)
    # The folders of packaged files are read whole; another case of letters is a mistake.
    rooms = {path.rpartition("/")[0] for path in packed if renders(path)} - {""}
    if renders(name) and file.rpartition("/")[0] in rooms:
        return not any(each.lower() == name.lower() for each in packed)
    # Of all else something says the name, or mounts the folder.
    words = [file.rpartition("/")[2], *([f"./{file.partition('/')[0]}"] if "/" in file else [])]
    texts = [text for each, text in {**packed, **known.mine.texts}.items() if each != name]
    texts += [text for each, text in made.items() if each != file]
    return any(word in text for word in words for text in texts)
