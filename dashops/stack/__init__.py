"""dashops.yaml and `DASHOPS_*` become one frozen Stack; nothing else reads either of them."""

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dashops.errors import SpecError
from dashops.stack import problems, source, variables
from dashops.stack.example import example
from dashops.stack.model import Dashboard, Environment, Gateway, Notebook, Stack, sections

__all__ = [
    "FILE",
    "GATEWAYS",
    "HOST",
    "TARGET",
    "Dashboard",
    "Environment",
    "Gateway",
    "Notebook",
    "Stack",
    "example",
    "last_gateways",
    "last_host",
    "last_target",
    "load",
    "parse",
    "remembered",
    "schema",
]

FILE = "dashops.yaml"
TARGET = "target"
"""The file in the state folder that says what the last `up` was for."""
HOST = "host"
"""The same of its host; empty for none."""
GATEWAYS = "gateways"
"""How many gateways `scale` asked for."""


def load(
    path: Path | None = None,
    env: Mapping[str, str] = os.environ,
    target: str | None = None,
    host: str | None = None,
) -> Stack:
    """The stack of a file, or of the defaults when `path` is None and there is no file.

    Without `path` the file is the one `DASHOPS_STACK` names, else `dashops.yaml` here. `target`
    and `host` win over the file; where neither names one it is that of the last `up`. A `host`
    alone is for the target `compose`, and an empty one is none. The number of gateways is that of
    the file, else of the last `scale`.
    Raises SpecError that names every problem with its place.
    """
    target = target or ("compose" if host else None)
    named = {"DASHOPS_TARGET": target or None, "DASHOPS_HOST": host}
    return remembered(
        _loaded(path, {**env, **{key: it for key, it in named.items() if it is not None}})
    )


def there(file: Path) -> Stack:
    """The stack of a file, which need not exist: then that of the defaults, beside it."""
    return load(file) if file.exists() else remembered(parse("", file, os.environ))


def remembered(found: Stack) -> Stack:
    """The stack with the target and the host of the last `up` where nothing else names them."""
    if found.where("target") == "default":
        found = found.on(last_target(found))
    if found.where("host") == "default" and found.target == "compose":
        found = found.at(last_host(found))
    if found.where("gateway.count") == "default" and found.target == "compose":
        found = found.sized(last_gateways(found))
    return found


def last_target(stack: Stack) -> str:
    """The target of the last `up`; empty before the first."""
    return _last(stack, TARGET)


def last_host(stack: Stack) -> str:
    """The host of the last `up`; empty for none."""
    return _last(stack, HOST)


def last_gateways(stack: Stack) -> int:
    """The number of gateways that the last `scale` asked for, at first 1."""
    said = _last(stack, GATEWAYS)
    return int(said) if said.isdecimal() and int(said) else 1


def _last(stack: Stack, name: str) -> str:
    try:
        return (stack.state_dir / name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _loaded(path: Path | None, env: Mapping[str, str]) -> Stack:
    named = env.get("DASHOPS_STACK")
    if path:
        return parse(_text(path, where=""), path, env)
    if named:
        file = Path(named).expanduser()
        return parse(_text(file, where="DASHOPS_STACK"), file, env)
    file = Path(FILE)
    # A broken link is a mistake to report, not a stack without a file.
    if file.exists() or file.is_symlink():
        return parse(_text(file, where=""), file, env)
    return _checked(problems.Page(FILE), None, env)


def parse(text: str, path: Path, env: Mapping[str, str]) -> Stack:
    """The stack that `text`, taken as the content of the file `path`, describes.

    Raises SpecError that names every problem with its place.
    """
    file = path.parent.resolve() / path.name
    return _checked(problems.Page(str(path), text, source.read(text)), file, env)


def schema() -> dict[str, Any]:
    """The JSON Schema of the file, with a description of every key."""
    found = Stack.model_json_schema()
    # The default of a section repeats those of its keys, and an empty name is none.
    for name in sections():
        found["properties"][name].pop("default")
    found["properties"]["name"].pop("default")
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return found


def _checked(page: problems.Page, path: Path | None, env: Mapping[str, str]) -> Stack:
    folder = path.parent if path else Path.cwd()
    overrides, flaws = variables.read(env)
    flaws += page.source.flaws
    tree = _overridden(page.source.tree, overrides)
    if tree is None:
        hint = "start with a key, such as `dashboard:`"
        flaws.append(source.Flaw(page.source.values[()], "the file should hold keys", hint))
        raise page.error(flaws)
    tree.setdefault("name", _slug(folder.name))
    page = dataclasses.replace(
        page, variables={key: name for name, key in variables.names().items() if key in overrides}
    )
    try:
        stack = Stack.model_validate_json(json.dumps(tree), context={"folder": folder})
    except ValidationError as error:
        known = {flaw.place for flaw in flaws}
        found = [page.flaw(detail) for detail in error.errors()]
        # What could not be read at all has no value either: say the former only.
        flaws += [flaw for flaw in found if isinstance(flaw.place, str) or flaw.place not in known]
    if flaws:
        raise page.error(flaws)
    places = {
        ".".join(str(part) for part in loc): f"{page.name}:{place.line}"
        for loc, place in page.source.keys.items()
    }
    return stack.placed(folder, path, {**places, **page.variables})


def _overridden(
    tree: source.Value, overrides: Mapping[str, source.Value]
) -> dict[str, source.Value] | None:
    if not isinstance(tree, dict | None):
        return None
    # A section whose keys are all commented out is as good as absent.
    inner = sections()
    result = {
        key: value for key, value in (tree or {}).items() if value is not None or key not in inner
    }
    for key, value in overrides.items():
        section, _, leaf = key.rpartition(".")
        owner = result.setdefault(section, {}) if section else result
        # A section of the wrong type is reported as such.
        if isinstance(owner, dict):
            owner[leaf] = value
    return result


def _text(path: Path, where: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        message, hint = f"there is no file `{path}`", "`dashops init` writes one"
    except IsADirectoryError:
        message, hint = f"`{path}` is a folder", f"name the file in it: `{path / FILE}`"
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        where = where or f"{path}:{line}"
        message, hint = f"`{path}` is not UTF-8 text", "save it as UTF-8 in your editor"
    except OSError as error:
        message, hint = f"`{path}` cannot be read: {error.strerror}", "check who may read it"
    raise SpecError(message, hint=hint, where=where)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-") or "dashops"
