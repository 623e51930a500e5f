"""Links for so many clicks, with a password, and where they lead once they have ended."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    op.add_column("link_limits", sa.Column("most_clicks", sa.BigInteger()))
    op.add_column("link_limits", sa.Column("password_hash", sa.Text()))
    op.add_column("link_limits", sa.Column("ended_to", sa.Text()))
    op.create_table(
        "link_budgets",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_budgets_link_id_links")
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_budgets")),
    )
    op.create_table(
        "link_password_failures",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("wait_until", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_password_failures_link_id_links")
        ),
        sa.PrimaryKeyConstraint("link_id", "network", name=op.f("pk_link_password_failures")),
    )
    op.create_index(
        op.f("ix_link_password_failures_failed_at"), "link_password_failures", ["failed_at"]
    )


def downgrade() -> None:
    op.drop_table("link_password_failures")
    op.drop_table("link_budgets")
    for column in ("ended_to", "password_hash", "most_clicks"):
        op.drop_column("link_limits", column)
