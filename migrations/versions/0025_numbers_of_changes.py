"""Changes of links are numbered in the order of commit, so that no clock can hide one."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "change_numbers",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_change_numbers")),
    )
    for table in ("accounts", "links"):
        number = sa.Column("change_number", sa.BigInteger(), server_default="0", nullable=False)
        op.add_column(table, number)
    op.create_index(op.f("ix_links_change_number"), "links", ["change_number"])


def downgrade() -> None:
    op.drop_index(op.f("ix_links_change_number"), "links")
    for table in ("links", "accounts"):
        op.drop_column(table, "change_number")
    op.drop_table("change_numbers")
