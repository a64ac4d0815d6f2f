"""Rows that came from outside → revisions and activations, or ValueError; it touches nothing."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashops import bundle as bundles
from dashops import errors
from dashops.services.dashboard import access
from dashops.services.dashboard.store.grants import OWNER
from dashops.services.dashboard.store.records import Revision

_DIGEST = re.compile(r"[0-9a-f]{64}")


Others = dict[str, list[dict[str, Any]]]
"""Rows by the name of their table."""


def check(content: Mapping[str, Any]) -> tuple[list[Revision], Others]:
    """The revisions in the rows of a backup, and all other rows."""
    revisions = [_revision(each) for each in _list(content, "revisions")]
    activations = [_activation(each) for each in _list(content, "activations")]
    known = {(each.name, each.number): each.state for each in revisions}
    if len(known) != len(revisions):
        raise ValueError("it has a revision twice")
    shown = {each["name"]: (each["name"], each["number"]) for each in activations}
    if any(known.get(newest) != "good" for newest in shown.values()):
        raise ValueError("it has a dashboard without its revision")
    granted = [row for name, each in _granted(content).items() for row in _rows(name, each)]
    if not {each["dashboard"] for each in granted} <= {each.name for each in revisions}:
        raise ValueError("it grants a dashboard that it does not have")
    return revisions, {"activations": activations, "grants": granted}


def _granted(content: Mapping[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in _list(content, "grants"):
        found.setdefault(_name(row, "dashboard"), []).append(row)
    return found


def _rows(name: str, found: list[Any]) -> list[dict[str, Any]]:
    """The grants of one dashboard, as few and as sane as if somebody had asked for them."""
    try:
        owners = [
            access.name(row.get("value"), "user") for row in found if row.get("kind") == OWNER
        ]
        others = [row for row in found if row.get("kind") != OWNER]
        given = access.read(others) if others else frozenset()
    except errors.SpecError as error:
        raise ValueError(error.message) from error
    if len(owners) > 1:
        raise ValueError("it has a dashboard with two owners")
    everything = [*given, *(access.Grant(OWNER, each) for each in owners)]
    return [{"dashboard": name, "kind": each.kind, "value": each.value} for each in everything]


def _revision(row: Any) -> Revision:
    state, failure = _text(row, "state", 8), row.get("failure")
    if state not in ("good", "failed"):
        raise ValueError(f"it has a revision that is {state!r}")
    if not (failure is None or (isinstance(failure, dict) and _text(failure, "message", 10**6))):
        raise ValueError("it has a failure that is none")
    warnings = _list(row, "warnings")
    if not all(isinstance(each, str) for each in warnings):
        raise ValueError("it has a warning that is no text")
    mode, reasons = _text(row, "mode", 8) if row.get("mode") else "", row.get("reasons") or []
    if not (isinstance(reasons, list) and all(isinstance(each, str) for each in reasons)):
        raise ValueError("it has a reason that is no text")
    return Revision(
        name=_name(row),
        number=_number(row),
        digest=_digest(row, "digest"),
        state=state,
        created=_time(row, "created"),
        size=0,
        assets=(),
        failure=failure,
        source=_digest(row, "source") if row.get("source") else "",
        dependencies=_text(row, "dependencies", 200),
        warnings=tuple(warnings),
        # A mode that nobody knows is found out anew.
        mode=mode if mode in bundles.MODES else "",
        reasons=tuple(reasons) if mode in bundles.MODES else (),
        title=_text(row, "title", 1000),
        kernel=_text(row, "kernel", 200),
        language=_text(row, "language", 200),
        author=_text(row, "author", 200),
        commit=_text(row, "commit", 200),
    )


def _activation(row: Any) -> dict[str, Any]:
    return {"name": _name(row), "number": _number(row), "activated": _time(row, "activated")}


def _name(row: Any, key: str = "name") -> str:
    try:
        return bundles.check_name(_text(row, key, 63))
    except errors.SpecError as error:
        raise ValueError(error.message) from error


def _number(row: Any) -> int:
    number = row.get("number")
    if type(number) is not int or not 0 < number < 10**9:
        raise ValueError("it has a revision without a number")
    return number


def _digest(row: Any, key: str) -> str:
    if not _DIGEST.fullmatch(text := _text(row, key, 64)):
        raise ValueError(f"it has a revision without a {key}")
    return text


def _time(row: Any, key: str) -> str:
    datetime.fromisoformat(text := _text(row, key, 32))
    return text


def _text(row: Any, key: str, most: int) -> str:
    text = row.get(key) if isinstance(row, dict) else None
    if not isinstance(text, str) or len(text) > most or "\0" in text:
        raise ValueError(f"`{key}` of a row cannot be used")
    return text


def _list(content: Any, key: str) -> list[Any]:
    found = content.get(key)
    if not isinstance(found, list):
        raise ValueError(f"it has no list `{key}`")
    return found
