"""The audit list, removed accounts, and what checks of destinations found."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_table(
        "link_checks",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_checks_link_id_links")
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_checks")),
    )
    op.create_index(op.f("ix_link_checks_checked_at"), "link_checks", ["checked_at"])
    op.add_column("accounts", sa.Column("removed_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("accounts", "removed_at")
    op.drop_table("link_checks")
    op.drop_table("audit_entries")
