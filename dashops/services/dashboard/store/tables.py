"""The tables: revisions and what each name shows, deploys, people and their logins; no logic.

Whoever changes them writes a migration; a test compares both.
"""

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
    sql.Column("warnings", sql.JSON(none_as_null=True)),
    sql.Column("thumbnail", sql.Boolean, nullable=False, server_default=sql.false()),
    sql.Column("mode", sql.String(8), nullable=False, server_default=""),
    sql.Column("reasons", sql.JSON(none_as_null=True)),
    sql.Index("revisions_by_digest", "digest"),
)

# One row each time a name was given a revision; the newest row of a name is what it shows.
activations = sql.Table(
    "activations",
    metadata,
    sql.Column("id", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("name", sql.String(63), nullable=False, index=True),
    sql.Column("number", sql.Integer, nullable=False),
    sql.Column("activated", sql.String(32), nullable=False),
    sql.Index("activations_by_revision", "name", "number", "id"),
)

deploys = sql.Table(
    "deploys",
    metadata,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("name", sql.String(63), nullable=False),
    sql.Column("author", sql.String(200), nullable=False),
    sql.Column("state", sql.String(16), nullable=False),
    sql.Column("revision", sql.Integer),
    sql.Column("message", sql.Text, nullable=False),
    sql.Column("started", sql.String(32), nullable=False),
    sql.Column("finished", sql.String(32)),
    sql.Index("deploys_by_start", "started"),
)

# People with a password of their own; whom another provider vouches for has no row.
users = sql.Table(
    "users",
    metadata,
    sql.Column("name", sql.String(200), primary_key=True),
    sql.Column("display", sql.String(200), nullable=False),
    sql.Column("password", sql.String(200), nullable=False),
    sql.Column("role", sql.String(16), nullable=False),
    sql.Column("created", sql.String(32), nullable=False),
    sql.Column("disabled", sql.Boolean, nullable=False, server_default=sql.false()),
)

members = sql.Table(
    "members",
    metadata,
    sql.Column("user", sql.String(200), primary_key=True),
    sql.Column("grp", sql.String(200), primary_key=True),
)

# The id is the SHA-256 of what the cookie holds; moments are seconds since 1970, to reckon with.
sessions = sql.Table(
    "sessions",
    metadata,
    sql.Column("id", sql.String(64), primary_key=True),
    sql.Column("user", sql.String(200), nullable=False),
    sql.Column("display", sql.String(200), nullable=False),
    sql.Column("groups", sql.JSON, nullable=False),
    sql.Column("role", sql.String(16)),
    sql.Column("provider", sql.String(64), nullable=False),
    sql.Column("created", sql.BigInteger, nullable=False),
    sql.Column("seen", sql.BigInteger, nullable=False),
    sql.Column("expires", sql.BigInteger, nullable=False),
    sql.Column("address", sql.String(64), nullable=False),
    sql.Index("sessions_by_user", "user"),
)

# Who may open what. A dashboard without a row is open to whom `dashboard.access` says.
grants = sql.Table(
    "grants",
    metadata,
    sql.Column("dashboard", sql.String(63), primary_key=True),
    sql.Column("kind", sql.String(16), primary_key=True),
    sql.Column("value", sql.String(200), primary_key=True),
)

# `hash` is the SHA-256 of the whole token, which nobody keeps.
tokens = sql.Table(
    "tokens",
    metadata,
    sql.Column("id", sql.String(16), primary_key=True),
    sql.Column("name", sql.String(200), nullable=False),
    sql.Column("hash", sql.String(64), nullable=False),
    sql.Column("scopes", sql.JSON, nullable=False),
    sql.Column("created", sql.String(32), nullable=False),
    sql.Column("expires", sql.String(32)),
    sql.Column("used", sql.String(32)),
    sql.Column("revoked", sql.String(32)),
    sql.Column("creator", sql.String(200), nullable=False, server_default=""),
)


def row_of(name: str, number: int) -> sql.ColumnElement[bool]:
    """Which row of the revisions is that one."""
    return sql.and_(revisions.c.name == name, revisions.c.number == number)
