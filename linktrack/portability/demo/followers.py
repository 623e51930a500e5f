"""The followers of the you account, their lists and segments, and who said hello."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from linktrack.audience.forgetting import handle_key
from linktrack.audience.models import (
    Account,
    Follower,
    FollowPeriod,
    HelloDay,
    Roster,
    Segment,
)
from linktrack.audience.segments import add_segment, find_segment
from linktrack.audience.sorting import sort_followers
from linktrack.db import from_ms, to_ms
from linktrack.portability.demo.crowd import Fan, list_days, members, records, sizes
from linktrack.portability.demo.story import COMMUNITY, DAYS, GROUP_OPENED, SAID_HELLO, signs_in

SORTED: Final = (DAYS, 364, 75, 68, 0)
"""At which lists the segments' sizes are kept; each takes half a second."""

RULES: Final = {
    "looks empty": ("empty_signs >= 2",),
    "follow for follow": ("following >= 5000",),
    "newcomers": ("follows_since > 30 days ago",),
}


def add_followers(
    session: Session, account: Account, fans: Sequence[Fan], now: datetime, seed: int
) -> Segment:
    """Add the followers with their lists and segments; return the community's segment."""
    opened = now - timedelta(days=DAYS)
    entries = [fan.network_id for fan in members(fans)]
    place = "the members' letter"
    add_segment(session, account, COMMUNITY, None, opened, entries=entries, place=place)
    for name, rules in RULES.items():
        add_segment(session, account, name, None, opened, rules=rules)
    add_lists(session, account, fans, days=list_days(), sorted_at=SORTED, now=now, seed=seed)
    segment = find_segment(session, account, COMMUNITY)
    _add_hellos(session, segment, now)
    return segment


def add_lists(
    session: Session,
    account: Account,
    fans: Sequence[Fan],
    *,
    days: Sequence[float],
    sorted_at: Collection[float],
    now: datetime,
    seed: int,
) -> None:
    """Add followers with the lists of some days; at some of these they are sorted into segments."""
    moments = [from_ms(to_ms(now - timedelta(days=ago))) for ago in days]
    numbers = _insert_followers(session, account, fans, days, moments, now=now, seed=seed)
    rows = [
        {"follower_id": numbers[fan.network_id], "account_id": account.id, **period}
        for fan in fans
        for period in _periods(fan, days, moments)
    ]
    session.execute(insert(FollowPeriod), rows)
    for ago, moment, size in zip(days, moments, sizes(fans, days), strict=True):
        roster = Roster(account_id=account.id, taken_at=moment, source="simulated", size=size)
        session.add(roster)
        session.flush()
        if ago in sorted_at:
            sort_followers(session, account, now, roster_came=True)


def _insert_followers(
    session: Session,
    account: Account,
    fans: Sequence[Fan],
    days: Sequence[float],
    moments: Sequence[datetime],
    *,
    now: datetime,
    seed: int,
) -> Mapping[str, int]:
    """Insert everybody who is on a list; return their numbers by the ids of the network."""
    rows = []
    for fan, record in zip(fans, records(fans, now, seed), strict=True):
        seen = [last for _, last in _runs(fan, days)]
        if not seen:
            continue
        rows.append(
            {
                "account_id": account.id,
                "network_id": record.network_id,
                "handle": record.handle,
                "handle_key": handle_key(record.handle or ""),
                "followers": record.followers,
                "following": record.following,
                "posts": record.posts,
                "account_created_at": record.account_created_at,
                "has_description": record.has_description,
                "has_picture": record.has_picture,
                "last_active_at": record.last_active_at,
                "followed_back": record.followed_back,
                "facts_at": moments[seen[-1]],
            }
        )
    session.execute(insert(Follower), rows)
    found = session.execute(
        select(Follower.network_id, Follower.id).where(Follower.account_id == account.id)
    )
    return {row.network_id: row.id for row in found}


def _runs(fan: Fan, days: Sequence[float]) -> list[tuple[int, int]]:
    """Return which lists in a row have somebody, as first and last number of each run."""
    times = [-ago for ago in days]  # in order of time
    runs: list[tuple[int, int]] = []
    for since, until in fan.times:
        first = bisect_left(times, -since)
        last = (len(times) if until is None else bisect_left(times, -until)) - 1
        if first > last:
            continue
        if runs and runs[-1][1] + 1 == first:  # no list saw them away
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs


def _periods(
    fan: Fan, days: Sequence[float], moments: Sequence[datetime]
) -> Iterator[dict[str, datetime | None]]:
    for first, last in _runs(fan, days):
        is_over = last + 1 < len(moments)
        yield {
            "began_by": moments[first],
            "began_after": moments[first - 1] if first else None,
            "ended_after": moments[last] if is_over else None,
            "ended_by": moments[last + 1] if is_over else None,
        }


def _add_hellos(session: Session, segment: Segment, now: datetime) -> None:
    """Let readers of the letter say hello, most of them in the weeks after the invitation."""
    said = [GROUP_OPENED - round(4.1 * (number**1.15)) for number in range(SAID_HELLO)]
    days = sorted({max(ago, 2) for ago in said}, reverse=True)
    for ago in days:
        people = [person for person, each in enumerate(said) if max(each, 2) == ago]
        day = (now - timedelta(days=ago)).date().toordinal()
        session.add(
            HelloDay(
                segment_id=segment.id,
                day=day,
                said=len(people),
                taken_back=int(ago in days[10:40:10]),
                by_network=sum(map(signs_in, people)),
                network_back=0,
            )
        )
    session.flush()
