"""Unique clicks by account, month and link."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"

FIRST = 719_163
"""1970-01-01 as a day's number."""


def upgrade() -> None:
    op.create_table(
        "account_link_months",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("unique_clicks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "month", "link_id", name=op.f("pk_account_link_months")
        ),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        day = f"(d.day - {FIRST}) * 86400, 'unixepoch'"
        month = (
            f"12 * CAST(strftime('%Y', {day}) AS INTEGER)"
            f" + CAST(strftime('%m', {day}) AS INTEGER) - 1"
        )
    else:
        day = f"DATE '1970-01-01' + (d.day - {FIRST})"
        month = f"CAST(12 * EXTRACT(YEAR FROM {day}) + EXTRACT(MONTH FROM {day}) - 1 AS integer)"
    # Of the counts by day, which outlive their clicks.
    op.execute(
        "INSERT INTO account_link_months (account_id, month, link_id, unique_clicks)"  # noqa: S608
        f" SELECT l.account_id, {month}, d.link_id, sum(d.unique_clicks)"
        " FROM link_days d JOIN links l ON l.id = d.link_id"
        f" GROUP BY l.account_id, {month}, d.link_id HAVING sum(d.unique_clicks) <> 0"
    )
    # What a service of the version before loads meanwhile is counted when the new one starts.
    op.execute(
        "INSERT INTO click_facts (name, value) SELECT 'counts_added', 1 "
        "WHERE EXISTS (SELECT 1 FROM clicks) "
        "AND NOT EXISTS (SELECT 1 FROM click_facts WHERE name = 'counts_added')"
    )


def downgrade() -> None:
    op.drop_table("account_link_months")
