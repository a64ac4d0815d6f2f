"""Brings the tables of an empty or older database to those of this dashops, in one transaction."""

from pathlib import Path

import sqlalchemy as sql

from dashops.services.dashboard.store import tables
from dashops.services.dashboard.store.database import Unavailable, writing

VERSIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every version there was, oldest first; a test asserts that they are those of the scripts."""

_VERSION = sql.table("alembic_version", sql.column("version_num"))


def migrate(engine: sql.Engine) -> None:
    """Make or upgrade the tables; whatever goes wrong, the database stays as it was.

    Raises:
        Unavailable: when a newer dashops made the database, or it does not answer.
    """
    with engine.connect() as connection:
        if _version(connection) == VERSIONS[-1]:
            return
    with writing(engine).begin() as connection:
        found = _version(connection)
        if found is None:
            tables.metadata.create_all(connection)
            _create_version(connection)
        elif found != VERSIONS[-1]:
            upgrade(connection, found)


def upgrade(connection: sql.Connection, found: str) -> None:
    """Run the scripts after that version; "" is a database of before there were versions."""
    # Alembic takes a while to import, and nearly no start needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    if not found:
        command.stamp(config, VERSIONS[0])
    command.upgrade(config, "head")


def _version(connection: sql.Connection) -> str | None:
    """The version of the tables, None if there are none."""
    names = sql.inspect(connection).get_table_names()
    if "alembic_version" not in names:
        return "" if "revisions" in names else None
    found = str(connection.scalar(sql.select(_VERSION.c.version_num)))
    if found not in VERSIONS:
        raise Unavailable(
            f"a newer dashops made the database of the dashboards (version {found})",
            "update dashops, or restore a backup into an empty stack",
        )
    return found


def _create_version(connection: sql.Connection) -> None:
    column = sql.Column("version_num", sql.String(32), primary_key=True)
    sql.Table("alembic_version", sql.MetaData(), column).create(connection)
    connection.execute(sql.insert(_VERSION).values(version_num=VERSIONS[-1]))
