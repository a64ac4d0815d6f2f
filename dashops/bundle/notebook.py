"""Reads a notebook's text into valid nbformat 4 JSON; it never runs code and keeps no outputs."""

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dashops import errors
from dashops.bundle import references

MAJOR, MINOR = 4, 5
MAX_DEPTH = 100
"""Lists and objects in each other; some who read a notebook call themselves for each."""

_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_HINT = "open it in JupyterLab and save it again, or check that this is the file you meant"


def parse(text: str | bytes) -> dict[str, Any]:
    """The notebook as nbformat 4.5 JSON: converted if older, without outputs, with cell ids.

    Parsing the result again gives the same. Ids that are absent are derived from the cells, so
    that the same file always gives the same notebook. Raises SpecError if it is no notebook, or
    one of a newer major version.
    """
    data = _load(text)
    major, minor = data.get("nbformat"), data.get("nbformat_minor", 0)
    if type(major) is not int or type(minor) is not int:
        raise errors.SpecError("this is JSON but not a notebook: it has no `nbformat`", hint=_HINT)
    if major > MAJOR:
        raise errors.SpecError(
            f"the notebook has format version {major}.{minor}, and dashops reads up to {MAJOR}",
            hint=f"save it as notebook format {MAJOR} in the program that wrote it, "
            "or update dashops",
        )
    if major < MAJOR:
        data, minor = _convert(data), MINOR
    clean = {
        "nbformat": MAJOR,
        "nbformat_minor": max(minor, MINOR),
        "metadata": _metadata(data.get("metadata")),
        "cells": _cells(data.get("cells")),
    }
    # A newer minor version may have cells with keys that the schema does not know.
    _validate(clean if minor <= MINOR else {**clean, "cells": []})
    return clean


