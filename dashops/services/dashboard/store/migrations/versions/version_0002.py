"""Environments, warnings and thumbnails of revisions; a record of deploys; indexes."""

import sqlalchemy as sql
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them; revisions of before have the default environment."""
    for column in (
        sql.Column("source", sql.String(64), nullable=False, server_default=""),
        sql.Column("environment", sql.String(64), nullable=False, server_default=""),
        sql.Column("dependencies", sql.Text, nullable=False, server_default=""),
        sql.Column("warnings", sql.JSON(none_as_null=True)),
        sql.Column("thumbnail", sql.Boolean, nullable=False, server_default=sql.false()),
    ):
        op.add_column("revisions", column)
    op.create_index("revisions_by_digest", "revisions", ["digest"])
    op.create_index("activations_by_revision", "activations", ["name", "number", "id"])
    op.create_table(
        "deploys",
        sql.Column("id", sql.String(32), primary_key=True),
        sql.Column("name", sql.String(63), nullable=False),
        sql.Column("author", sql.String(200), nullable=False),
        sql.Column("state", sql.String(16), nullable=False),
        sql.Column("revision", sql.Integer),
        sql.Column("message", sql.Text, nullable=False),
        sql.Column("started", sql.String(32), nullable=False),
        sql.Column("finished", sql.String(32)),
    )
    op.create_index("deploys_by_start", "deploys", ["started"])
