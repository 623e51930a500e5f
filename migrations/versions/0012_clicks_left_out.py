"""An index of the clicks that are left out, so that their page does not read all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_index(
        "ix_clicks_left_out",
        "clicks",
        ["clicked_at", "link_id", "reason", "agent_id"],
        sqlite_where=sa.text("reason <> 0"),
        postgresql_where=sa.text("reason <> 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_clicks_left_out", table_name="clicks")
