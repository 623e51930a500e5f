"""Each tag of a link in a row of its own, so that links are found by it; a note for each link."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

PART = 1_000


def upgrade() -> None:
    op.create_table(
        "link_tags",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"], name=op.f("fk_link_tags_link_id_links")),
        sa.PrimaryKeyConstraint("link_id", "tag", name=op.f("pk_link_tags")),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    last = 0
    while found := connection.execute(
        sa.text(
            "SELECT link_id, tags FROM link_labels WHERE link_id > :last"
            " ORDER BY link_id LIMIT :part"
        ),
        {"last": last, "part": PART},
    ).all():
        last = found[-1].link_id
        rows = [
            {"link_id": row.link_id, "tag": tag, "position": position}
            for row in found
            for position, tag in enumerate(dict.fromkeys(json.loads(row.tags)))
        ]
        if rows:
            connection.execute(
                sa.text(
                    "INSERT INTO link_tags (link_id, tag, position)"
                    " VALUES (:link_id, :tag, :position)"
                ),
                rows,
            )
    op.create_index(op.f("ix_link_tags_tag_link_id"), "link_tags", ["tag", "link_id"])
    op.drop_column("link_labels", "tags")
    op.add_column("link_labels", sa.Column("note", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("link_labels", "note")
    op.add_column("link_labels", sa.Column("tags", sa.Text(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    tags: dict[int, list[str]] = {}
    for link_id, tag in connection.execute(
        sa.text("SELECT link_id, tag FROM link_tags ORDER BY link_id, position")
    ):
        tags.setdefault(link_id, []).append(tag)
    for link_id, said in tags.items():
        values = {"link_id": link_id, "tags": json.dumps(said)}
        changed = connection.execute(
            sa.text("UPDATE link_labels SET tags = :tags WHERE link_id = :link_id"), values
        )
        if not changed.rowcount:
            connection.execute(
                sa.text("INSERT INTO link_labels (link_id, tags) VALUES (:link_id, :tags)"), values
            )
    op.drop_index(op.f("ix_link_tags_tag_link_id"), table_name="link_tags")
    op.drop_table("link_tags")
