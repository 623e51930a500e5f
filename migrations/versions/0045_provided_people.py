"""People whom an organisation's provider brings, known by issuer and subject."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.create_table(
        "provided_people",
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("brought", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owners.id"], op.f("fk_provided_people_owner_id_owners")
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_provided_people")),
    )
    op.create_index(op.f("ix_provided_people_owner_id"), "provided_people", ["owner_id"])


def downgrade() -> None:
    op.drop_table("provided_people")
