"""Pictures of one's own for the cards of links."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    op.create_table(
        "own_pictures",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_own_pictures_link_id_links")
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_own_pictures")),
    )
    op.create_index(op.f("ix_own_pictures_digest"), "own_pictures", ["digest"])


def downgrade() -> None:
    op.drop_table("own_pictures")
