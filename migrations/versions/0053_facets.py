"""Clicks are counted by country, device and language, by day, month and link."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(20), nullable=False),
        sa.Column("browser", sa.String(60), nullable=False),
        sa.Column("os", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("device", "browser", "os", name=op.f("uq_devices_device_browser_os")),
    )
    for table, scope, period in (
        ("account_facet_days", "account_id", "day"),
        ("account_facet_months", "account_id", "month"),
        ("link_facets", "link_id", None),
    ):
        keys = [name for name in (scope, "facet", period, "value") if name]
        op.create_table(
            table,
            *(
                sa.Column(
                    name,
                    sa.SmallInteger() if name == "facet" else sa.Integer(),
                    autoincrement=False,
                    nullable=False,
                )
                for name in keys
            ),
            sa.Column("clicks", sa.Integer(), nullable=False),
            sa.Column("unique_clicks", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
            sqlite_with_rowid=False,
        )
    op.add_column(
        "agents", sa.Column("device_id", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "clicks", sa.Column("language", sa.SmallInteger(), nullable=False, server_default="0")
    )
    for name in ("country", "device_id", "language"):
        kind = sa.Integer() if name == "device_id" else sa.SmallInteger()
        op.add_column("first_clicks", sa.Column(name, kind, nullable=False, server_default="0"))
    op.execute(
        "INSERT INTO devices (device, browser, os) SELECT DISTINCT COALESCE(device, ''), "
        "COALESCE(browser, ''), COALESCE(os, '') FROM agents"
    )
    op.execute(
        "UPDATE agents SET device_id = (SELECT id FROM devices d WHERE "
        "d.device = COALESCE(agents.device, '') AND d.browser = COALESCE(agents.browser, '') "
        "AND d.os = COALESCE(agents.os, ''))"
    )
    # Days are counted from the clicks, in the owner's time zone; marks are made right with them.
    op.execute(
        "INSERT INTO click_facts (name, value) SELECT 'counts_added', 1 "
        "WHERE EXISTS (SELECT 1 FROM clicks) "
        "AND NOT EXISTS (SELECT 1 FROM click_facts WHERE name = 'counts_added')"
    )


def downgrade() -> None:
    for name in ("country", "device_id", "language"):
        op.drop_column("first_clicks", name)
    op.drop_column("clicks", "language")
    op.drop_column("agents", "device_id")
    for table in ("link_facets", "account_facet_months", "account_facet_days", "devices"):
        op.drop_table(table)
