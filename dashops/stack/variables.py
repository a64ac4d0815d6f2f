"""`DASHOPS_*` variables to values for settings; the only reader of these names."""

import difflib
import json
import re
import typing
from collections.abc import Mapping

from dashops.stack import model
from dashops.stack.source import Flaw, Value, is_text

PREFIX = "DASHOPS_"

# Read elsewhere, or set by dashops for what it starts; never a setting.
RESERVED = frozenset(
    f"{PREFIX}{name}" for name in ("STACK", "TOKEN", "SERVER", "DIGEST", "STATE_DIR", "BUNDLE")
)
RESERVED_PREFIXES = (f"{PREFIX}TEST_",)


def names() -> dict[str, str]:
    """The variable of every setting: `{"DASHOPS_DASHBOARD_PORT": "dashboard.port", …}`."""
    return {PREFIX + path.upper().replace(".", "_"): path for path in model.leaves()}


def read(env: Mapping[str, str]) -> tuple[dict[str, Value], list[Flaw]]:
    """Values by path of the setting, and a flaw for each variable that cannot be used."""
    known = names()
    values: dict[str, Value] = {}
    flaws: list[Flaw] = []
    for name in sorted(env):
        if not name.startswith(PREFIX) or name in RESERVED or name.startswith(RESERVED_PREFIXES):
            continue
        if name not in known:
            close = difflib.get_close_matches(name, [*known, *sorted(RESERVED)], n=1, cutoff=0.75)
            hint = f"did you mean `{close[0]}`?" if close else "unset it, or see docs/settings.md"
            flaws.append(Flaw(name, f"unknown variable `{name}`", hint))
        elif not is_text(env[name]):
            flaws.append(Flaw(name, f"`{name}` is not UTF-8 text"))
        else:
            try:
                values[known[name]] = _value(known[name], env[name])
            except ValueError:
                hint = 'write `a,b`, or `["a", "b>=1,<2"]` when an item holds a comma'
                flaws.append(Flaw(name, f"`{name}` starts like a JSON list and is none", hint))
    return values, flaws


def _value(path: str, text: str) -> Value:
    section, _, key = path.rpartition(".")
    owner = model.sections()[section] if section else model.Stack
    kind = owner.model_fields[key].annotation
    if typing.get_origin(kind) is tuple:
        if text.lstrip().startswith("["):
            items: Value = json.loads(text)
            return items
        return [item.strip() for item in text.split(",") if item.strip()]
    if not text and type(None) in typing.get_args(kind):
        return None
    if kind is int and re.fullmatch(r"\s*[-+]?[0-9]{1,30}\s*", text):
        return int(text)
    return text
