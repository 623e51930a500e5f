"""Personal links: let a click name a follower only while they agree and the link was not passed on.

A name is taken off a click where the follower has not agreed (or was forgotten), and where the
link was forwarded: more visitors clicked it than one person has browsers. Then none of its
clicks names anybody, the earlier ones neither, in whatever order they were loaded.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, TypeAlias

from msgspec.structs import replace
from sqlalchemy import Connection, and_, distinct, func, insert, select, tuple_

from linktrack.audience.models import Consent
from linktrack.calendar.days import Days
from linktrack.clicks.counts.changes import make_unattributed
from linktrack.clicks.models import clicks, forwarded_links
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import REASON_NUMBER
from linktrack.ids import FollowerId, LinkId

MOST_VISITORS: Final = 3
"""Visitors on one personal link: a phone, a computer at home and one at work."""

_PEOPLE: Final = (REASON_NUMBER["human"], REASON_NUMBER["burst"])
"""Bursts count here: they are judged later, and the order of loading must not matter."""

Pair: TypeAlias = tuple[LinkId, FollowerId]
"""A personal link: the link's number and the follower's."""


def without_names(connection: Connection, records: Sequence[ClickRecord]) -> list[ClickRecord]:
    """Return the clicks with names only where their followers agree and links are their own."""
    pairs = _pairs(records)
    if not pairs:
        return list(records)
    query = select(Consent.follower_id).where(Consent.follower_id.in_({pair[1] for pair in pairs}))
    agreed = set(connection.scalars(query))
    key = tuple_(*forwarded_links.primary_key)
    forwarded = {
        tuple(row)
        for row in connection.execute(select(forwarded_links).where(key.in_(sorted(pairs))))
    }
    return [
        record
        if record.follower_id is None
        or (record.follower_id in agreed and (record.link_id, record.follower_id) not in forwarded)
        else replace(record, follower_id=None, segment_id=None, attribution=None)
        for record in records
    ]


def notice_forwarded(connection: Connection, records: Iterable[ClickRecord], days: Days) -> None:
    """Take the names off personal links that these clicks, stored now, show to be forwarded."""
    pairs = _pairs(records)
    if not pairs:
        return
    query = (
        select(clicks.c.link_id, clicks.c.follower_id)
        .where(tuple_(clicks.c.link_id, clicks.c.follower_id).in_(sorted(pairs)))
        .where(clicks.c.follower_id.is_not(None), clicks.c.reason.in_(_PEOPLE))
        .group_by(clicks.c.link_id, clicks.c.follower_id)
        .having(func.count(distinct(clicks.c.visitor)) > MOST_VISITORS)
    )
    forwarded = [(row[0], row[1]) for row in connection.execute(query)]
    if forwarded:
        rows = [{"link_id": link, "follower_id": follower} for link, follower in forwarded]
        connection.execute(insert(forwarded_links), rows)
        take_names(connection, forwarded, days)


def take_names(connection: Connection, pairs: Collection[Pair], days: Days) -> None:
    """Make the stored clicks of personal links anonymous, and update every count.

    The caller holds the write lock.
    """
    named = and_(
        clicks.c.follower_id.is_not(None),
        tuple_(clicks.c.link_id, clicks.c.follower_id).in_(sorted(pairs)),
    )
    make_unattributed(connection, named, days)


def take_follower_away(connection: Connection, follower_id: FollowerId, days: Days) -> None:
    """Make all stored clicks on a follower's personal links anonymous.

    Delete their consent with it, so that clicks which are not loaded yet name nobody either.
    """
    query = select(clicks.c.link_id).distinct().where(clicks.c.follower_id.is_not(None))
    links = connection.scalars(query.where(clicks.c.follower_id == follower_id)).all()
    if links:
        take_names(connection, [(link_id, follower_id) for link_id in links], days)


def _pairs(records: Iterable[ClickRecord]) -> set[Pair]:
    return {
        (record.link_id, record.follower_id) for record in records if record.follower_id is not None
    }
