"""What people did with posts on their networks: how much of each kind, and which followers."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "network_posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(length=512), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("names_read_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_network_posts_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_network_posts_post_id_posts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_posts")),
        sa.UniqueConstraint(
            "account_id", "network_id", name=op.f("uq_network_posts_account_id_network_id")
        ),
    )
    op.create_index(
        op.f("ix_network_posts_account_id_posted_at"), "network_posts", ["account_id", "posted_at"]
    )
    op.create_index(op.f("ix_network_posts_post_id"), "network_posts", ["post_id"])
    op.create_table(
        "engagement_counts",
        sa.Column("network_post_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["network_post_id"],
            ["network_posts.id"],
            name=op.f("fk_engagement_counts_network_post_id_network_posts"),
        ),
        sa.PrimaryKeyConstraint(
            "network_post_id", "kind", "counted_at", name=op.f("pk_engagement_counts")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "engagements",
        sa.Column("network_post_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("follower_id", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["followers.id"], name=op.f("fk_engagements_follower_id_followers")
        ),
        sa.ForeignKeyConstraint(
            ["network_post_id"],
            ["network_posts.id"],
            name=op.f("fk_engagements_network_post_id_network_posts"),
        ),
        sa.PrimaryKeyConstraint(
            "network_post_id", "kind", "follower_id", name=op.f("pk_engagements")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_engagements_follower_id"), "engagements", ["follower_id"])
    op.create_table(
        "engagement_watches",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("network_post_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.SmallInteger(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_engagement_watches_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["network_post_id"],
            ["network_posts.id"],
            name=op.f("fk_engagement_watches_network_post_id_network_posts"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_engagement_watches")),
    )


def downgrade() -> None:
    op.drop_table("engagement_watches")
    op.drop_table("engagements")
    op.drop_table("engagement_counts")
    op.drop_table("network_posts")
