"""Clicks, first clicks and goals say where a link with rules led them."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.add_column("clicks", sa.Column("option_id", sa.Integer()))
    op.add_column("goals_reached", sa.Column("option_id", sa.Integer()))
    op.add_column(
        "first_clicks", sa.Column("option", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("link_options", sa.Column("percent_since", sa.BigInteger()))
    op.create_table(
        "link_options_clicked",
        sa.Column("link_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("option", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("unique_clicks", sa.Integer(), nullable=False),
        sa.Column("with_click_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("link_id", "option", name=op.f("pk_link_options_clicked")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("link_options_clicked")
    op.drop_column("link_options", "percent_since")
    op.drop_column("first_clicks", "option")
    op.drop_column("goals_reached", "option_id")
    op.drop_column("clicks", "option_id")
