"""What was done to many links at once, and what each was before."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    op.create_table(
        "bulk_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("account_id", sa.Integer()),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.Column("undone_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_bulk_changes_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_changes")),
    )
    op.create_index(op.f("ix_bulk_changes_account_id"), "bulk_changes", ["account_id"])
    op.create_table(
        "bulk_changed_links",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["bulk_changes.id"],
            name=op.f("fk_bulk_changed_links_change_id_bulk_changes"),
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_bulk_changed_links_link_id_links")
        ),
        sa.PrimaryKeyConstraint("change_id", "link_id", name=op.f("pk_bulk_changed_links")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_bulk_changed_links_link_id"), "bulk_changed_links", ["link_id"])


def downgrade() -> None:
    op.drop_table("bulk_changed_links")
    op.drop_table("bulk_changes")
