"""Who may open what, and tokens of programs."""

import sqlalchemy as sql
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add them; dashboards of before are open to whom `dashboard.access` says."""
    op.create_table(
        "grants",
        sql.Column("dashboard", sql.String(63), primary_key=True),
        sql.Column("kind", sql.String(16), primary_key=True),
        sql.Column("value", sql.String(200), primary_key=True),
    )
    op.create_table(
        "tokens",
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
