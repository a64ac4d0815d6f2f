"""The part of the store that says how revisions open; what the words mean says serving."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import sqlalchemy as sql

from dashops.services.dashboard.store import tables
from dashops.services.dashboard.store.records import Revision


class Decisions:
    """Notes the mode of a revision, which is empty until somebody has found it out."""

    _change: Any

    def decide(self, revision: Revision, mode: str, reasons: Collection[str]) -> Revision:
        """Note how a revision opens, and why."""
        decided = replace(revision, mode=mode, reasons=tuple(reasons))
        this = tables.row_of(revision.name, revision.number)
        values = {"mode": mode, "reasons": list(reasons)}
        self._change(revision.name, sql.update(tables.revisions).where(this).values(values))
        return decided
