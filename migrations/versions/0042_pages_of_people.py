"""Those who came and who left are read page by page, and found by how their handles begin."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

MOMENTS = ("began_by", "ended_by")
HANDLES = "ix_followers_account_id_handle_key"
PERSONAL = "ix_clicks_personal"


def of_personal_clicks(*columns: str) -> None:
    named = sa.text("follower_id IS NOT NULL")
    op.drop_index(PERSONAL, "clicks")
    op.create_index(PERSONAL, "clicks", list(columns), sqlite_where=named, postgresql_where=named)


def upgrade() -> None:
    for moment in MOMENTS:
        name = f"ix_follow_periods_account_id_{moment}"
        op.create_index(
            op.f(f"{name}_follower_id"), "follow_periods", ["account_id", moment, "follower_id"]
        )
        op.drop_index(op.f(name), "follow_periods")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(op.f(HANDLES), "followers")
        op.create_index(
            op.f(HANDLES),
            "followers",
            ["account_id", "handle_key"],
            postgresql_ops={"handle_key": "varchar_pattern_ops"},
        )
    of_personal_clicks("follower_id", "link_id")


def downgrade() -> None:
    of_personal_clicks("link_id", "follower_id")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(op.f(HANDLES), "followers")
        op.create_index(op.f(HANDLES), "followers", ["account_id", "handle_key"])
    for moment in MOMENTS:
        name = f"ix_follow_periods_account_id_{moment}"
        op.create_index(op.f(name), "follow_periods", ["account_id", moment])
        op.drop_index(op.f(f"{name}_follower_id"), "follow_periods")
