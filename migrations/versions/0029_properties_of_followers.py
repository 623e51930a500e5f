"""How many followers have which properties, whatever segments there are."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "follower_properties",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.Column("perhaps", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_follower_properties_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "holds", "perhaps", name=op.f("pk_follower_properties")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("follower_properties")
