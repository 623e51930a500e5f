"""With which settings counts were made, and which base addresses short links have had."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "counted_by",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counted_by")),
    )
    op.create_table(
        "base_addresses",
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_base_addresses")),
    )


def downgrade() -> None:
    op.drop_table("base_addresses")
    op.drop_table("counted_by")
