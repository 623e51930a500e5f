"""Communities: requests to join, members, their feeds, and suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "stranger_attempts",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempted", sa.String(length=7), nullable=False),
        sa.Column("network", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "attempted", "network", name=op.f("pk_stranger_attempts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "communities",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger()),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("welcome", sa.Text(), nullable=False),
        sa.Column("feed", sa.String(length=6), nullable=False),
        sa.Column("weekly_best", sa.Integer(), nullable=False),
        sa.Column("mails", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_communities_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_communities")),
    )
    op.create_table(
        "join_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=11), nullable=False),
        sa.Column("proof", sa.String(length=7), nullable=False),
        sa.Column("network", sa.String(length=10)),
        sa.Column("network_id", sa.String(length=512)),
        sa.Column("handle", sa.String(length=255)),
        sa.Column("handle_key", sa.String(length=255)),
        sa.Column("sealed_mail", sa.Text()),
        sa.Column("mail_digest", sa.String(length=32)),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("agrees_links", sa.Boolean(), nullable=False),
        sa.Column("agrees_mail", sa.Boolean(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64)),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.String(length=100)),
        sa.Column("word", sa.Text()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_join_requests_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_requests")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_join_requests_secret_hash")),
    )
    op.create_index(
        op.f("ix_join_requests_account_id_state_asked_at"),
        "join_requests",
        ["account_id", "state", "asked_at"],
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=10)),
        sa.Column("network_id", sa.String(length=512)),
        sa.Column("handle", sa.String(length=255)),
        sa.Column("handle_key", sa.String(length=255)),
        sa.Column("sealed_mail", sa.Text()),
        sa.Column("mail_digest", sa.String(length=32)),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("agrees_links", sa.Boolean(), nullable=False),
        sa.Column("agrees_mail", sa.Boolean(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.Column("feed_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_members_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint(
            "account_id", "mail_digest", name=op.f("uq_members_account_id_mail_digest")
        ),
        sa.UniqueConstraint(
            "account_id",
            "network",
            "network_id",
            name=op.f("uq_members_account_id_network_network_id"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "suggestion_watches",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_suggestion_watches_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_suggestion_watches")),
    )
    op.create_table(
        "feed_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("brought_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=11), nullable=False),
        sa.Column("note", sa.Text()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_feed_entries_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_feed_entries_post_id_posts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_entries")),
        sa.UniqueConstraint(
            "account_id", "post_id", name=op.f("uq_feed_entries_account_id_post_id")
        ),
    )
    op.create_index(
        op.f("ix_feed_entries_account_id_brought_at"), "feed_entries", ["account_id", "brought_at"]
    )
    op.create_table(
        "feed_mails",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("problem", sa.Text()),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_feed_mails_member_id_members")
        ),
        sa.PrimaryKeyConstraint("member_id", "week", name=op.f("pk_feed_mails")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "member_steps",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("begun_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("problem", sa.Text()),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_member_steps_member_id_members")
        ),
        sa.PrimaryKeyConstraint("member_id", "kind", name=op.f("pk_member_steps")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_member_steps_next_at"), "member_steps", ["next_at"])
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("network_id", sa.String(length=512)),
        sa.Column("person_id", sa.String(length=512)),
        sa.Column("handle", sa.String(length=255)),
        sa.Column("handle_key", sa.String(length=255)),
        sa.Column("sealed_mail", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("addresses", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("post_id", sa.Integer()),
        sa.Column("wants_word", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("told_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_suggestions_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_suggestions_post_id_posts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
        sa.UniqueConstraint(
            "account_id", "network_id", name=op.f("uq_suggestions_account_id_network_id")
        ),
    )
    op.create_index(
        op.f("ix_suggestions_account_id_state_said_at"),
        "suggestions",
        ["account_id", "state", "said_at"],
    )


def downgrade() -> None:
    for table in (
        "suggestions",
        "suggestion_watches",
        "feed_mails",
        "feed_entries",
        "member_steps",
        "members",
        "stranger_attempts",
        "join_requests",
        "communities",
    ):
        op.drop_table(table)
