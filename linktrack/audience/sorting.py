"""Sort the followers of the newest roster into segments, and store the segments' sizes."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ScalarSelect,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from linktrack.audience.models import (
    Account,
    Follower,
    FollowerSegment,
    FollowPeriod,
    Roster,
    Segment,
    SegmentEntry,
    SegmentSize,
)
from linktrack.audience.properties import (
    Properties,
    PropertyCount,
    keep_properties,
    kept_properties,
)
from linktrack.audience.rules import Facts, Rule, judge, parse_rules
from linktrack.audience.segments import list_segments
from linktrack.chunks import chunked
from linktrack.db import to_ms
from linktrack.ids import AccountId, FollowerId, SegmentId

STEP: Final = 5_000  # followers read at a time: about 5 MB


@dataclass(frozen=True, slots=True)
class Sorter:
    """The current segments of an account, ready to judge one follower after another.

    `steps` are the segments in order with their rules, None for a list; `rest` is everyone else.
    """

    steps: Sequence[tuple[SegmentId, tuple[Rule, ...] | None]]
    rest: SegmentId | None
    entries: Mapping[str, tuple[int, ...]]
    community: Collection[str] | None
    now: int
    names: Mapping[int, str]

    def first_match(
        self, facts: Facts, lists: Collection[int]
    ) -> tuple[SegmentId | None, list[SegmentId]]:
        """Return the first segment that matches, and those before it that could not be judged."""
        unjudged: list[SegmentId] = []
        for segment_id, rules in self.steps:
            holds = segment_id in lists if rules is None else judge(rules, facts, self.now)
            if holds:
                return segment_id, unjudged
            if holds is None:
                unjudged.append(segment_id)
        return self.rest, unjudged


class Sortable(NamedTuple):
    """A follower to be sorted: the segment they were in before, what is known, and their lists."""

    follower_id: FollowerId
    segment_id: SegmentId | None
    facts: Facts
    lists: set[int]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes that stood at a moment, by segment; they add up to the roster of that sorting."""

    sized_at: datetime
    sizes: Mapping[int, int]
    unjudged: Mapping[int, int]


def sort_followers(
    session: Session, account: Account, now: datetime, *, roster_came: bool = False
) -> None:
    """Sort the newest roster's followers into segments, and keep the sizes.

    The properties of all of them are counted beside that (`properties.py`), without segments too.
    Call it after segments have changed, and with `roster_came` after a roster: what changed
    today counts from today, and earlier sizes stay as they were. The sizes are those of the
    roster's moment where nothing was sorted since, else of now: an older roster, placed in its
    time, changes what is known today. Without a roster there are no sizes.
    """
    # Two who sort at once take turns: both would keep the same rows. `key_share`: who has just
    # added a row that refers to the account need not wait for another who has.
    mine = select(Account.id).where(Account.id == account.id)
    session.execute(mine.with_for_update(key_share=True))
    roster = newest_roster(session, account)
    segments = [item for item in list_segments(session, account) if item.kind != "size"]
    if roster is None:
        return
    last = session.scalar(
        select(func.max(SegmentSize.sized_at)).where(SegmentSize.account_id == account.id)
    )
    is_newest = roster_came and (last is None or roster.taken_at > last)
    sized_at = roster.taken_at if is_newest else now
    sorter = _sorter(session, account, segments, sized_at)
    counted: Counter[int | None] = Counter()
    unjudged: Counter[int] = Counter()
    properties = PropertyCount(segments, sorter.now)
    _drop_sorting(session, account, sized_at)
    moved: defaultdict[SegmentId, array[int]] = defaultdict(lambda: array("q"))
    for one in _followers(session, account, roster, sorter):
        segment_id, unknown = sorter.first_match(one.facts, one.lists)
        counted[segment_id] += 1
        unjudged.update(unknown)
        properties.add(one.facts, one.lists)
        if segment_id is not None and segment_id != one.segment_id:
            moved[segment_id].append(one.follower_id)
    keep_properties(session, account.id, sized_at, properties.groups)
    if not segments:
        return
    _keep_moves(session, moved, sized_at)
    session.execute(
        insert(SegmentSize),
        [
            {
                "account_id": account.id,
                "sized_at": sized_at,
                "segment_id": segment.id,
                "size": counted[segment.id],
                "unjudged": unjudged[segment.id],
                "has_people": True,
            }
            for segment in segments
        ],
    )
    for segment in segments:
        segment.size = counted[segment.id]
    session.flush()


