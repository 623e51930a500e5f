"""Followers, rosters, and posts not wrapped."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "forgotten_followers",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_forgotten_followers")),
    )
    op.create_table(
        "followers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(length=512), nullable=False),
        sa.Column("handle", sa.String(length=255), nullable=True),
        sa.Column("handle_key", sa.String(length=255), nullable=True),
        sa.Column("followers", sa.BigInteger(), nullable=True),
        sa.Column("following", sa.BigInteger(), nullable=True),
        sa.Column("posts", sa.BigInteger(), nullable=True),
        sa.Column("account_created_at", sa.BigInteger(), nullable=True),
        sa.Column("has_description", sa.Boolean(), nullable=True),
        sa.Column("has_picture", sa.Boolean(), nullable=True),
        sa.Column("last_active_at", sa.BigInteger(), nullable=True),
        sa.Column("followed_back", sa.Boolean(), nullable=True),
        sa.Column("facts_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_followers_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followers")),
        sa.UniqueConstraint(
            "account_id", "network_id", name=op.f("uq_followers_account_id_network_id")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("followers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_followers_account_id_handle_key"),
            ["account_id", "handle_key"],
            unique=False,
        )

    op.create_table(
        "rosters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_rosters_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rosters")),
        sa.UniqueConstraint("account_id", "taken_at", name=op.f("uq_rosters_account_id_taken_at")),
    )
    op.create_table(
        "sync_pages",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_sync_pages_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_sync_pages")),
    )
    op.create_table(
        "syncs",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_syncs_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_syncs")),
    )
    op.create_table(
        "unwrapped_posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(length=512), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("is_repost", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("addresses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_unwrapped_posts_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unwrapped_posts")),
        sa.UniqueConstraint(
            "account_id", "network_id", name=op.f("uq_unwrapped_posts_account_id_network_id")
        ),
    )
    with op.batch_alter_table("unwrapped_posts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_unwrapped_posts_account_id_posted_at"),
            ["account_id", "posted_at"],
            unique=False,
        )

    op.create_table(
        "follow_periods",
        sa.Column("follower_id", sa.Integer(), nullable=False),
        sa.Column("began_by", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("began_after", sa.BigInteger(), nullable=True),
        sa.Column("ended_after", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_follow_periods_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["followers.id"], name=op.f("fk_follow_periods_follower_id_followers")
        ),
        sa.PrimaryKeyConstraint("follower_id", "began_by", name=op.f("pk_follow_periods")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("follow_periods", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_follow_periods_account_id_began_by"),
            ["account_id", "began_by"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_follow_periods_account_id_ended_by"),
            ["account_id", "ended_by"],
            unique=False,
        )

    op.create_table(
        "unwrapped_addresses",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["unwrapped_posts.id"],
            name=op.f("fk_unwrapped_addresses_post_id_unwrapped_posts"),
        ),
        sa.PrimaryKeyConstraint("post_id", "place", name=op.f("pk_unwrapped_addresses")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("unwrapped_addresses")
    with op.batch_alter_table("follow_periods", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_periods_account_id_ended_by"))
        batch_op.drop_index(batch_op.f("ix_follow_periods_account_id_began_by"))

    op.drop_table("follow_periods")
    with op.batch_alter_table("unwrapped_posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unwrapped_posts_account_id_posted_at"))

    op.drop_table("unwrapped_posts")
    op.drop_table("syncs")
    op.drop_table("sync_pages")
    op.drop_table("rosters")
    with op.batch_alter_table("followers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_followers_account_id_handle_key"))

    op.drop_table("followers")
    op.drop_table("forgotten_followers")
