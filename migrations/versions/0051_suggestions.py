"""Suggestions: where they come from, their addresses, what their senders are answered."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.create_table(
        "suggestion_boxes",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("form_since", sa.BigInteger()),
        sa.Column("mentions_since", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_suggestion_boxes_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_suggestion_boxes")),
    )
    op.create_table(
        "seen_suggestions",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_seen_suggestions_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_seen_suggestions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "suggested_addresses",
        sa.Column("suggestion_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["suggestion_id"],
            ["suggestions.id"],
            name=op.f("fk_suggested_addresses_suggestion_id_suggestions"),
        ),
        sa.PrimaryKeyConstraint("suggestion_id", "position", name=op.f("pk_suggested_addresses")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_suggested_addresses_key"), "suggested_addresses", ["key"])
    op.create_table(
        "suggestion_answers",
        sa.Column("suggestion_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=9), nullable=False),
        sa.Column("way", sa.String(length=5), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.ForeignKeyConstraint(
            ["suggestion_id"],
            ["suggestions.id"],
            name=op.f("fk_suggestion_answers_suggestion_id_suggestions"),
        ),
        sa.PrimaryKeyConstraint("suggestion_id", "kind", name=op.f("pk_suggestion_answers")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_suggestion_answers_next_at"), "suggestion_answers", ["next_at"])
    op.add_column("suggestions", sa.Column("mail_digest", sa.String(length=32)))
    op.add_column("suggestions", sa.Column("bared_at", sa.BigInteger()))
    # No suggestion was ever stored before this.
    op.drop_column("suggestions", "addresses")
    op.create_index(op.f("ix_suggestions_post_id"), "suggestions", ["post_id"])
    op.add_column("suggestion_watches", sa.Column("read_until", sa.BigInteger()))
    op.add_column("suggestion_watches", sa.Column("begun_at", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("suggestion_watches", "begun_at")
    op.drop_column("suggestion_watches", "read_until")
    op.drop_index(op.f("ix_suggestions_post_id"), "suggestions")
    op.add_column("suggestions", sa.Column("addresses", sa.Text(), server_default=""))
    op.drop_column("suggestions", "bared_at")
    op.drop_column("suggestions", "mail_digest")
    op.drop_table("suggestion_answers")
    op.drop_table("suggested_addresses")
    op.drop_table("seen_suggestions")
    op.drop_table("suggestion_boxes")
