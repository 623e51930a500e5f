"""Passwords, viewers and the accounts they are limited to, and shared reports."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column(
        "owners", sa.Column("role", sa.String(length=10), server_default="owner", nullable=False)
    )
    op.add_column(
        "owners", sa.Column("limited", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("owners", sa.Column("password_hash", sa.String(length=200), nullable=True))
    op.add_column(
        "owners", sa.Column("failed_attempts", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("owners", sa.Column("wait_until", sa.BigInteger(), nullable=True))
    op.create_table(
        "viewed_accounts",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_viewed_accounts_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_viewed_accounts_owner_id_owners")
        ),
        sa.PrimaryKeyConstraint("owner_id", "account_id", name=op.f("pk_viewed_accounts")),
    )
    op.create_table(
        "shared_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_shared_reports_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_reports")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_shared_reports_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("shared_reports")
    op.drop_table("viewed_accounts")
    for name in ("wait_until", "failed_attempts", "password_hash", "limited", "role"):
        op.drop_column("owners", name)
