"""The tables of dashops 0.1, which had no versions."""

import sqlalchemy as sql
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "revisions",
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
    )
    op.create_table(
        "activations",
        sql.Column("id", sql.Integer, primary_key=True, autoincrement=True),
        sql.Column("name", sql.String(63), nullable=False, index=True),
        sql.Column("number", sql.Integer, nullable=False),
        sql.Column("activated", sql.String(32), nullable=False),
    )
