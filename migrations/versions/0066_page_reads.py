"""What pages said of themselves before a link to them was posted, and small copies of pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    op.create_table(
        "page_reads",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("picture", sa.Text()),
        sa.Column("problem", sa.String(length=200)),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_page_reads")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_page_reads_read_at"), "page_reads", ["read_at"])
    op.create_table(
        "thumbnails",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_thumbnails")),
    )
    op.create_index(op.f("ix_thumbnails_made_at"), "thumbnails", ["made_at"])


def downgrade() -> None:
    op.drop_table("thumbnails")
    op.drop_table("page_reads")
