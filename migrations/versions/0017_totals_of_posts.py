"""Totals of posts in one row each, and indexes that reports read without the rows behind them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

WINDOWS = ("1h", "24h", "7d", "30d", "all")
SUMS = {
    "clicks": "clicks",
    "unique_clicks": "unique_clicks",
    "without_visitor": "without_visitor",
    "unattributed": "CASE WHEN segment_id = 0 THEN unique_clicks ELSE 0 END",
}


def upgrade() -> None:
    columns = {
        f"{name}_{window}": f'SUM(CASE WHEN "window" = {place} THEN {value} ELSE 0 END)'
        for place, window in enumerate(WINDOWS)
        for name, value in SUMS.items()
    }
    op.create_table(
        "post_totals",
        sa.Column("post_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in columns),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_post_totals")),
        sqlite_with_rowid=False,
    )
    # From the counts there are, which outlive single clicks.
    op.execute(
        f"INSERT INTO post_totals (post_id, {', '.join(columns)}) "  # noqa: S608 - names above
        f"SELECT post_id, {', '.join(columns.values())} FROM post_windows GROUP BY post_id"
    )
    # A service of the version before may still be loading, without these.
    op.execute(
        "INSERT INTO click_facts (name, value) SELECT 'counts_added', 1 "
        "WHERE EXISTS (SELECT 1 FROM clicks) "
        "AND NOT EXISTS (SELECT 1 FROM click_facts WHERE name = 'counts_added')"
    )
    op.create_index("ix_posts_account_id", "posts", ["account_id"])
    op.create_index("ix_posts_published", "posts", ["account_id", "state", "posted_at"])
    op.create_index(
        "ix_clicks_of_link", "clicks", ["link_id", "clicked_at", "reason", "referrer_id"]
    )
    op.drop_index("ix_clicks_link_id_clicked_at", table_name="clicks")


def downgrade() -> None:
    op.create_index("ix_clicks_link_id_clicked_at", "clicks", ["link_id", "clicked_at"])
    op.drop_index("ix_clicks_of_link", table_name="clicks")
    op.drop_index("ix_posts_published", table_name="posts")
    op.drop_index("ix_posts_account_id", table_name="posts")
    op.drop_table("post_totals")
