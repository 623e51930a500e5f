"""Letting in: which lists members were put on, and telling the declined."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.create_table(
        "member_entries",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_member_entries_member_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_member_entries_segment_id_segments")
        ),
        sa.PrimaryKeyConstraint("member_id", "segment_id", name=op.f("pk_member_entries")),
        sqlite_with_rowid=False,
    )
    op.add_column("join_requests", sa.Column("word_state", sa.String(length=8)))
    op.add_column("join_requests", sa.Column("word_next_at", sa.BigInteger()))
    op.add_column("join_requests", sa.Column("word_problem", sa.Text()))
    op.create_index(op.f("ix_join_requests_word_next_at"), "join_requests", ["word_next_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_join_requests_word_next_at"), "join_requests")
    for name in ("word_problem", "word_next_at", "word_state"):
        op.drop_column("join_requests", name)
    op.drop_table("member_entries")
