"""Suggestions keep a hash of the post that they were taken from."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    op.add_column("suggestions", sa.Column("post_digest", sa.String(length=32)))
    op.create_index(
        op.f("ix_suggestions_account_id_post_digest"),
        "suggestions",
        ["account_id", "post_digest"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_suggestions_account_id_post_digest"), "suggestions")
    op.drop_column("suggestions", "post_digest")
