"""The part of the store that keeps who may open what; what that means says access."""

import threading
from collections.abc import Collection
from typing import Any

import sqlalchemy as sql

from dashops.services.dashboard.access import Grant, Grants
from dashops.services.dashboard.store import tables

GRANTED = tables.grants.c
OWNER = "owner"  # a row that lets nobody in but says whose the dashboard is
NOTHING = Grants()


class Granted:
    """The grants of all dashboards, remembered: every visit asks, and they seldom change."""

    def __init__(self, reading: sql.Engine) -> None:
        self._reading = reading
        self._known: dict[str, Grants] | None = None
        self._lock = threading.Lock()

    def of(self, name: str) -> Grants:
        """What is granted of a dashboard; of one that nobody knows, nothing."""
        with self._lock:
            if self._known is None:
                with self._reading.connect() as connection:
                    self._known = grouped(rows(connection))
            return self._known.get(name, NOTHING)

    def changed(self) -> None:
        """They may be others now."""
        with self._lock:
            self._known = None


class Granting:
    """Reads and changes grants."""

    change: Any
    _granted: Granted

    def grants(self, name: str) -> Grants:
        """What is granted of a dashboard; of one that nobody knows, nothing."""
        return self._granted.of(name)

    def grant(self, name: str, given: Collection[Grant]) -> None:
        """Let these grants, and no others, be those of a dashboard."""
        self._replace(name, GRANTED.kind != OWNER, given)

    def own(self, name: str, owner: str) -> None:
        """Note whose a dashboard is; empty for nobody's."""
        self._replace(name, GRANTED.kind == OWNER, [Grant(OWNER, owner)] if owner else [])

    def _replace(self, name: str, those: sql.ColumnElement[bool], given: Collection[Grant]) -> None:
        made = [{"dashboard": name, "kind": each.kind, "value": each.value} for each in given]
        with self.change(name) as connection:
            connection.execute(sql.delete(tables.grants).where(GRANTED.dashboard == name, those))
            if made:
                connection.execute(sql.insert(tables.grants), made)


def forget(name: str) -> sql.Executable:
    """What takes all grants of a dashboard away: whoever has its name next starts without."""
    return sql.delete(tables.grants).where(GRANTED.dashboard == name)


def rows(connection: sql.Connection) -> list[dict[str, Any]]:
    """All rows, in an order of their own."""
    order = (GRANTED.dashboard, GRANTED.kind, GRANTED.value)
    return [dict(row) for row in connection.execute(sql.select(*order).order_by(*order)).mappings()]


def grouped(found: Collection[dict[str, Any]]) -> dict[str, Grants]:
    """The grants by dashboard."""
    given: dict[str, set[Grant]] = {}
    owners: dict[str, str] = {}
    for row in found:
        if row["kind"] == OWNER:
            owners[row["dashboard"]] = row["value"]
        else:
            given.setdefault(row["dashboard"], set()).add(Grant(row["kind"], row["value"]))
    names = {*given, *owners}
    return {each: Grants(frozenset(given.get(each, ())), owners.get(each, "")) for each in names}
