"""Who was in which segment since when, who engages, and what is counted of each post."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.create_table(
        "follower_segments",
        sa.Column("follower_id", sa.Integer(), nullable=False),
        sa.Column("sorted_at", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"],
            ["followers.id"],
            name=op.f("fk_follower_segments_follower_id_followers"),
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_follower_segments_segment_id_segments")
        ),
        sa.PrimaryKeyConstraint("follower_id", "sorted_at", name=op.f("pk_follower_segments")),
        sqlite_with_rowid=False,
    )
    op.add_column(
        "segment_sizes",
        sa.Column("has_people", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("followers", sa.Column("engaged", sa.Integer(), nullable=True))
    op.create_table(
        "engagement_tallies",
        sa.Column("network_post_id", sa.Integer(), nullable=False),
        sa.Column("window", sa.SmallInteger(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("likes", sa.BigInteger(), nullable=True),
        sa.Column("reposts", sa.BigInteger(), nullable=True),
        sa.Column("replies", sa.BigInteger(), nullable=True),
        sa.Column("quotes", sa.BigInteger(), nullable=True),
        sa.Column("bookmarks", sa.BigInteger(), nullable=True),
        sa.Column("views", sa.BigInteger(), nullable=True),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("names_read_at", sa.BigInteger(), nullable=True),
        sa.Column("roster_at", sa.BigInteger(), nullable=True),
        sa.Column("sized_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["network_post_id"],
            ["network_posts.id"],
            name=op.f("fk_engagement_tallies_network_post_id_network_posts"),
        ),
        sa.PrimaryKeyConstraint("network_post_id", "window", name=op.f("pk_engagement_tallies")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "engagement_tally_segments",
        sa.Column("network_post_id", sa.Integer(), nullable=False),
        sa.Column("window", sa.SmallInteger(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_post_id"],
            ["network_posts.id"],
            name=op.f("fk_engagement_tally_segments_network_post_id_network_posts"),
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name=op.f("fk_engagement_tally_segments_segment_id_segments"),
        ),
        sa.PrimaryKeyConstraint(
            "network_post_id", "window", "segment_id", name=op.f("pk_engagement_tally_segments")
        ),
        sqlite_with_rowid=False,
    )
    op.drop_index(op.f("ix_engagements_follower_id"), "engagements")
    op.create_index(
        op.f("ix_engagements_follower_id_first_seen_at"),
        "engagements",
        ["follower_id", "first_seen_at"],
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_engagements_follower_id_first_seen_at"), "engagements")
    op.create_index(op.f("ix_engagements_follower_id"), "engagements", ["follower_id"])
    op.drop_table("engagement_tally_segments")
    op.drop_table("engagement_tallies")
    op.drop_column("followers", "engaged")
    op.drop_column("segment_sizes", "has_people")
    op.drop_table("follower_segments")
