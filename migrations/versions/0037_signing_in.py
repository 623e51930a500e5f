"""What is known of a session's browser, and mails about sign-ins on new devices."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

COLUMNS = ("device", "place", "way")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("owner_sessions", sa.Column(name, sa.String(length=60), nullable=True))
    op.create_table(
        "sign_in_mails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_mails")),
    )


def downgrade() -> None:
    op.drop_table("sign_in_mails")
    for name in reversed(COLUMNS):
        op.drop_column("owner_sessions", name)
