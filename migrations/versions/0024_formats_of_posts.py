"""What a post's text is written in: plain text, Markdown or HTML."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    format_ = sa.Column("format", sa.String(10), server_default="plain", nullable=False)
    op.add_column("posts", format_)


def downgrade() -> None:
    op.drop_column("posts", "format")
