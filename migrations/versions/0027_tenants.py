"""For whom a program that serves many has made a link."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("link_labels", sa.Column("tenant", sa.String(100)))


def downgrade() -> None:
    op.drop_column("link_labels", "tenant")
