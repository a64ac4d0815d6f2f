"""Which revisions go, and with them their files; what was looked at once is not looked at again."""

from collections.abc import Mapping

import sqlalchemy as sql

from dashops.services.dashboard.store import tables
from dashops.services.dashboard.store.files import Files

KEPT, ACTIVATED = tables.revisions.c, tables.activations.c
MANY = 500  # values in one statement


class Retention:
    """Remembers the names that may have too many revisions: at first all (None)."""

    def __init__(self, reading: sql.Engine, writing: sql.Engine, files: Files) -> None:
        self._reading, self._writing, self._files = reading, writing, files
        self._names: set[str] | None = None

    def touch(self, name: str) -> None:
        """Note that something about a name changed."""
        if self._names is not None:
            self._names.add(name)

    def collect(self, held: set[str], shown: Mapping[str, int], keep: int) -> None:
        """Forget what is too old and neither held, by digest, nor shown; then delete files."""
        old = self._too_old(keep)
        going = [
            (name, number, digest)
            for name, number, digest in old
            if digest not in held and shown.get(name) != number
        ]
        self._files.doubt(digest for _, _, digest in going)
        if going:
            gone = sql.and_(KEPT.name == sql.bindparam("n"), KEPT.number == sql.bindparam("r"))
            values = [{"n": name, "r": number} for name, number, _ in going]
            with self._writing.begin() as connection:
                connection.execute(sql.delete(tables.revisions).where(gone), values)
        # What is held or shown now may have to go at another time.
        self._names = {name for name, _, _ in old} - {name for name, _, _ in going} | {
            name for name, _, digest in old if digest in held
        }
        self._delete_files(held)

    def _delete_files(self, held: set[str]) -> None:
        doubts = sorted(self._files.doubts())
        for start in range(0, len(doubts), MANY):
            some = doubts[start : start + MANY]
            query = sql.select(KEPT.digest).where(KEPT.digest.in_(some))
            with self._reading.connect() as connection:
                kept = set(connection.scalars(query))
            for digest in some:
                if digest in held:
                    continue
                if digest not in kept:
                    self._files.discard(digest)
                self._files.settled(digest)

    def _too_old(self, keep: int) -> list[tuple[str, int, str]]:
        if self._names is not None and not self._names:
            return []
        rank = sql.func.row_number().over(
            partition_by=(KEPT.name, KEPT.state), order_by=KEPT.number.desc()
        )
        query = sql.select(KEPT.name, KEPT.number, KEPT.digest, rank.label("rank"))
        query = query.where(KEPT.state != "new")
        if self._names is not None and len(self._names) < MANY:
            query = query.where(KEPT.name.in_(sorted(self._names)))
        ranked = query.subquery()
        wanted = (ranked.c.name, ranked.c.number, ranked.c.digest)
        with self._reading.connect() as connection:
            found = connection.execute(sql.select(*wanted).where(ranked.c.rank > keep))
            return [(name, number, digest) for name, number, digest in found]
