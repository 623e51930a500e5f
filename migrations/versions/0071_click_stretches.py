"""Clicks of busy links by referrer, counted ahead in stretches of time."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    op.create_table(
        "click_stretches",
        sa.Column("link_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begins", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("referrers", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "begins", name=op.f("pk_click_stretches")),
    )
    op.create_index("ix_click_stretches_ends", "click_stretches", ["ends"])


def downgrade() -> None:
    op.drop_table("click_stretches")
