"""Give links of another shortener the titles and tags that they had there."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert

from linktrack.clicks.records import clean
from linktrack.ids import LinkId
from linktrack.links.labels import MOST_TITLE, tag_rows
from linktrack.links.models import LinkLabel, LinkTag
from linktrack.portability.links.fields import FoundLink


def add_labels(connection: Connection, found: Sequence[tuple[LinkId, FoundLink]]) -> None:
    """Give new links their titles and tags, cut to what fits."""
    titles = [
        {"link_id": link_id, "title": clean(link.title, MOST_TITLE)}
        for link_id, link in found
        if link.title
    ]
    if titles:
        connection.execute(insert(LinkLabel), titles)
    tags = [row for link_id, link in found for row in tag_rows(link_id, link.tags)]
    if tags:
        connection.execute(insert(LinkTag), tags)
