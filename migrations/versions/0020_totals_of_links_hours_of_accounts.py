"""Totals of links, hours of accounts, years of referrers, and referrers counted by host."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

REFERRER_YEARS = ("account_id", "year", "segment_id", "referrer_id")
BY_PERIOD = {"account_referrer_days": "day", "account_referrer_months": "month"}


def upgrade() -> None:
    op.create_table(
        "link_totals",
        sa.Column("link_id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("clicks", "unique_clicks", "not_human")
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_totals")),
        sqlite_with_rowid=False,
    )
    # From the counts there are, which outlive single clicks.
    op.execute(
        "INSERT INTO link_totals (link_id, clicks, unique_clicks, not_human) "
        "SELECT link_id, SUM(clicks), SUM(unique_clicks), SUM(not_human) "
        "FROM link_days GROUP BY link_id"
    )
    op.create_table(
        "account_hours",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "day", "hour", name=op.f("pk_account_hours")),
        sqlite_with_rowid=False,
    )
    count_referrers_by_host()
    op.create_table(
        "account_referrer_years",
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in (*REFERRER_YEARS, "clicks", "unique_clicks")
        ),
        sa.PrimaryKeyConstraint(*REFERRER_YEARS, name=op.f("pk_account_referrer_years")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO account_referrer_years "
        "(account_id, year, segment_id, referrer_id, clicks, unique_clicks) "
        "SELECT account_id, month / 12, segment_id, referrer_id, SUM(clicks), SUM(unique_clicks) "
        "FROM account_referrer_months GROUP BY account_id, month / 12, segment_id, referrer_id"
    )
    # Hours are counted from the clicks, in the owner's time zone.
    op.execute(
        "INSERT INTO click_facts (name, value) SELECT 'counts_added', 1 "
        "WHERE EXISTS (SELECT 1 FROM clicks) "
        "AND NOT EXISTS (SELECT 1 FROM click_facts WHERE name = 'counts_added')"
    )


def count_referrers_by_host() -> None:
    """Put X's codes together under X's host, in the counts and in the marks they hang on."""
    op.add_column("referrers", sa.Column("host_id", sa.Integer(), nullable=True))
    op.execute(
        "INSERT INTO referrers (referrer, host, source_id, rule, rules_version) "
        "SELECT '//t.co', host, source_id, rule, rules_version FROM referrers "
        "WHERE referrer LIKE '//t.co/%' "
        "AND NOT EXISTS (SELECT 1 FROM referrers WHERE referrer = '//t.co') ORDER BY id LIMIT 1"
    )
    op.execute(
        "UPDATE referrers SET host_id = "
        "(SELECT host.id FROM referrers AS host WHERE host.referrer = '//t.co') "
        "WHERE referrer LIKE '//t.co/%'"
    )
    codes = "SELECT id FROM referrers WHERE host_id IS NOT NULL"
    for table, period in BY_PERIOD.items():
        key = f"account_id, {period}, segment_id, referrer_id"
        op.execute(
            f"INSERT INTO {table} ({key}, clicks, unique_clicks) "  # noqa: S608 - names above
            f"SELECT c.account_id, c.{period}, c.segment_id, r.host_id, "
            "SUM(c.clicks), SUM(c.unique_clicks) "
            f"FROM {table} AS c JOIN referrers AS r ON r.id = c.referrer_id "
            "WHERE r.host_id IS NOT NULL "
            f"GROUP BY c.account_id, c.{period}, c.segment_id, r.host_id "
            f"ON CONFLICT ({key}) DO UPDATE SET clicks = {table}.clicks + excluded.clicks, "
            f"unique_clicks = {table}.unique_clicks + excluded.unique_clicks"
        )
        op.execute(f"DELETE FROM {table} WHERE referrer_id IN ({codes})")  # noqa: S608
    for table in ("visitor_posts", "visitor_links"):
        op.execute(
            f"UPDATE {table} SET referrer_id = "  # noqa: S608
            f"(SELECT host_id FROM referrers WHERE referrers.id = {table}.referrer_id) "
            f"WHERE referrer_id IN ({codes})"
        )


def downgrade() -> None:
    # Counts and marks stay by host, which the version before takes for one more referrer.
    op.drop_column("referrers", "host_id")
    op.drop_table("account_referrer_years")
    op.drop_table("account_hours")
    op.drop_table("link_totals")
