"""What servers call us, so that people can show who they are by signing in there."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("key_hash", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_registrations")),
    )
    op.create_index(op.f("ix_registrations_made_at"), "registrations", ["made_at"])


def downgrade() -> None:
    op.drop_table("registrations")
