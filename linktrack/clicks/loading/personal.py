"""Personal links: let a click name a follower only while they agree and the link was not passed on.

A name is taken off a click where the follower has not agreed (or was forgotten), and where the
link was forwarded: more visitors clicked it than one person has browsers. Then none of its
clicks names anybody, the earlier ones neither, in whatever order they were loaded.

Links can be passed on together, too, as in a feed that leaked: each is clicked by few, all of them
by many. Where more visitors clicked a follower's links within one day than one person is on the
way with, none of those links names the follower until the leak is closed. (Only towards
this bound the order of loading matters: the clicks of a link that was forwarded by itself are
nameless already, and don't count.)
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, TypeAlias

from msgspec.structs import replace
from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from linktrack.audience.models import Consent
from linktrack.calendar.days import Days
from linktrack.clicks.counts.changes import make_unattributed
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Every, Which
from linktrack.clicks.models import forwarded_followers, forwarded_links
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import REASON_NUMBER
from linktrack.ids import FollowerId, LinkId
from linktrack.links.models import Link

MOST_VISITORS: Final = 3
"""Visitors on one personal link: a phone, a computer at home and one at work."""

MOST_A_DAY: Final = 6
"""Visitors on all personal links of one follower within a day (UTC): three browsers, and a phone
whose address changes on the way."""

_DAY: Final = 86_400_000  # milliseconds

_PEOPLE: Final = (REASON_NUMBER["human"], REASON_NUMBER["burst"])
"""Bursts count here: they are judged later, and the order of loading must not matter."""

_NO_LINK: Final = -1

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
    leaked = forwarded_followers.c
    query = select(leaked.follower_id, leaked.last_link)
    last = {
        row.follower_id: row.last_link
        for row in connection.execute(query.where(leaked.follower_id.in_(agreed)))
    }

    def is_own(link_id: LinkId, follower_id: FollowerId) -> bool:
        if follower_id not in agreed or (link_id, follower_id) in forwarded:
            return False
        until = last.get(follower_id, _NO_LINK)
        return until is not None and link_id > until

    return [
        record
        if record.follower_id is None or is_own(record.link_id, record.follower_id)
        else replace(record, follower_id=None, segment_id=None, attribution=None)
        for record in records
    ]


def notice_forwarded(connection: Connection, records: Iterable[ClickRecord], days: Days) -> None:
    """Take the names off personal links that these clicks, stored now, show to be forwarded."""
    records = [record for record in records if record.follower_id is not None]
    pairs = _pairs(records)
    if not pairs:
        return
    _notice_leaks(connection, records, days)
    named = Which(
        links={link_id for link_id, _ in pairs},
        followers={follower_id for _, follower_id in pairs},
        reasons=_PEOPLE,
    )
    counted = clicks_of(connection).count(named, ("link_id", "follower_id"), ("visitors",))
    forwarded = [
        (LinkId(link_id), FollowerId(follower_id))
        for link_id, follower_id, visitors in counted
        if visitors > MOST_VISITORS and (link_id, follower_id) in pairs
    ]
    if forwarded:
        rows = [{"link_id": link, "follower_id": follower} for link, follower in forwarded]
        connection.execute(insert(forwarded_links), rows)
        take_names(connection, forwarded, days)


def _notice_leaks(connection: Connection, records: Sequence[ClickRecord], days: Days) -> None:
    """Take all names of followers away whose links these clicks show to be passed on together."""
    dates = {record.clicked_at // _DAY for record in records}
    named = Which(
        followers={follower_id for _, follower_id in _pairs(records)},
        reasons=_PEOPLE,
        since=min(dates) * _DAY,
        until=(max(dates) + 1) * _DAY,
    )
    counted = clicks_of(connection).count(named, ("follower_id", Every(_DAY)), ("visitors",))
    leaked = {follower_id for follower_id, _, visitors in counted if visitors > MOST_A_DAY}
    if not leaked:
        return
    follower_id = forwarded_followers.c.follower_id
    connection.execute(delete(forwarded_followers).where(follower_id.in_(leaked)))
    rows = [{"follower_id": each, "last_link": None} for each in leaked]
    connection.execute(insert(forwarded_followers), rows)
    make_unattributed(connection, Which(followers=leaked), days)


def close_leak(connection: Connection, follower_ids: Collection[FollowerId]) -> None:
    """Let links that are made from now on name these followers again; those there are, never.

    To be called once the address is replaced by which their links were passed on.
    """
    newest = select(func.coalesce(func.max(Link.id), 0)).scalar_subquery()
    connection.execute(
        update(forwarded_followers)
        .where(forwarded_followers.c.follower_id.in_(follower_ids))
        .values(last_link=newest)
    )


def open_leaks(connection: Connection, follower_ids: Collection[FollowerId]) -> set[FollowerId]:
    """Return whose links were passed on together, by an address that is not replaced yet."""
    leaked = forwarded_followers.c
    query = select(leaked.follower_id).where(
        leaked.follower_id.in_(follower_ids), leaked.last_link.is_(None)
    )
    return set(connection.scalars(query))


def take_names(connection: Connection, pairs: Collection[Pair], days: Days) -> None:
    """Make the stored clicks of personal links anonymous, and update every count.

    The caller holds the write lock.
    """
    for link_id, follower_id in sorted(pairs):  # few, and each by the index of personal clicks
        named = Which(links=(link_id,), followers=(follower_id,))
        make_unattributed(connection, named, days)


def take_follower_away(connection: Connection, follower_id: FollowerId, days: Days) -> None:
    """Make all stored clicks on a follower's personal links anonymous.

    Delete their consent with it, so that clicks which are not loaded yet name nobody either.
    """
    make_unattributed(connection, Which(followers=(follower_id,)), days)


def _pairs(records: Iterable[ClickRecord]) -> set[Pair]:
    return {
        (record.link_id, record.follower_id) for record in records if record.follower_id is not None
    }