def properties_of(session: Session, account: Account, now: datetime) -> Properties | None:
    """Return the properties of the newest roster's followers, None without a roster.

    Those that were kept when it was sorted; a list sorted before there were any is read for it.
    """
    kept, roster = kept_properties(session, account.id), newest_roster(session, account)
    if kept is not None or roster is None:
        return kept
    segments = [item for item in list_segments(session, account) if item.kind != "size"]
    sorter = _sorter(session, account, segments, now)
    counted = PropertyCount(segments, sorter.now)
    for one in _followers(session, account, roster, sorter):
        counted.add(one.facts, one.lists)
    return Properties(now, counted.groups)


def segment_of(
    session: Session, account: Account, follower: Follower, now: datetime
) -> SegmentId | None:
    """Return the segment a follower is in now; None if they no longer follow."""
    roster = newest_roster(session, account)
    segments = [item for item in list_segments(session, account) if item.kind != "size"]
    if roster is None:
        return None
    sorter = _sorter(session, account, segments, now)
    for one in _followers(session, account, roster, sorter, follower.id):
        return sorter.first_match(one.facts, one.lists)[0]
    return None


def _drop_sorting(session: Session, account: Account, sized_at: datetime) -> None:
    """Delete what an earlier sorting of the same moment kept."""
    same = (SegmentSize.account_id == account.id, SegmentSize.sized_at == sized_at)
    kept = session.scalar(select(SegmentSize.sized_at).where(*same).limit(1))
    if kept is None:
        return
    session.execute(delete(SegmentSize).where(*same))
    mine = select(Segment.id).where(Segment.account_id == account.id)
    session.execute(
        delete(FollowerSegment)
        .where(FollowerSegment.sorted_at == sized_at, FollowerSegment.segment_id.in_(mine))
        .execution_options(synchronize_session=False)
    )


def _keep_moves(
    session: Session, moved: Mapping[SegmentId, Iterable[int]], sorted_at: datetime
) -> None:
    for segment_id, people in moved.items():
        for chunk in chunked(people, STEP):
            session.execute(
                insert(FollowerSegment),
                [
                    {"follower_id": one, "sorted_at": sorted_at, "segment_id": segment_id}
                    for one in chunk
                ],
            )


def sizes_at(session: Session, account_id: AccountId, at: datetime | None = None) -> Sizes | None:
    """Return the sizes that stood at a moment (default: the newest), None before the first."""
    query = select(func.max(SegmentSize.sized_at)).where(SegmentSize.account_id == account_id)
    if at is not None:
        query = query.where(SegmentSize.sized_at <= at)
    sized_at = session.scalar(query)
    if sized_at is None:
        return None
    rows = session.scalars(
        select(SegmentSize).where(
            SegmentSize.account_id == account_id, SegmentSize.sized_at == sized_at
        )
    ).all()
    return Sizes(
        sized_at,
        {row.segment_id: row.size for row in rows},
        {row.segment_id: row.unjudged for row in rows},
    )


def size_history(session: Session, segment: Segment, most: int) -> Sequence[SegmentSize]:
    """Return a segment's sizes, newest first, at most so many."""
    query = select(SegmentSize).where(
        SegmentSize.account_id == segment.account_id, SegmentSize.segment_id == segment.id
    )
    return session.scalars(query.order_by(SegmentSize.sized_at.desc()).limit(most)).all()


def newest_roster(session: Session, account: Account) -> Roster | None:
    """Return the account's last roster, None if there is none."""
    query = select(Roster).where(Roster.account_id == account.id)
    return session.scalar(query.order_by(Roster.taken_at.desc()).limit(1))


