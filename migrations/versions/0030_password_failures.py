"""Wrong passwords are counted by the network that they come from."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "password_failures",
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("wait_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["owners.id"],
            name=op.f("fk_password_failures_owner_id_owners"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner_id", "network", name=op.f("pk_password_failures")),
    )
    op.drop_column("owners", "wait_until")
    op.drop_column("owners", "failed_attempts")


def downgrade() -> None:
    op.add_column(
        "owners", sa.Column("failed_attempts", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("owners", sa.Column("wait_until", sa.BigInteger(), nullable=True))
    op.drop_table("password_failures")
