"""What the nodes of an installation share: visitor keys, and what each says of itself."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    op.create_table(
        "visitor_keys",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_visitor_keys")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "nodes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("keys", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("clicks_waiting", sa.BigInteger(), nullable=False),
        sa.Column("bytes_waiting", sa.BigInteger(), nullable=False),
        sa.Column("waiting_since", sa.BigInteger()),
        sa.Column("lost_clicks", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("nodes")
    op.drop_table("visitor_keys")
