"""Clicks say from which city they came, where the owner's file knows it; counted by month."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    op.create_table(
        "cities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("country", sa.SmallInteger(), nullable=False),
        sa.Column("region", sa.String(80), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cities")),
        sa.UniqueConstraint(
            "country", "region", "name", name=op.f("uq_cities_country_region_name")
        ),
    )
    op.add_column("clicks", sa.Column("city_id", sa.Integer()))
    op.add_column(
        "first_clicks", sa.Column("city_id", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.execute("DELETE FROM account_facet_months WHERE facet = 3")
    op.execute("DELETE FROM link_facets WHERE facet = 3")
    op.drop_column("first_clicks", "city_id")
    op.drop_column("clicks", "city_id")
    op.drop_table("cities")
