"""Referrers by segment, experiments, people promoted, own sites."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column(
        "visitor_posts", sa.Column("referrer_id", sa.Integer(), nullable=False, server_default="0")
    )
    for name in ("segment_id", "referrer_id"):
        op.add_column(
            "visitor_links", sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        )
    for period in ("day", "month"):
        table = f"account_referrer_{period}s"
        op.create_table(
            table,
            sa.Column("account_id", sa.Integer(), nullable=False),
            sa.Column(period, sa.Integer(), nullable=False),
            sa.Column("segment_id", sa.Integer(), nullable=False),
            sa.Column("referrer_id", sa.Integer(), nullable=False),
            sa.Column("clicks", sa.Integer(), nullable=False),
            sa.Column("unique_clicks", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint(
                "account_id", period, "segment_id", "referrer_id", name=op.f(f"pk_{table}")
            ),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "experiments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("hypothesis", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("window", sa.String(length=4), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_experiments_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["accounts.id"], name=op.f("fk_experiments_other_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("name", name=op.f("uq_experiments_name")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("name", name=op.f("uq_people_name")),
    )
    op.create_table(
        "person_rules",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_rules_person_id_people")
        ),
        sa.PrimaryKeyConstraint("person_id", "kind", "value", name=op.f("pk_person_rules")),
    )
    op.create_table(
        "link_people",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_people_link_id_links")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_link_people_person_id_people")
        ),
        sa.PrimaryKeyConstraint("link_id", "person_id", name=op.f("pk_link_people")),
    )
    with op.batch_alter_table("link_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_people_person_id"), ["person_id"], unique=False)
    op.create_table(
        "own_sites",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_own_sites")),
    )
    # Clicks that are stored already are in none of these counts: the next loader makes them.
    op.execute(
        "INSERT INTO click_facts (name, value) SELECT 'counts_added', 1 "
        "WHERE EXISTS (SELECT 1 FROM clicks) "
        "AND NOT EXISTS (SELECT 1 FROM click_facts WHERE name = 'counts_added')"
    )


def downgrade() -> None:
    op.drop_table("own_sites")
    with op.batch_alter_table("link_people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_people_person_id"))
    op.drop_table("link_people")
    op.drop_table("person_rules")
    op.drop_table("people")
    op.drop_table("experiments")
    op.drop_table("account_referrer_months")
    op.drop_table("account_referrer_days")
    op.drop_column("visitor_links", "referrer_id")
    op.drop_column("visitor_links", "segment_id")
    op.drop_column("visitor_posts", "referrer_id")