def _sorter(
    session: Session, account: Account, segments: Sequence[Segment], at: datetime
) -> Sorter:
    steps = [
        (item.id, parse_rules((item.rules or "").splitlines()) if item.kind == "rule" else None)
        for item in segments
        if item.kind != "rest"
    ]
    asked = {rule.field for _, rules in steps for rule in rules or ()}
    return Sorter(
        steps=steps,
        rest=next((item.id for item in segments if item.kind == "rest"), None),
        entries=_entries(session, [segment.id for segment in segments]),
        community=_community(session, account) if "in_community" in asked else None,
        now=to_ms(at),
        names={segment.id: segment.name for segment in segments},
    )


def _entries(session: Session, segment_ids: Sequence[SegmentId]) -> dict[str, tuple[int, ...]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    query = select(SegmentEntry).where(SegmentEntry.segment_id.in_(segment_ids))
    for entry in session.scalars(query):
        found[entry.key].append(entry.segment_id)
    return {key: tuple(ids) for key, ids in found.items()}


def _community(session: Session, account: Account) -> Collection[str] | None:
    """Return the ids of who follows an account with the role we on the same network.

    None if no such account has a roster: then nobody can be judged.
    """
    communities = select(Account.id).where(
        Account.network == account.network,
        Account.role == "we",
        Account.id != account.id,
        Account.removed_at.is_(None),
    )
    rosters = select(Roster.id).where(Roster.account_id.in_(communities)).limit(1)
    if session.scalar(rosters) is None:
        return None
    query = (
        select(Follower.network_id)
        .join(FollowPeriod, FollowPeriod.follower_id == Follower.id)
        .where(Follower.account_id.in_(communities), FollowPeriod.ended_after.is_(None))
    )
    return set(session.scalars(query))


def segment_now(follower_id: InstrumentedAttribute[FollowerId]) -> ScalarSelect[SegmentId]:
    """Return the segment a follower was sorted into last, as a subquery; null: into none."""
    move = FollowerSegment
    return (
        select(move.segment_id)
        .where(move.follower_id == follower_id)
        .order_by(move.sorted_at.desc())
        .limit(1)
        .scalar_subquery()
    )


def _followers(
    session: Session,
    account: Account,
    roster: Roster,
    sorter: Sorter,
    follower_id: FollowerId | None = None,
) -> Iterator[Sortable]:
    """Yield everybody on a roster in steps, with what is known of them and where they were."""
    period, earlier = FollowPeriod, aliased(FollowPeriod)
    other_periods = select(earlier.began_by).where(
        earlier.follower_id == Follower.id, earlier.began_by < period.began_by
    )
    # Whether somebody came back shows with the second roster.
    rosters = select(func.count()).select_from(Roster).where(Roster.account_id == account.id)
    several = (session.scalar(rosters) or 0) > 1
    query = (
        select(
            Follower.id,
            segment_now(Follower.id),
            type_coerce(period.began_by, BigInteger),
            type_coerce(period.began_after, BigInteger),
            Follower.followers,
            Follower.following,
            Follower.posts,
            type_coerce(Follower.account_created_at, BigInteger),
            Follower.has_description,
            Follower.has_picture,
            type_coerce(Follower.last_active_at, BigInteger),
            Follower.followed_back,
            Follower.engaged,
            other_periods.exists(),
            Follower.network_id,
            Follower.handle_key,
        )
        .join(period, period.follower_id == Follower.id)
        .where(
            Follower.account_id == account.id,
            and_(
                period.began_by <= roster.taken_at,
                or_(period.ended_after.is_(None), period.ended_after >= roster.taken_at),
            ),
        )
    )
    if follower_id is not None:
        query = query.where(Follower.id == follower_id)
    entries = sorter.entries
    for row in session.execute(query, execution_options={"yield_per": STEP}):
        number, segment_id, *known, came_back, network_id, handle_key = row
        lists = {*entries.get(network_id, ()), *entries.get(f"@{handle_key}", ())}
        facts = Facts._make(
            (
                *known,
                came_back if several else None,
                None if sorter.community is None else network_id in sorter.community,
                tuple(sorter.names[number] for number in lists),
            )
        )
        yield Sortable(number, segment_id, facts, lists)
