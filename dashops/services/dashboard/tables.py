"""The tables that say which revisions there are and which one each name shows; no logic."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sql

metadata = sql.MetaData()

revisions = sql.Table(
    "revisions",
    metadata,
    sql.Column("name", sql.String(63), primary_key=True),
    sql.Column("number", sql.Integer, primary_key=True),
    sql.Column("digest", sql.String(64), nullable=False),
    sql.Column("state", sql.String(8), nullable=False),
    sql.Column("title", sql.Text, nullable=False),
    sql.Column("kernel", sql.Text, nullable=False),
    sql.Column("language", sql.Text, nullable=False),
    sql.Column("created", sql.String(32), nullable=False),
    sql.Column("size", sql.BigInteger, nullable=False),
    sql.Column("assets", sql.JSON, nullable=False),
    sql.Column("author", sql.String(200), nullable=False),
    sql.Column("commit", sql.String(200), nullable=False),
    sql.Column("failure", sql.JSON(none_as_null=True)),
    sql.Column("source", sql.String(64), nullable=False, server_default=""),
    sql.Column("environment", sql.String(64), nullable=False, server_default=""),
    sql.Column("dependencies", sql.Text, nullable=False, server_default=""),
    sql.Column("warnings", sql.JSON, nullable=False, server_default="[]"),
    sql.Column("thumbnail", sql.Boolean, nullable=False, server_default=sql.false()),
)

# One row each time a name was given a revision; the newest row of a name is what it shows.
activations = sql.Table(
    "activations",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("name", sql.String(63), nullable=False, index=True),
    sql.Column("number", sql.Integer, nullable=False),
    sql.Column("activated", sql.String(32), nullable=False),
)


deploys = sql.Table(
    "deploys",
    metadata,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("name", sql.String(63), nullable=False),
    sql.Column("author", sql.String(200), nullable=False),
    sql.Column("state", sql.String(12), nullable=False),
    sql.Column("revision", sql.Integer),
    sql.Column("message", sql.Text, nullable=False),
    sql.Column("started", sql.String(32), nullable=False),
    sql.Column("finished", sql.String(32)),
)


def open_database(path: Path) -> sql.Engine:
    """The database in that file, made if it is not there."""
    engine = sql.create_engine(f"sqlite:///{path}")
    sql.event.listen(engine, "connect", _set_up)
    metadata.create_all(engine)
    path.chmod(0o600)
    return engine


def _set_up(connection: sqlite3.Connection, _: Any) -> None:
    # Readers then do not wait for a writer, and a crash leaves the last transaction whole.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA busy_timeout=10000")
