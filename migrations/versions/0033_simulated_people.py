"""People and own sites of the demonstration are marked."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

TABLES = ("people", "own_sites")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(
            table,
            sa.Column("simulated", sa.Boolean(), server_default=sa.false(), nullable=False),
        )


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "simulated")
