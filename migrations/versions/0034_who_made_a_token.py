"""Who made a token, so that it ends when they are removed."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE tokens ADD COLUMN owner_id INTEGER CONSTRAINT fk_tokens_owner_id_owners "
        "REFERENCES owners (id)"
    )
    op.execute(
        sa.text(
            "UPDATE tokens SET owner_id = (SELECT min(owners.id) FROM owners JOIN audit_entries "
            "ON audit_entries.actor = owners.name WHERE audit_entries.what = "
            "'Made the token ' || tokens.name || ', which may ' || tokens.scope || '.')"
        )
    )


def downgrade() -> None:
    op.drop_column("tokens", "owner_id")
