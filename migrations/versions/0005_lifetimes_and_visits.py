"""Clicks by the hour after a post, and how many of an account's links visitors clicked.

Both begin empty, and say so: the next loader makes them from the clicks that are stored already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_hours",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", "hour", name=op.f("pk_post_hours")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "visitor_accounts",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.BigInteger(), nullable=False),
        sa.Column("first_half", sa.Integer(), nullable=False),
        sa.Column("second_half", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "period", "visitor", name=op.f("pk_visitor_accounts")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "account_visits",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("first_half", sa.Integer(), nullable=False),
        sa.Column("second_half", sa.Integer(), nullable=False),
        sa.Column("visitors", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "period", "first_half", "second_half", name=op.f("pk_account_visits")
        ),
        sqlite_with_rowid=False,
    )
    # Clicks that are stored already are in none of these counts: the next loader makes them.
    op.execute(
        "INSERT INTO click_facts (name, value) SELECT 'counts_added', 1 "
        "WHERE EXISTS (SELECT 1 FROM clicks) "
        "AND NOT EXISTS (SELECT 1 FROM click_facts WHERE name = 'counts_added')"
    )


def downgrade() -> None:
    op.drop_table("account_visits")
    op.drop_table("visitor_accounts")
    op.drop_table("post_hours")
