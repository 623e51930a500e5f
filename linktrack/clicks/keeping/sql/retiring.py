"""Delete single clicks and marks from the SQL database, in steps."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, Engine, and_, delete, exists, select, text

from linktrack.clicks.facts import DELETED_BEFORE, read_fact, write_fact
from linktrack.clicks.keeping.places import PLACE
from linktrack.clicks.keeping.sql.stretches import forget_before
from linktrack.clicks.models import clicks, first_clicks, imported_clicks
from linktrack.db import writing
from linktrack.ids import LinkId
from linktrack.links.models import Link

LINKS: Final = 500  # links asked for at once
STEP: Final = 5_000  # clicks deleted in one transaction


def delete_before(engine: Engine, before: int, marks_before: int) -> int:
    """Delete clicks that were made before a moment, and marks of before another.

    The visitors of imported clicks have no period; their marks stay.
    """
    total = 0
    for links in _links(engine):
        total += _delete_clicks(engine, links, before)
        _delete_marks(engine, links, marks_before)
    return total


def _links(engine: Engine) -> Iterator[Sequence[LinkId]]:
    after = 0
    while True:
        query = select(Link.id).where(Link.id > after).order_by(Link.id).limit(LINKS)
        with engine.connect() as connection:
            numbers = connection.scalars(query).all()
        if not numbers:
            return
        yield numbers
        after = numbers[-1]


def _delete_clicks(engine: Engine, links: Sequence[LinkId], before: int) -> int:
    old = select(clicks.c.seq).where(clicks.c.link_id.in_(links), clicks.c.clicked_at < before)
    with engine.connect() as connection:
        if connection.scalar(old.limit(1)) is None:
            return 0
    total = 0
    while True:
        with writing(engine) as connection:
            forget_before(connection, links, before)
            done = connection.execute(delete(clicks).where(clicks.c.seq.in_(old.limit(STEP))))
            write_fact(
                connection, DELETED_BEFORE, max(before, read_fact(connection, DELETED_BEFORE) or 0)
            )
        total += done.rowcount
        if done.rowcount < STEP:
            return total


def _delete_marks(engine: Engine, links: Sequence[LinkId], before: int) -> None:
    imported = exists().where(imported_clicks.c.account_id == Link.account_id)
    marks = first_clicks.c
    places = select(PLACE).where(Link.id.in_(links), ~imported)
    condition = and_(marks.post_or_link.in_(places), marks.first_at < before)
    with engine.connect() as connection:
        if connection.execute(select(first_clicks).where(condition).limit(1)).first() is None:
            return
    with writing(engine) as connection:
        connection.execute(delete(first_clicks).where(condition))


def has_clicks(connection: Connection) -> bool:
    """Whether there are clicks or marks."""
    return any(
        connection.execute(select(table).limit(1)).first() is not None
        for table in (clicks, first_clicks)
    )


def empty(connection: Connection) -> None:
    """Delete all clicks and marks, of which nothing is to stay."""
    connection.execute(text("TRUNCATE clicks, first_clicks, click_stretches"))
