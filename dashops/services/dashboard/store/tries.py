"""The record of deploys: who tried what and how that ended; no revision depends on it."""

import uuid

import sqlalchemy as sql

from dashops.services.dashboard.store import records, tables
from dashops.services.dashboard.store.records import Deploy

TRIED = tables.deploys.c


class Tries:
    """The part of the store with the deploys."""

    reading: sql.Engine
    writing: sql.Engine

    def begin(self, name: str, author: str) -> Deploy:
        """Note that a deploy begins."""
        deploy = Deploy(uuid.uuid4().hex, name, author, "running", None, "", records.moment(), None)
        self._note(sql.insert(tables.deploys).values(vars(deploy)))
        return deploy

    def finish(self, deploy_id: str, state: str, revision: int | None, message: str) -> None:
        """Note how a deploy ended."""
        end = {
            "state": state,
            "revision": revision,
            "message": message,
            "finished": records.moment(),
        }
        self._note(sql.update(tables.deploys).where(TRIED.id == deploy_id).values(end))

    def deploys(self, limit: int) -> list[Deploy]:
        """The last deploys, newest first."""
        query = sql.select(tables.deploys).order_by(TRIED.started.desc()).limit(limit)
        with self.reading.connect() as connection:
            return [Deploy(**row) for row in connection.execute(query).mappings()]

    def interrupt(self) -> None:
        """Note that none of those that ran goes on: the server was stopped."""
        ended = {"state": "interrupted", "finished": records.moment()}
        self._note(sql.update(tables.deploys).where(TRIED.state == "running").values(ended))

    def _note(self, statement: sql.Executable) -> None:
        with self.writing.begin() as connection:
            connection.execute(statement)
