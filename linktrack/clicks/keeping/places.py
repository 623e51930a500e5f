"""Where marks of first clicks are: on posts, and on links that have none."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from linktrack.chunks import chunked
from linktrack.links.models import Link

PART: Final = 500  # posts and links whose marks are read together

PLACE: Final[ColumnElement[int]] = func.coalesce(Link.post_id, -Link.id)
"""A link's post, or of one on its own that link's number with a minus, in SQL."""


def all_places(connection: Connection) -> Iterator[Sequence[int]]:
    """Yield all posts that have links, and links on their own, some hundred at a time."""
    yield from chunked(sorted(set(connection.scalars(select(PLACE)))), PART)
