"""An index of short codes without regard to capital and small letters."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    folded = "code COLLATE NOCASE" if is_sqlite else "lower(code)"
    op.create_index("ix_links_code_folded", "links", [sa.text(folded)])


def downgrade() -> None:
    op.drop_index("ix_links_code_folded", "links")
