"""Since when a post's clicks are known: those of another shortener's links are not."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("posts", sa.Column("measured_from", sa.BigInteger()))
    op.drop_index("ix_posts_published", table_name="posts")
    op.create_index(
        "ix_posts_published", "posts", ["account_id", "state", "posted_at", "measured_from"]
    )
    # These came as links, without their clicks; logs of clicks that make links have other names.
    # When a link without a total came is not known: at the latest, now.
    op.execute(
        sa.text(
            "UPDATE posts SET measured_from = coalesce((SELECT max(t.before) "
            "FROM imported_totals t JOIN links l ON l.id = t.link_id "
            "WHERE l.post_id = posts.id), :now) WHERE id IN ("
            "SELECT l.post_id FROM imported_links i JOIN links l ON l.id = i.link_id "
            "WHERE i.source IN ('yourls', 'bitly', 'shlink', 'kutt', 'dub', 'csv'))"
        ).bindparams(sa.bindparam("now", int(time.time() * 1000), sa.BigInteger()))
    )
    # Their clicks were imported after them: as many as the other shortener counted, or, where it
    # gave no total, any.
    op.execute(
        "UPDATE posts SET measured_from = NULL WHERE measured_from IS NOT NULL AND id IN ("
        "SELECT l.post_id FROM links l JOIN imported_totals t ON t.link_id = l.id "
        "WHERE t.clicks > 0 AND t.clicks <= (SELECT count(*) FROM clicks c "
        "WHERE c.link_id = l.id AND c.clicked_at < t.before))"
    )
    op.execute(
        "UPDATE posts SET measured_from = NULL WHERE measured_from IS NOT NULL AND id IN ("
        "SELECT l.post_id FROM links l "
        "WHERE l.account_id IN (SELECT account_id FROM imported_clicks) "
        "AND NOT EXISTS (SELECT 1 FROM imported_totals t WHERE t.link_id = l.id) "
        "AND EXISTS (SELECT 1 FROM clicks c WHERE c.link_id = l.id))"
    )


def downgrade() -> None:
    op.drop_index("ix_posts_published", table_name="posts")
    op.create_index("ix_posts_published", "posts", ["account_id", "state", "posted_at"])
    op.drop_column("posts", "measured_from")
