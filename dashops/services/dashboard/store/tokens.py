"""The part of the store that keeps tokens of programs, each as a hash; it judges none."""

import sqlalchemy as sql

from dashops.services.dashboard.store import records, tables
from dashops.services.dashboard.store.records import Token

KEPT = tables.tokens.c


class Tokens:
    """Tokens by id; one that was revoked stays, so that the record says whose it was."""

    reading: sql.Engine
    writing: sql.Engine

    def token(self, token_id: str) -> Token | None:
        """The token of that id, if there ever was one."""
        with self.reading.connect() as connection:
            found = connection.execute(sql.select(tables.tokens).where(KEPT.id == token_id))
            row = found.mappings().one_or_none()
        return records.token(row) if row else None

    def tokens(self) -> list[Token]:
        """All of them, newest first."""
        query = sql.select(tables.tokens).order_by(KEPT.created.desc(), KEPT.id)
        with self.reading.connect() as connection:
            return [records.token(row) for row in connection.execute(query).mappings()]

    def keep_token(self, token: Token) -> None:
        """Keep a new one."""
        row = {**vars(token), "scopes": list(token.scopes)}
        with self.writing.begin() as connection:
            connection.execute(sql.insert(tables.tokens).values(row))

    def revoke_token(self, token_id: str) -> bool:
        """End one for good; ``False`` when there is none that is not revoked already."""
        this = sql.update(tables.tokens).where(KEPT.id == token_id, KEPT.revoked.is_(None))
        with self.writing.begin() as connection:
            return bool(connection.execute(this.values(revoked=records.now())).rowcount)

    def token_used(self, token_id: str, when: str) -> None:
        """Note when it was used last."""
        with self.writing.begin() as connection:
            this = sql.update(tables.tokens).where(KEPT.id == token_id)
            connection.execute(this.values(used=when))
