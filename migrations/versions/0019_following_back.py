"""Following back: its settings, and each follow that was made."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "follow_backs",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("daily_limit", sa.Integer(), nullable=False),
        sa.Column("shown_at", sa.BigInteger(), nullable=False),
        sa.Column("on_since", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_follow_backs_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_follow_backs")),
    )
    op.create_table(
        "made_follows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(length=512), nullable=False),
        sa.Column("handle", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("followed", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_made_follows_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_made_follows")),
        sa.UniqueConstraint(
            "account_id", "network_id", name=op.f("uq_made_follows_account_id_network_id")
        ),
    )
    op.create_index(
        op.f("ix_made_follows_account_id_begun_at"), "made_follows", ["account_id", "begun_at"]
    )


def downgrade() -> None:
    op.drop_table("made_follows")
    op.drop_table("follow_backs")
