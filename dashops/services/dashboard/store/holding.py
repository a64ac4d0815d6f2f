"""The part of the store that lets nothing go while somebody copies; it copies nothing itself."""

import contextlib
import threading
import uuid
from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sql

from dashops.services.dashboard.store import grants, records, tables
from dashops.services.dashboard.store.files import Files
from dashops.services.dashboard.store.records import Revision

ACTIVATED, KEPT = tables.activations.c, tables.revisions.c


class Holding:
    """Keeps revisions and their files, as long as that is needed."""

    reading: sql.Engine
    files: Files
    _changing: threading.RLock
    _held: set[tuple[str, str]]

    @contextlib.contextmanager
    def holding(self) -> Iterator[tuple[list[Revision], dict[str, list[dict[str, Any]]]]]:
        """All revisions that were judged, and rows of what else there is; none goes meanwhile.

        The rows are ``activations``, oldest first, and ``grants``.
        """
        shown = sql.select(ACTIVATED.name, ACTIVATED.number, ACTIVATED.activated)
        with self._changing:
            with self.reading.connect() as connection:
                judged = sql.select(tables.revisions).where(KEPT.state != "new")
                rows = connection.execute(judged.order_by(KEPT.name, KEPT.number)).mappings()
                revisions = [records.revision(row) for row in rows]
                found = connection.execute(shown.order_by(ACTIVATED.id)).mappings()
                activations = [dict(row) for row in found]
                others = {"activations": activations, "grants": grants.rows(connection)}
            holds = self._hold({each.digest for each in revisions})
        with holds:
            yield revisions, others

    @contextlib.contextmanager
    def bringing(self, digests: Collection[str]) -> Iterator[None]:
        """Nothing of these digests goes, but what has no revision at the end may."""
        with self._changing:
            holds = self._hold(digests)
        with holds:
            self.files.doubt(digests)
            yield

    def _hold(self, digests: Collection[str]) -> contextlib.ExitStack:
        # No name has a slash, so nobody else can release these.
        mine = {(f"/{uuid.uuid4().hex}", digest) for digest in digests}
        self._held |= mine
        stack = contextlib.ExitStack()
        stack.callback(self._held.difference_update, mine)
        return stack
