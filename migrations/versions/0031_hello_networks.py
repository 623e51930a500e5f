"""Hellos are counted by network and day, so that no script says thousands."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "hello_networks",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("network", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "network", name=op.f("pk_hello_networks")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("hello_networks")
