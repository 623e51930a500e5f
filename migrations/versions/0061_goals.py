"""Goals that clicks reach on own sites, and counts of the clicks that carried an id there."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    op.add_column(
        "own_sites", sa.Column("click_ids", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "goals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("value", sa.BigInteger()),
        sa.Column("by_script", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("simulated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
        sa.UniqueConstraint("name", name=op.f("uq_goals_name")),
    )
    op.create_table(
        "goals_reached",
        sa.Column("goal_id", sa.Integer(), nullable=False),
        sa.Column("click", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("attribution", sa.SmallInteger(), nullable=False),
        sa.Column("clicked_day", sa.Integer(), nullable=False),
        sa.Column("reached_day", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["goal_id"], ["goals.id"], name=op.f("fk_goals_reached_goal_id_goals")
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_goals_reached_link_id_links")
        ),
        sa.PrimaryKeyConstraint("goal_id", "click", name=op.f("pk_goals_reached")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_goals_reached_link_id_clicked_day"), "goals_reached", ["link_id", "clicked_day"]
    )
    op.create_table(
        "link_click_ids",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "day", "segment_id", name=op.f("pk_link_click_ids")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("link_click_ids")
    op.drop_table("goals_reached")
    op.drop_table("goals")
    op.drop_column("own_sites", "click_ids")
