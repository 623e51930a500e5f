"""Segments by rule and list, their sizes over time, hellos, consents, forwarded links."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "segments", sa.Column("kind", sa.String(length=4), nullable=False, server_default="size")
    )
    op.add_column("segments", sa.Column("rules", sa.Text(), nullable=True))
    op.add_column("segments", sa.Column("place", sa.String(length=200), nullable=True))
    op.add_column("segments", sa.Column("removed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "segment_entries",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=512), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_segment_entries_segment_id_segments")
        ),
        sa.PrimaryKeyConstraint("segment_id", "key", name=op.f("pk_segment_entries")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "segment_sizes",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sized_at", sa.BigInteger(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("unjudged", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_segment_sizes_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_segment_sizes_segment_id_segments")
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "sized_at", "segment_id", name=op.f("pk_segment_sizes")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hello_days",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.Column("taken_back", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_hello_days_segment_id_segments")
        ),
        sa.PrimaryKeyConstraint("segment_id", "day", name=op.f("pk_hello_days")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consents",
        sa.Column("follower_id", sa.Integer(), nullable=False),
        sa.Column("agreed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["followers.id"], name=op.f("fk_consents_follower_id_followers")
        ),
        sa.PrimaryKeyConstraint("follower_id", name=op.f("pk_consents")),
    )
    op.create_table(
        "forwarded_links",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("follower_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "follower_id", name=op.f("pk_forwarded_links")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_clicks_personal",
        "clicks",
        ["link_id", "follower_id"],
        sqlite_where=sa.text("follower_id IS NOT NULL"),
        postgresql_where=sa.text("follower_id IS NOT NULL"),
    )
    op.create_index(
        "ix_clicks_recognised",
        "clicks",
        ["segment_id", "clicked_at"],
        sqlite_where=sa.text("attribution = 3"),
        postgresql_where=sa.text("attribution = 3"),
    )


def downgrade() -> None:
    op.drop_index("ix_clicks_recognised", table_name="clicks")
    op.drop_index("ix_clicks_personal", table_name="clicks")
    for table in (
        "forwarded_links",
        "consents",
        "hello_days",
        "segment_sizes",
        "segment_entries",
    ):
        op.drop_table(table)
    for column in ("removed_at", "place", "rules", "kind"):
        op.drop_column("segments", column)
