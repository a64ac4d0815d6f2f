"""Opens the database by URL and says in words when it does not answer; it knows no table."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sql

PATIENCE = 10  # seconds to wait for a lock or a connection


class Unavailable(Exception):
    """The database cannot do what it was asked now; ``full`` when it has no space left."""

    def __init__(self, message: str, hint: str = "", *, full: bool = False) -> None:
        super().__init__(message)
        self.message, self.hint, self.full = message, hint, full


def connect(url: str, folder: Path) -> sql.Engine:
    """The database at that URL or, without one, SQLite in the folder.

    Raises:
        Unavailable: when the URL is none, or its driver is not installed.
    """
    try:
        if url:
            address = sql.make_url(url)
            engine = _postgresql(address)
        else:
            engine = _sqlite(folder / "store.db")
    except (sql.exc.ArgumentError, ImportError) as error:
        raise Unavailable(
            f"`dashboard.database` cannot be used: {type(error).__name__}",
            "it is like `postgresql://user@host/database`",
        ) from error
    sql.event.listen(engine, "handle_error", _explain)
    return engine


def writing(engine: sql.Engine) -> sql.Engine:
    """The same database for transactions that write: they get the lock before they read."""
    return engine.execution_options(writes=True)


def _postgresql(address: sql.URL) -> sql.Engine:
    if not address.drivername.startswith("postgresql") or address.password:
        raise Unavailable(
            "`dashboard.database` must be a PostgreSQL URL without a password",
            "put the password into ~/.pgpass, or name a file with `?passfile=`",
        )
    return sql.create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,  # a database that was restarted is no error
        connect_args={"connect_timeout": PATIENCE, "options": "-c lock_timeout=10000"},
    )


def _sqlite(path: Path) -> sql.Engine:
    engine = sql.create_engine(f"sqlite:///{path}", connect_args={"timeout": PATIENCE})
    sql.event.listen(engine, "connect", _set_up)
    sql.event.listen(engine, "begin", _begin)
    path.touch(mode=0o600)
    path.chmod(0o600)
    return engine


def _set_up(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # else Python commits before it changes tables
    # Readers then do not wait for a writer, and a crash leaves the last transaction whole.
    connection.execute("PRAGMA journal_mode=WAL")


def _begin(connection: sql.Connection) -> None:
    # A transaction that turns from reading to writing would fail at once if another one writes.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _explain(context: Any) -> None:
    error = context.original_exception
    if isinstance(error, sqlite3.DatabaseError):
        name = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").partition("_")[0]
        if name == "FULL":
            raise Unavailable("the disk is full", "free some disk space", full=True) from error
        if name in ("BUSY", "LOCKED"):
            text = "another program keeps the database of the dashboards locked"
            raise Unavailable(text, "end whatever has `store.db` open") from error
        if name in ("READONLY", "IOERR", "CANTOPEN", "CORRUPT", "NOTADB", "PERM"):
            text = f"the database of the dashboards cannot be used: {error}"
            raise Unavailable(text, "check the disk and the folder `store`") from error
    if state := getattr(error, "sqlstate", None):
        if state.startswith("53"):
            full = state == "53100"
            raise Unavailable("the database has no room left", str(error), full=full) from error
        if state.startswith(("08", "28", "55", "57", "3D")):
            raise Unavailable(_said(error), "see the log of PostgreSQL") from error
    elif type(error).__name__ == "OperationalError" and not isinstance(error, sqlite3.Error):
        raise Unavailable(_said(error), "check `dashboard.database`, and that it runs") from error


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"the database of the dashboards does not answer: {lines[-1] if lines else ''}"
