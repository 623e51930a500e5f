"""Notes of days, shown on every time axis."""

import sqlalchemy as sa
from alembic import op

from linktrack.db import Utc

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "day_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_day_notes_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_notes")),
    )
    op.create_index(op.f("ix_day_notes_day"), "day_notes", ["day"])


def downgrade() -> None:
    op.drop_index(op.f("ix_day_notes_day"), table_name="day_notes")
    op.drop_table("day_notes")
