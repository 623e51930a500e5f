"""A post's clicks by segment in one row each, like its totals, not in one for each window."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"

WINDOWS = ("1h", "24h", "7d", "30d", "all")
COUNTS = ("clicks", "unique_clicks")


def upgrade() -> None:
    columns = {
        f"{name}_{window}": f'SUM(CASE WHEN "window" = {place} THEN {name} ELSE 0 END)'
        for place, window in enumerate(WINDOWS)
        for name in COUNTS
    }
    op.create_table(
        "post_segments",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in columns),
        sa.PrimaryKeyConstraint("post_id", "segment_id", name=op.f("pk_post_segments")),
        sqlite_with_rowid=False,
    )
    # From the counts there are, which outlive single clicks.
    op.execute(
        f"INSERT INTO post_segments (post_id, segment_id, {', '.join(columns)}) "  # noqa: S608 - names above
        f"SELECT post_id, segment_id, {', '.join(columns.values())} FROM post_windows "
        "GROUP BY post_id, segment_id"
    )
    op.drop_table("post_windows")


def downgrade() -> None:
    op.create_table(
        "post_windows",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("window", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in (*COUNTS, "without_visitor")),
        sa.PrimaryKeyConstraint("post_id", "segment_id", "window", name=op.f("pk_post_windows")),
        sqlite_with_rowid=False,
    )
    for place, window in enumerate(WINDOWS):
        # Clicks without a visitor are known by post: all of them stand by the first segment there.
        op.execute(
            'INSERT INTO post_windows (post_id, segment_id, "window", clicks, unique_clicks, '  # noqa: S608
            f"without_visitor) SELECT s.post_id, s.segment_id, {place}, s.clicks_{window}, "
            f"s.unique_clicks_{window}, CASE WHEN s.segment_id = (SELECT MIN(o.segment_id) FROM "
            f"post_segments o WHERE o.post_id = s.post_id AND o.clicks_{window} > 0) "
            f"THEN t.without_visitor_{window} ELSE 0 END FROM post_segments s "
            f"JOIN post_totals t ON t.post_id = s.post_id WHERE s.clicks_{window} > 0"
        )
    op.drop_table("post_segments")
