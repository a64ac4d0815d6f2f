"""How revisions open: from a snapshot, warm or fresh, and why."""

import sqlalchemy as sql
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add it; of revisions of before nobody knows until they are opened."""
    for column in (
        sql.Column("mode", sql.String(8), nullable=False, server_default=""),
        sql.Column("reasons", sql.JSON(none_as_null=True)),
    ):
        op.add_column("revisions", column)
