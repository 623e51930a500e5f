"""Further domains, each with codes of its own; accounts are named on the front page if chosen."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"

FOLDED = "ix_links_code_folded"
FIRST = sa.text("domain_id IS NULL")
OTHERS = sa.text("domain_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "domains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Integer()),
        sa.Column("front_title", sa.String(length=100)),
        sa.Column("front_text", sa.Text()),
        sa.Column("front_address", sa.Text()),
        sa.Column("missing_text", sa.Text()),
        sa.Column("missing_address", sa.Text()),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_domains_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domains")),
        sa.UniqueConstraint("address", name=op.f("uq_domains_address")),
    )
    op.create_table(
        "account_domains",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("domain_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_domains_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["domains.id"], name=op.f("fk_account_domains_domain_id_domains")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_domains")),
    )
    op.create_index(op.f("ix_account_domains_domain_id"), "account_domains", ["domain_id"])
    op.add_column(
        "accounts",
        sa.Column("on_front_page", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    with op.batch_alter_table("base_addresses") as addresses:
        addresses.add_column(sa.Column("domain_id", sa.Integer()))
        addresses.create_foreign_key(
            op.f("fk_base_addresses_domain_id_domains"), "domains", ["domain_id"], ["id"]
        )
        addresses.create_index(op.f("ix_base_addresses_domain_id"), ["domain_id"])
    op.drop_index(FOLDED, "links")  # SQLite copies the table, and would lose how it is ordered
    with op.batch_alter_table("links") as links:
        links.drop_constraint(op.f("uq_links_code"), type_="unique")
        links.add_column(sa.Column("domain_id", sa.Integer()))
        links.create_foreign_key(
            op.f("fk_links_domain_id_domains"), "domains", ["domain_id"], ["id"]
        )
    _index_folded()
    for name, columns, where in (
        ("uq_links_code", ["code"], FIRST),
        ("uq_links_domain_id_code", ["domain_id", "code"], OTHERS),
    ):
        op.create_index(
            name, "links", columns, unique=True, sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    op.execute("DELETE FROM base_addresses WHERE domain_id IS NOT NULL")
    for name in ("uq_links_domain_id_code", "uq_links_code", FOLDED):
        op.drop_index(name, "links")
    # Of links on several domains that share a code, the first made keeps it.
    op.execute(
        "UPDATE links SET code = NULL WHERE EXISTS (SELECT 1 FROM links AS first"
        " WHERE first.code = links.code AND first.id < links.id)"
    )
    with op.batch_alter_table("links") as links:
        links.drop_constraint(op.f("fk_links_domain_id_domains"), type_="foreignkey")
        links.drop_column("domain_id")
        links.create_unique_constraint(op.f("uq_links_code"), ["code"])
    _index_folded()
    with op.batch_alter_table("base_addresses") as addresses:
        addresses.drop_index(op.f("ix_base_addresses_domain_id"))
        addresses.drop_constraint(op.f("fk_base_addresses_domain_id_domains"), type_="foreignkey")
        addresses.drop_column("domain_id")
    op.drop_column("accounts", "on_front_page")
    op.drop_table("account_domains")
    op.drop_table("domains")


def _index_folded() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    folded = "code COLLATE NOCASE" if is_sqlite else "lower(code)"
    op.create_index(FOLDED, "links", [sa.text(folded)])
