"""People with passwords, their groups, and who is logged in."""

import sqlalchemy as sql
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables; who was logged in by a signed cookie logs in once more."""
    op.create_table(
        "users",
        sql.Column("name", sql.String(200), primary_key=True),
        sql.Column("display", sql.String(200), nullable=False),
        sql.Column("password", sql.String(200), nullable=False),
        sql.Column("role", sql.String(16), nullable=False),
        sql.Column("created", sql.String(32), nullable=False),
        sql.Column("disabled", sql.Boolean, nullable=False, server_default=sql.false()),
    )
    op.create_table(
        "members",
        sql.Column("user", sql.String(200), primary_key=True),
        sql.Column("grp", sql.String(200), primary_key=True),
    )
    op.create_table(
        "sessions",
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
    )
    op.create_index("sessions_by_user", "sessions", ["user"])
