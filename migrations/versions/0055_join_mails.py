"""Mails in which people who ask to join confirm their address."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    op.create_table(
        "join_mails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("sealed_mail", sa.Text(), nullable=False),
        sa.Column("mail_digest", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["join_requests.id"],
            name=op.f("fk_join_mails_request_id_join_requests"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_mails")),
        sqlite_autoincrement=True,
    )
    for column in ("request_id", "mail_digest"):
        op.create_index(op.f(f"ix_join_mails_{column}"), "join_mails", [column])


def downgrade() -> None:
    op.drop_table("join_mails")
