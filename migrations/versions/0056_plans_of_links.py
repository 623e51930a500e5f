"""Links that redirect only from a moment on, or only until one."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    op.add_column(
        "links", sa.Column("has_plan", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "link_limits",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_limits_link_id_links")
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_link_limits")),
    )


def downgrade() -> None:
    op.drop_table("link_limits")
    op.drop_column("links", "has_plan")
