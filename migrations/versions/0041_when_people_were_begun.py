"""When the people of the post that is being read were begun to be read."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("engagement_watches", sa.Column("begun_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("engagement_watches") as batch:
        batch.drop_column("begun_at")
