"""What differs between two bundles: files, packages, cells; it reads no file."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashops.bundle.contents import Bundle

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_NAMED = 8
"""Names in one sentence; of more, the number."""


@dataclass(frozen=True)
class Change:
    """Something that differs; `old` and `new` are versions or sizes, None where it is not there."""

    name: str
    old: str | int | None
    new: str | int | None


def files(old: Bundle, new: Bundle) -> tuple[Change, ...]:
    """Those beside the notebook, with their sizes in bytes."""
    return _changes(old.files, new.files, len)


def packages(old: Bundle, new: Bundle) -> tuple[Change, ...]:
    """What their locks pin, with versions."""
    return _changes(_pins(old), _pins(new), str)


def sentences(old: Bundle, new: Bundle) -> tuple[str, ...]:
    """All of it in a few lines, such as *cell 3 changed*; cells count from 1 in the new one."""
    found = [*_cells(_sources(old.notebook), _sources(new.notebook))]
    for what, changes in (("file", files(old, new)), ("package", packages(old, new))):
        found += _kinds(what, changes)
    return tuple(found)


def _changes(
    old: Mapping[str, Any], new: Mapping[str, Any], shown: Callable[[Any], str | int]
) -> tuple[Change, ...]:
    return tuple(
        Change(
            name,
            shown(old[name]) if name in old else None,
            shown(new[name]) if name in new else None,
        )
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


def _pins(found: Bundle) -> dict[str, str]:
    return dict(_PIN.findall(found.lock or ""))


def _sources(notebook: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(each["cell_type"], "".join(each["source"])) for each in notebook["cells"]]


def _cells(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> list[str]:
    changed: list[str] = []
    added: list[str] = []
    removed = 0
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        both = min(i2 - i1, j2 - j1)
        changed += [str(number + 1) for number in range(j1, j1 + both)]
        added += [str(number + 1) for number in range(j1 + both, j2)]
        removed += i2 - i1 - both
    gone = [f"{removed} cell{'s' if removed > 1 else ''} removed"] if removed else []
    return [*_sentence("cell", "changed", changed), *_sentence("cell", "added", added), *gone]


def _kinds(what: str, changes: tuple[Change, ...]) -> list[str]:
    changed = [
        f"{each.name} {each.old} → {each.new}" if what == "package" else each.name
        for each in changes
        if None not in (each.old, each.new)
    ]
    added = [each.name for each in changes if each.old is None]
    removed = [each.name for each in changes if each.new is None]
    return [
        *_sentence(what, "changed", changed),
        *_sentence(what, "added", added),
        *_sentence(what, "removed", removed),
    ]


def _sentence(what: str, verb: str, names: list[str]) -> list[str]:
    if not names:
        return []
    if len(names) > _NAMED:
        return [f"{len(names)} {what}s {verb}"]
    return [f"{what}{'s' if len(names) > 1 else ''} {', '.join(names)} {verb}"]
