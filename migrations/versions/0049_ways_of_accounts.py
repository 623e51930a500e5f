"""Unique clicks by month and way; marks of first clicks say how their segment is known."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"

COUNTS = ("unattributed", "personal", "variant", "recognised", "recognised_network")


def upgrade() -> None:
    op.add_column(
        "first_clicks",
        sa.Column("attribution", sa.SmallInteger(), server_default="0", nullable=False),
    )
    op.create_table(
        "account_ways",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("account_id", "month", name=op.f("pk_account_ways")),
        sqlite_with_rowid=False,
    )
    # Marks and counts come from the clicks, in the owner's time zone.
    op.execute(
        "INSERT INTO click_facts (name, value) SELECT 'counts_added', 1 "
        "WHERE EXISTS (SELECT 1 FROM clicks) "
        "AND NOT EXISTS (SELECT 1 FROM click_facts WHERE name = 'counts_added')"
    )


def downgrade() -> None:
    op.drop_table("account_ways")
    op.drop_column("first_clicks", "attribution")
