"""Clicks and counts of hellos tell those by the button from those by sign-in with the network."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

INDEX = "ix_clicks_recognised"
COLUMNS = ["segment_id", "clicked_at"]


def upgrade() -> None:
    for name in ("by_network", "network_back"):
        op.add_column(
            "hello_days", sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        )
    _index("attribution IN (3, 4)")


def downgrade() -> None:
    _index("attribution = 3")
    op.drop_column("hello_days", "network_back")
    op.drop_column("hello_days", "by_network")


def _index(condition: str) -> None:
    where = sa.text(condition)
    op.drop_index(op.f(INDEX), "clicks")
    op.create_index(op.f(INDEX), "clicks", COLUMNS, sqlite_where=where, postgresql_where=where)