def title(notebook: Mapping[str, Any], fallback: str) -> str:
    """The first heading of the markdown cells as plain text, at most 200 characters."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (found := _heading(cell["source"])):
            return found[:200]
    return fallback


def kernel(notebook: Mapping[str, Any]) -> str | None:
    """The name of the kernelspec the notebook asks for, if it asks for one."""
    return notebook["metadata"].get("kernelspec", {}).get("name") or None


def language(notebook: Mapping[str, Any]) -> str | None:
    """The programming language of the code cells, in lower case, if the notebook tells."""
    metadata = notebook["metadata"]
    name = metadata.get("language_info", {}).get("name")
    name = name or metadata.get("kernelspec", {}).get("language")
    return name.lower() if isinstance(name, str) and name else None


def _load(text: str | bytes) -> dict[str, Any]:
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        # Outputs may hold NaN, which is no JSON; it must not be the reason to refuse a notebook.
        data = json.loads(decoded, parse_constant=lambda _name: None)
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise errors.SpecError(f"the notebook is not UTF-8 text: {error}", hint=_HINT) from error
    except json.JSONDecodeError as error:
        raise errors.SpecError(
            f"this is not a notebook: {error.msg}",
            hint=_HINT,
            where=f"{error.lineno}:{error.colno}",
        ) from error
    except (ValueError, RecursionError) as error:
        raise errors.SpecError(f"this is not a notebook: {error}", hint=_HINT) from error
    if not isinstance(data, dict):
        raise errors.SpecError("this is JSON but not a notebook: it is no object", hint=_HINT)
    _check_depth(data)
    return data


def _check_depth(data: Any) -> None:
    level, depth = [data], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            text = f"the notebook has more than {MAX_DEPTH} lists or objects in each other"
            raise errors.SpecError(text, hint=_HINT)
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for some in inner for each in some if isinstance(each, dict | list)]


def _convert(data: dict[str, Any]) -> dict[str, Any]:
    """A notebook of IPython's days (format 1 to 3) in today's format."""
    import nbformat

    major = data["nbformat"]
    try:
        old = nbformat.versions[major].to_notebook_json(data)
        converted = nbformat.convert(old, MAJOR)
    except (AttributeError, LookupError, TypeError, ValueError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise errors.SpecError(
            f"the notebook of format version {major} cannot be converted: {reason}", hint=_HINT
        ) from error
    for cell in converted.cells:
        cell.pop("id", None)  # made up at random by nbformat
    plain: dict[str, Any] = json.loads(json.dumps(converted))
    return plain


def _metadata(metadata: Any) -> dict[str, Any]:
    if not isinstance(metadata, dict):
        raise errors.SpecError("the notebook is not valid: it has no `metadata`", hint=_HINT)
    left_out = {"widgets", "signature"}  # `widgets` is the state of widgets: output
    return {key: value for key, value in metadata.items() if key not in left_out}


def _cells(cells: Any) -> list[dict[str, Any]]:
    if not isinstance(cells, list):
        raise errors.SpecError("the notebook is not valid: it has no list of `cells`", hint=_HINT)
    clean: list[dict[str, Any]] = []
    ids: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        clean.append(_cell(cell, number))
        clean[-1]["id"] = _cell_id(clean[-1], number, ids)
        ids.add(clean[-1]["id"])
    return clean


def _cell(cell: Any, number: int) -> dict[str, Any]:
    def refuse(reason: str) -> errors.SpecError:
        return errors.SpecError(f"cell {number} of the notebook is not valid: {reason}", hint=_HINT)

    if not isinstance(cell, dict):
        raise refuse("it is no object")
    kind, metadata, source = (cell.get(key) for key in ("cell_type", "metadata", "source"))
    if kind not in ("code", "markdown", "raw"):
        raise refuse(f"its `cell_type` is {kind!a}, not code, markdown or raw")
    if not isinstance(metadata, dict):
        raise refuse("it has no `metadata`")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise refuse("it has no `source`")
    # `execution` is when each cell ran last: it would make every save a new revision.
    metadata = {key: value for key, value in metadata.items() if key != "execution"}
    fresh: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {**cell, "metadata": metadata, "source": source, **fresh}


def _cell_id(cell: dict[str, Any], number: int, taken: set[str]) -> str:
    present = cell.get("id")
    if isinstance(present, str) and _CELL_ID.fullmatch(present) and present not in taken:
        return present
    made = hashlib.sha256(f"{number} {cell['source']}".encode()).hexdigest()
    return next(made[:size] for size in range(8, 65) if made[:size] not in taken)


def _validate(notebook: dict[str, Any]) -> None:
    from fastjsonschema import JsonSchemaValueException

    try:
        _schema()(notebook)
    except JsonSchemaValueException as error:
        reason = error.message.removeprefix("data.")
        raise errors.SpecError(f"the notebook is not valid: {reason}", hint=_HINT) from error


@cache
def _schema() -> Callable[[dict[str, Any]], Any]:
    """nbformat's own schema, read without `import nbformat`, which takes over half a second."""
    from importlib.util import find_spec

    import fastjsonschema

    found = find_spec("nbformat")
    assert found is not None and found.origin is not None
    file = Path(found.origin).parent / f"v{MAJOR}" / f"nbformat.v{MAJOR}.{MINOR}.schema.json"
    compiled: Callable[[dict[str, Any]], Any] = fastjsonschema.compile(
        json.loads(file.read_text("utf-8"))
    )
    return compiled


_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]+(?P<atx>\S.*)"
    r"|^ {0,3}(?P<setext>\S.*)\n {0,3}(?:=+|-{2,})[ \t]*$"
    r"|<h[1-6]\b[^>]{0,200}>(?P<html>.*?)</h[1-6]>",
    re.MULTILINE | re.IGNORECASE,
)


def _heading(source: str) -> str:
    prose, _blocks = references.split(source[:10_000])
    for found in _HEADING.finditer(prose):
        if text := _plain(next(group for group in found.groups() if group is not None)[:1000]):
            return text
    return ""


_EMPHASIS = re.compile(r"(?<!\\)(\*{1,3}|`+|~~|(?<!\w)_{1,3})(\S.*?)(?<!\\)\1(?!\w)")


def _plain(markup: str) -> str:
    """One line of markdown as people read it."""
    text = re.sub(r"\s#+\s*$", "", markup)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|<[^>]*>", "", text)
    text = re.sub(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", text)
    for _nested in range(2):
        text = re.sub(_EMPHASIS, r"\2", text)
    text = html.unescape(re.sub(r"\\([^\w\s])", r"\1", text))
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
