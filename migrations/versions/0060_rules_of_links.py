"""Links that lead some visitors elsewhere, by rules."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    op.create_table(
        "link_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_rules_link_id_links")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_rules")),
    )
    op.create_index(op.f("ix_link_rules_link_id"), "link_rules", ["link_id"])
    op.create_table(
        "link_options",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("said", sa.Text()),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_options_link_id_links")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["link_rules.id"], name=op.f("fk_link_options_rule_id_link_rules")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_options")),
    )
    op.create_index(op.f("ix_link_options_link_id"), "link_options", ["link_id"])
    op.create_index(op.f("ix_link_options_rule_id"), "link_options", ["rule_id"])


def downgrade() -> None:
    op.drop_table("link_options")
    op.drop_table("link_rules")
