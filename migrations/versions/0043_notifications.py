"""Persons are told things by mail and by Apprise, as programs are by webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.add_column(
        "webhooks", sa.Column("way", sa.String(8), nullable=False, server_default="webhook")
    )
    op.add_column("webhooks", sa.Column("hour", sa.Integer()))


def downgrade() -> None:
    op.execute(
        "DELETE FROM webhook_deliveries WHERE webhook_id IN "
        "(SELECT id FROM webhooks WHERE way <> 'webhook')"
    )
    op.execute("DELETE FROM webhooks WHERE way <> 'webhook'")
    with op.batch_alter_table("webhooks") as table:
        table.drop_column("hour")
        table.drop_column("way")
