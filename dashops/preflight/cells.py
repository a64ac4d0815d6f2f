"""The code of a notebook and of modules sent with it, as syntax trees; it runs none of it."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashops.preflight.magics import Magic, split


@dataclass(frozen=True)
class Place:
    """Where code stands: a cell, counted from 1 with text cells, or a file that is sent."""

    cell: int | None = None
    file: str = ""

    def at(self, line: int | None) -> dict[str, Any]:
        """The place's fields of a Finding."""
        return {"cell": self.cell, "file": self.file, "line": line}


@dataclass(frozen=True)
class Code:
    """One cell or module: its tree (empty where `problem` says why), and its magics."""

    place: Place
    source: str
    tree: ast.Module
    magics: tuple[Magic, ...] = ()
    problem: SyntaxError | None = None


def of(notebook: Mapping[str, Any]) -> Iterator[Code]:
    """The code cells, in their order."""
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "code":
            yield _cell(Place(cell=number), cell["source"])


def module(path: str, content: bytes) -> Code:
    """A Python file of the bundle."""
    source = content.decode("utf-8-sig", "replace")
    tree, problem = _parsed(source)
    return Code(Place(file=path), source, tree, (), problem)


def _cell(place: Place, source: str) -> Code:
    tree, problem = _parsed(source)
    if problem is None:  # Python already: a line that looks like a magic is none
        return Code(place, source, tree)
    python, found = split(source)
    tree, problem = _parsed(python)
    return Code(place, source, tree, found, problem)


def _parsed(python: str) -> tuple[ast.Module, SyntaxError | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(python)
            # `return` outside of a function is found by the compiler; cells may await on top.
            compile(python, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except SyntaxError as error:
            return ast.Module([], []), error
        except (ValueError, RecursionError, MemoryError) as error:
            return ast.Module([], []), SyntaxError(str(error))
    return tree, None
