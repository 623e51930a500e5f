"""What the pages behind links say of themselves, and whose card fetchers of previews get."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    # Without batch: SQLite would make the table anew, and others refer to its rows.
    op.add_column(
        "accounts",
        sa.Column("card", sa.String(length=11), server_default="destination", nullable=False),
    )
    op.add_column("accounts", sa.Column("card_set_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "link_cards",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("picture", sa.Text(), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.Column("own_title", sa.Text(), nullable=True),
        sa.Column("own_description", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_cards_link_id_links")
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_cards")),
    )
    op.create_index(op.f("ix_link_cards_read_at"), "link_cards", ["read_at"])


def downgrade() -> None:
    op.drop_table("link_cards")
    op.drop_column("accounts", "card_set_at")
    op.drop_column("accounts", "card")
