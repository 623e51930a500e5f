"""Feeds: posts that are not wrapped, places in a week, and personal links passed on together."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.create_table(
        "forwarded_followers",
        sa.Column("follower_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_link", sa.Integer()),
        sa.PrimaryKeyConstraint("follower_id", name=op.f("pk_forwarded_followers")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table(
        "feed_entries", table_kwargs={"sqlite_autoincrement": True}
    ) as feed_entries:
        feed_entries.alter_column("post_id", existing_type=sa.Integer(), nullable=True)
        feed_entries.add_column(sa.Column("unwrapped_id", sa.Integer()))
        feed_entries.add_column(sa.Column("segment_id", sa.Integer()))
        feed_entries.add_column(sa.Column("week_rank", sa.Integer()))
        feed_entries.create_foreign_key(
            op.f("fk_feed_entries_segment_id_segments"), "segments", ["segment_id"], ["id"]
        )
        feed_entries.create_foreign_key(
            op.f("fk_feed_entries_unwrapped_id_unwrapped_posts"),
            "unwrapped_posts",
            ["unwrapped_id"],
            ["id"],
            ondelete="CASCADE",
        )
        feed_entries.create_unique_constraint(
            op.f("uq_feed_entries_account_id_unwrapped_id"), ["account_id", "unwrapped_id"]
        )
        feed_entries.create_index(op.f("ix_feed_entries_unwrapped_id"), ["unwrapped_id"])


def downgrade() -> None:
    op.execute("DELETE FROM feed_entries WHERE post_id IS NULL")
    with op.batch_alter_table("feed_entries") as feed_entries:
        feed_entries.drop_index(op.f("ix_feed_entries_unwrapped_id"))
        feed_entries.drop_constraint(
            op.f("uq_feed_entries_account_id_unwrapped_id"), type_="unique"
        )
        feed_entries.drop_constraint(
            op.f("fk_feed_entries_unwrapped_id_unwrapped_posts"), type_="foreignkey"
        )
        feed_entries.drop_constraint(
            op.f("fk_feed_entries_segment_id_segments"), type_="foreignkey"
        )
        feed_entries.drop_column("week_rank")
        feed_entries.drop_column("segment_id")
        feed_entries.drop_column("unwrapped_id")
        feed_entries.alter_column("post_id", existing_type=sa.Integer(), nullable=False)
    op.drop_table("forwarded_followers")
