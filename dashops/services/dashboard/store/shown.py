"""What each name shows, remembered: it is asked at every visit and seldom changes."""

import threading

import sqlalchemy as sql

from dashops.services.dashboard.store import records, tables
from dashops.services.dashboard.store.records import Revision

KEPT, ACTIVATED = tables.revisions.c, tables.activations.c


class Shown:
    """The newest activation of each name; after a change only what changed is read again."""

    def __init__(self, reading: sql.Engine) -> None:
        self._reading = reading
        self._known: dict[str, Revision] | None = None
        self._stale: set[str] = set()
        self._lock = threading.RLock()

    def all(self) -> list[Revision]:
        """What all names show, by name."""
        with self._lock:
            return [known for _, known in sorted(self._fresh().items())]

    def by(self, name: str) -> Revision | None:
        """What a name shows, if it shows anything."""
        with self._lock:
            return self._fresh().get(name)

    def changed(self, *names: str) -> None:
        """Something about these names is another now; without any, about all."""
        with self._lock:
            self._stale.update(names)
            if not names:
                self._known = None

    def _fresh(self) -> dict[str, Revision]:
        if self._known is None:
            self._known = self._read(sql.true())
        elif self._stale:
            found = self._read(ACTIVATED.name.in_(sorted(self._stale)))
            kept = {name: known for name, known in self._known.items() if name not in self._stale}
            self._known = {**kept, **found}
        self._stale.clear()
        return self._known

    def _read(self, wanted: sql.ColumnElement[bool]) -> dict[str, Revision]:
        newest = sql.select(sql.func.max(ACTIVATED.id)).where(wanted).group_by(ACTIVATED.name)
        same = (KEPT.name == ACTIVATED.name) & (KEPT.number == ACTIVATED.number)
        query = (
            sql.select(tables.revisions, ACTIVATED.activated)
            .join(tables.activations, same)
            .where(ACTIVATED.id.in_(newest))
        )
        with self._reading.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return {row["name"]: records.revision(row) for row in rows}
