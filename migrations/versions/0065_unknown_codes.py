"""Codes that people ask for and no link has."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    op.create_table(
        "unknown_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("domain_id", sa.Integer()),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("ignored", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["domains.id"],
            name=op.f("fk_unknown_codes_domain_id_domains"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unknown_codes")),
        sa.UniqueConstraint("key", name=op.f("uq_unknown_codes_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_unknown_codes_domain_id"), "unknown_codes", ["domain_id"])
    op.create_table(
        "unknown_code_days",
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["code_id"],
            ["unknown_codes.id"],
            name=op.f("fk_unknown_code_days_code_id_unknown_codes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_id", "day", name=op.f("pk_unknown_code_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "unknown_askers",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.BigInteger(), nullable=False),
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "visitor", "code_id", name=op.f("pk_unknown_askers")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("unknown_askers")
    op.drop_table("unknown_code_days")
    op.drop_table("unknown_codes")
