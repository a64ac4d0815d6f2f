"""Reads rendered text as its reader will, to find what cannot be read; knows no recipe."""

import ast
import configparser
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import yaml

# libyaml is ten times as fast, and not everywhere.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
    """Why a text is not what its name says; `line` counts from 1."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


def demand(path: str, text: str) -> None:
    """Raise Unreadable when the text of a file cannot be read; of other kinds of files nothing."""
    reader = READERS.get(f".{path.rpartition('.')[2]}")
    if reader:
        reader(text)


def form(path: str) -> str:
    """What a file is in words, such as `YAML`; by the end of its name."""
    end = path.rpartition("/")[2].rpartition(".")[2]
    return FORMS.get(end, end)


def tree(text: str) -> Any:
    """The value of a YAML text whose keys stand once each; Unreadable otherwise."""
    try:
        loader = LOADER(text)
        try:
            node = loader.get_single_node()
            _once(node, set())
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(error.problem or "cannot be read", mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        raise Unreadable(str(error).partition("\n")[0], 1) from None
    except RecursionError:
        raise Unreadable("is nested too deeply", 1) from None


def _once(node: Any, seen: set[int]) -> None:
    if node is None or id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            _once(each, seen)
        return
    keys: dict[str, int] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            if key.value in keys:
                what = f"the key `{key.value}` stands here a second time, first on line "
                raise Unreadable(f"{what}{keys[key.value]}", line)
            keys[key.value] = line
        _once(value, seen)


def _json(text: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(error.msg, error.lineno) from None


def _toml(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        last = text.count("\n") + 1
        what = str(error)[: at.start()] if at else str(error)
        raise Unreadable(what, int(at[1]) if at and at[1] else last) from None


def _python(text: str) -> None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise Unreadable(error.msg, error.lineno or 1) from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error), 1) from None


def _ini(text: str) -> None:
    try:
        configparser.RawConfigParser().read_string(text)
    except configparser.MissingSectionHeaderError as error:
        raise Unreadable("it stands before the first `[section]`", error.lineno) from None
    except configparser.ParsingError as error:
        what = "this is neither `key = value` nor `[section]`"
        raise Unreadable(what, error.errors[0][0]) from None
    except configparser.DuplicateOptionError as error:
        what = f"the key `{error.option}` stands here a second time"
        raise Unreadable(what, error.lineno or 1) from None
    except configparser.DuplicateSectionError as error:
        what = f"the section `{error.section}` stands here a second time"
        raise Unreadable(what, error.lineno or 1) from None


READERS: Mapping[str, Callable[[str], object]] = {
    ".yaml": tree,
    ".json": _json,
    ".toml": _toml,
    ".py": _python,
    ".conf": _ini,
}
FORMS = {
    "yaml": "YAML",
    "json": "JSON",
    "toml": "TOML",
    "py": "Python",
    "conf": "INI",
    "Dockerfile": "Dockerfile",
    "Caddyfile": "Caddyfile",
}
