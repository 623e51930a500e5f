"""How long an account's server of Mastodon lets posts be."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("text_limit", sa.Integer(), nullable=True))
    op.add_column("accounts", sa.Column("address_length", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("accounts", "address_length")
    op.drop_column("accounts", "text_limit")
