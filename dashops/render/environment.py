"""The one Jinja environment: packaged templates, those of the operator before them, and `insert`.

It finds and includes; what becomes a file is decided elsewhere.
"""

import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from jinja2.runtime import Context

from dashops.render import packaged
from dashops.render.overlay import ROOM, Overlay
from dashops.render.packaged import RECIPES, SHARED

# Around `NAME:LINE` of a template in a text that was rendered to look for a place.
BEGIN, END = "\x01", "\x02"


class Recipe(jinja2.Environment):
    """The templates of a recipe. `inserted` are the insertion points met while rendering."""

    def __init__(self, recipe: str, mine: Overlay, *extensions: type[Extension]) -> None:
        def own(name: str) -> tuple[str, str, Callable[[], bool]] | None:
            # The environment is made anew when a text changes.
            found = mine.texts.get(name)
            return None if found is None else (found, str(mine.paths[name]), lambda: True)

        super().__init__(
            loader=jinja2.ChoiceLoader(
                [
                    jinja2.FunctionLoader(own),
                    jinja2.FileSystemLoader(RECIPES / recipe),
                    jinja2.PrefixLoader({SHARED: jinja2.FileSystemLoader(RECIPES / SHARED)}),
                ]
            ),
            extensions=(Insert, *extensions),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
        )
        self.recipe = recipe
        self.mine = mine
        self.inserted: set[str] = set()

    def inserts(self, name: str, context: Context) -> str:
        """The operator's text for an insertion point; empty when there is none."""
        point = packaged.insertions(self.recipe)[name]
        self.inserted.add(name)
        if ROOM + name not in self.mine.texts:
            return ""
        text = self.get_template(ROOM + name).render(context.get_all())
        # Of a traced text the last thing is a mark.
        if not re.search(f"(^|\n)({BEGIN}[^{END}]*{END})*$", text):
            text += "\n"
        return textwrap.indent(text, " " * point.indent)


class Insert(Extension):
    """`{% insert "service_gateway.yaml" %}`, on a line of its own."""

    tags = {"insert"}  # noqa: RUF012  jinja2 wants a set of the class

    def parse(self, parser: Parser) -> nodes.Node:
        """What the tag becomes: the text, rendered with all values that are known there."""
        line = next(parser.stream).lineno
        words = [parser.parse_expression(), nodes.DerivedContextReference()]
        return nodes.Output([self.call_method("_text", words, lineno=line)], lineno=line)

    def _text(self, name: str, context: Context) -> str:
        recipe = self.environment
        assert isinstance(recipe, Recipe)
        return recipe.inserts(name, context)


class Traced(Extension):
    """Writes before each line which line of which template it is from."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The tokens, with marks in those that are text."""
        for token in stream:
            mark = f"{BEGIN}{stream.name}:{{}}{END}".format
            if token.type == "data":
                lines = token.value.split("\n")
                marked = [f"{mark(token.lineno + n)}{line}" for n, line in enumerate(lines)]
                yield Token(token.lineno, "data", "\n".join(marked))
                continue
            if token.type == "variable_begin":
                yield Token(token.lineno, "data", mark(token.lineno))
            yield token


def of(recipe: str, mine: Overlay) -> Recipe:
    """The environment of a recipe with this overlay; it is kept for the next time."""
    return _kept(recipe, tuple(sorted(mine.texts.items())), tuple(sorted(mine.paths.items())))


@cache
def _kept(
    recipe: str, texts: tuple[tuple[str, str], ...], paths: tuple[tuple[str, object], ...]
) -> Recipe:
    return Recipe(recipe, Overlay(dict(texts), dict(paths)))  # type: ignore[arg-type]
