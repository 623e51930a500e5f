"""Reading an account's own posts: how far it is, what was seen, and what a text alone carries."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("known_from", sa.BigInteger(), nullable=True),
        sa.Column("known_until", sa.BigInteger(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("oldest", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_watches_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_watches")),
    )
    op.create_table(
        "seen_posts",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(length=512), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_seen_posts_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_seen_posts_post_id_posts")
        ),
        sa.PrimaryKeyConstraint("account_id", "network_id", "post_id", name=op.f("pk_seen_posts")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_seen_posts_post_id"), "seen_posts", ["post_id"])
    op.create_table(
        "replacements",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(length=512), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_replacements_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_replacements_post_id_posts")
        ),
        sa.PrimaryKeyConstraint("account_id", "network_id", name=op.f("pk_replacements")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_replacements_post_id"), "replacements", ["post_id"])
    op.add_column(
        "unwrapped_posts",
        sa.Column("partly", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("unwrapped_posts", sa.Column("is_plain", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("unwrapped_posts", "is_plain")
    op.drop_column("unwrapped_posts", "partly")
    op.drop_table("replacements")
    op.drop_table("seen_posts")
    op.drop_table("watches")
