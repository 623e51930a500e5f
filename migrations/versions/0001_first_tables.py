"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "account_days",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("unique_clicks", sa.Integer(), nullable=False),
        sa.Column("not_human", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_account_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=10), nullable=False),
        sa.Column("handle", sa.String(length=255), nullable=False),
        sa.Column("handle_key", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=3), nullable=True),
        sa.Column("network_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("network", "handle_key", name=op.f("uq_accounts_network_handle_key")),
    )
    op.create_table(
        "agents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=True),
        sa.Column("device", sa.String(length=20), nullable=True),
        sa.Column("browser", sa.String(length=60), nullable=True),
        sa.Column("os", sa.String(length=60), nullable=True),
        sa.Column("rules_version", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("digest", name=op.f("uq_agents_digest")),
    )
    op.create_table(
        "clicks",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("clicked_at", sa.BigInteger(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("follower_id", sa.Integer(), nullable=True),
        sa.Column("attribution", sa.SmallInteger(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("referrer_id", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.BigInteger(), nullable=True),
        sa.Column("country", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_clicks")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("clicks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_clicks_link_id_clicked_at", ["link_id", "clicked_at"], unique=False
        )

    op.create_table(
        "imported_clicks",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "identity", name=op.f("pk_imported_clicks")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journals",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("bad_lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_journals")),
    )
    op.create_table(
        "link_days",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("unique_clicks", sa.Integer(), nullable=False),
        sa.Column("not_human", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "day", name=op.f("pk_link_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "owners",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owners")),
        sa.UniqueConstraint("name", name=op.f("uq_owners_name")),
    )
    op.create_table(
        "post_reasons",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("window", sa.SmallInteger(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", "reason", "window", name=op.f("pk_post_reasons")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "post_sources",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("window", sa.SmallInteger(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("unique_clicks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", "source_id", "window", name=op.f("pk_post_sources")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "post_windows",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("window", sa.SmallInteger(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("unique_clicks", sa.Integer(), nullable=False),
        sa.Column("without_visitor", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", "segment_id", "window", name=op.f("pk_post_windows")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("medium", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("name", "medium", name=op.f("uq_sources_name_medium")),
    )
    op.create_table(
        "visitor_links",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "visitor", name=op.f("pk_visitor_links")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "visitor_posts",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", "visitor", name=op.f("pk_visitor_posts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "follower_counts",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_follower_counts_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "counted_at", name=op.f("pk_follower_counts")),
    )
    op.create_table(
        "owner_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_owner_sessions_owner_id_owners")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_owner_sessions")),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_posts_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_posts_account_id_posted_at"), ["account_id", "posted_at"], unique=False
        )

    op.create_table(
        "referrers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("referrer", sa.String(length=255), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("rules_version", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_referrers_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrers")),
        sa.UniqueConstraint("referrer", name=op.f("uq_referrers_referrer")),
    )
    op.create_table(
        "segments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_segments_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_segments_account_id_name")),
    )
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], name=op.f("fk_sign_in_links_owner_id_owners")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_links")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_tokens_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
    )
    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_links_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_links_post_id_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("code", name=op.f("uq_links_code")),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_links_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_links_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_links_post_id"), ["post_id"], unique=False)

    op.create_table(
        "imported_links",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_imported_links_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_imported_links_link_id_links")
        ),
        sa.PrimaryKeyConstraint("account_id", "source", "key", name=op.f("pk_imported_links")),
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("addressed", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_versions_post_id_posts")),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_versions_segment_id_segments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("post_id", "segment_id", name=op.f("uq_versions_post_id_segment_id")),
    )
    op.create_table(
        "link_destinations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_destinations_link_id_links")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_destinations")),
    )
    with op.batch_alter_table("link_destinations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_destinations_link_id"), ["link_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("link_destinations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_destinations_link_id"))

    op.drop_table("link_destinations")
    op.drop_table("imported_links")
    op.drop_table("versions")
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_links_post_id"))
        batch_op.drop_index(batch_op.f("ix_links_changed_at"))
        batch_op.drop_index(batch_op.f("ix_links_account_id"))

    op.drop_table("links")
    op.drop_table("tokens")
    op.drop_table("sign_in_links")
    op.drop_table("segments")
    op.drop_table("referrers")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posts_account_id_posted_at"))

    op.drop_table("posts")
    op.drop_table("owner_sessions")
    op.drop_table("follower_counts")
    op.drop_table("visitor_posts")
    op.drop_table("visitor_links")
    op.drop_table("sources")
    op.drop_table("post_windows")
    op.drop_table("post_sources")
    op.drop_table("post_reasons")
    op.drop_table("owners")
    op.drop_table("link_days")
    op.drop_table("journals")
    op.drop_table("imported_clicks")
    with op.batch_alter_table("clicks", schema=None) as batch_op:
        batch_op.drop_index("ix_clicks_link_id_clicked_at")

    op.drop_table("clicks")
    op.drop_table("agents")
    op.drop_table("accounts")
    op.drop_table("account_days")
