"""Lists show links by the time they were made, whatever order they came in."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_index(op.f("ix_links_created_at"), "links", ["created_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_links_created_at"), "links")
