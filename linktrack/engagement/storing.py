"""Store what a network tells of a post: how much of each kind, and which followers it was.

Everything comes in here: by readers, archives, and the demonstration.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Update, and_, delete, func, insert, select, update
from sqlalchemy.orm import Session

from linktrack.audience.forgetting import handle_key
from linktrack.audience.models import Account, Follower
from linktrack.chunks import chunked
from linktrack.clicks.vocabulary import WINDOW_LENGTHS
from linktrack.engagement.models import Engagement, EngagementCount, NetworkPost
from linktrack.engagement.vocabulary import KIND_NUMBER, KIND_OF, NAMED, Kind
from linktrack.ids import FollowerId
from linktrack.networks.engagement import Counts, EngagedPerson

CHUNK: Final = 500


def store_reading(
    session: Session,
    post: NetworkPost,
    counts: Counts,
    people: Sequence[EngagedPerson] | None,
    now: datetime,
) -> None:
    """Store one whole reading of a post, made at `now`.

    The followers named with the post are then exactly those of `people`; None: the network names
    nobody, and what is known stays. A kind without a count stays unknown, or as it was.
    """
    keep_counts(session, {post.id: counts}, now)
    post.read_at = now
    if people is not None:
        begin_people(post)
        keep_people(session, post, people, now)
        end_people(session, post, NAMED)
        post.names_read_at = now
    session.flush()


def keep_counts(session: Session, counts: Mapping[int, Counts], now: datetime) -> None:
    """Store the counts of posts, by their numbers, where they differ from the last ones.

    So does the first reading after a window's end, changed or not: figures are of that reading.
    A reading that is older than one that is stored changes nothing.
    """
    posted = _posted_at(session, counts)
    known = {key: (at, count) for key, at, count in _last_counts(session, counts)}
    rows = []
    for number, kinds in counts.items():
        for kind, count in kinds.items():
            at, last = known.get((number, kind), (None, None))
            if at is not None and at > now:
                continue
            if last == count and at is not None and not _ended(posted[number], at, now):
                continue
            if at == now:
                session.execute(_at_moment(number, kind, now).values(count=count))
                continue
            rows.append(
                {
                    "network_post_id": number,
                    "kind": KIND_NUMBER[kind],
                    "counted_at": now,
                    "count": count,
                }
            )
    if rows:
        session.execute(insert(EngagementCount), rows)


def last_counts(session: Session, numbers: Collection[int]) -> dict[int, dict[Kind, int]]:
    """Return the newest count of each kind, by the numbers of posts."""
    found: dict[int, dict[Kind, int]] = {number: {} for number in numbers}
    for (number, kind), _, count in _last_counts(session, numbers):
        found[number][kind] = count
    return found


def changed_kinds(session: Session, posts: Sequence[NetworkPost]) -> dict[int, set[Kind]]:
    """Return the kinds whose counts aren't what they were when the names were read, by post.

    Posts, by their numbers, whose names were never read are left out.
    """
    read_at = {post.id: post.names_read_at for post in posts if post.names_read_at is not None}
    query = (
        select(
            EngagementCount.network_post_id,
            EngagementCount.kind,
            EngagementCount.counted_at,
            EngagementCount.count,
        )
        .where(EngagementCount.network_post_id.in_(read_at))
        .order_by(EngagementCount.counted_at)
    )
    then: dict[tuple[int, int], int] = {}
    newest: dict[tuple[int, int], int] = {}
    for number, kind, at, count in session.execute(query):
        newest[number, kind] = count
        if at <= read_at[number]:
            then[number, kind] = count
    changed: dict[int, set[Kind]] = {number: set() for number in read_at}
    for (number, kind), count in newest.items():
        if then.get((number, kind)) != count:
            changed[number].add(KIND_OF[kind])
    return changed


def begin_people(post: NetworkPost) -> None:
    """Begin to read a post's people anew: who is kept from here on is of this reading."""
    post.readings += 1


def keep_people(
    session: Session, post: NetworkPost, people: Iterable[EngagedPerson], now: datetime
) -> None:
    """Keep those of some people who are, or were, followers of the post's account.

    The account itself is none of them. Who is here twice is kept once, since the first time.
    """
    account = session.get_one(Account, post.account_id)
    for chunk in chunked(people, CHUNK):
        theirs = _followers(session, account, chunk)
        found: dict[tuple[int, FollowerId], datetime | None] = {}
        for person in chunk:
            follower = theirs.get(person.network_id) or theirs.get(_by_handle(person))
            if follower is None:
                continue
            key = KIND_NUMBER[person.kind], follower
            times = [at for at in (person.at, found.get(key)) if at is not None]
            found[key] = min([*times, now]) if times else None
        _write_people(session, post, found, now)


def end_people(session: Session, post: NetworkPost, kinds: Collection[Kind]) -> None:
    """Delete those of some kinds whom the reading that was begun last does not have."""
    session.execute(
        delete(Engagement)
        .where(
            Engagement.network_post_id == post.id,
            Engagement.kind.in_([KIND_NUMBER[kind] for kind in kinds]),
            Engagement.reading != post.readings,
        )
        .execution_options(synchronize_session=False)
    )


def drop_people(session: Session, post: NetworkPost, kinds: Collection[Kind]) -> None:
    """Delete everybody of some kinds: the network says that there is nobody."""
    if kinds:
        session.execute(
            delete(Engagement)
            .where(
                Engagement.network_post_id == post.id,
                Engagement.kind.in_([KIND_NUMBER[kind] for kind in kinds]),
            )
            .execution_options(synchronize_session=False)
        )


def _last_counts(
    session: Session, numbers: Collection[int]
) -> Iterable[tuple[tuple[int, Kind], datetime, int]]:
    """Yield the newest count of each post and kind: its key, when it was counted, the number."""
    newest = (
        select(
            EngagementCount.network_post_id,
            EngagementCount.kind,
            func.max(EngagementCount.counted_at).label("counted_at"),
        )
        .where(EngagementCount.network_post_id.in_(numbers))
        .group_by(EngagementCount.network_post_id, EngagementCount.kind)
        .subquery()
    )
    query = select(
        EngagementCount.network_post_id,
        EngagementCount.kind,
        EngagementCount.counted_at,
        EngagementCount.count,
    ).join(
        newest,
        and_(
            newest.c.network_post_id == EngagementCount.network_post_id,
            newest.c.kind == EngagementCount.kind,
            newest.c.counted_at == EngagementCount.counted_at,
        ),
    )
    for number, kind, at, count in session.execute(query):
        yield (number, KIND_OF[kind]), at, count


def _posted_at(session: Session, numbers: Collection[int]) -> dict[int, datetime]:
    query = select(NetworkPost.id, NetworkPost.posted_at).where(NetworkPost.id.in_(numbers))
    return {row[0]: row[1] for row in session.execute(query)}


def _ended(posted_at: datetime, last: datetime, now: datetime) -> bool:
    """Whether a window of a post ended after the last stored reading, and by now."""
    return any(last < posted_at + timedelta(milliseconds=ms) <= now for ms in WINDOW_LENGTHS)


def _at_moment(number: int, kind: Kind, at: datetime) -> Update:
    return update(EngagementCount).where(
        EngagementCount.network_post_id == number,
        EngagementCount.kind == KIND_NUMBER[kind],
        EngagementCount.counted_at == at,
    )


def _followers(
    session: Session, account: Account, people: Sequence[EngagedPerson]
) -> dict[str, FollowerId]:
    """Return the numbers of those who are followers, by the ids that they are stored under."""
    names = {name for person in people for name in (person.network_id, _by_handle(person))}
    own = {account.network_id, f"@{account.handle_key}"}
    itself = {
        name
        for person in people
        if own & {person.network_id, _by_handle(person)}
        for name in (person.network_id, _by_handle(person))
    }
    query = select(Follower.network_id, Follower.id).where(
        Follower.account_id == account.id, Follower.network_id.in_(names - itself)
    )
    return dict(session.execute(query).all())


def _by_handle(person: EngagedPerson) -> str:
    """Return the id of a follower whom a list gave by the handle alone; empty without a handle."""
    return f"@{handle_key(person.handle)}" if person.handle else ""


def _write_people(
    session: Session,
    post: NetworkPost,
    found: Mapping[tuple[int, FollowerId], datetime | None],
    now: datetime,
) -> None:
    if not found:
        return
    query = select(Engagement.kind, Engagement.follower_id, Engagement.first_seen_at).where(
        Engagement.network_post_id == post.id,
        Engagement.follower_id.in_({follower for _, follower in found}),
    )
    known = {(kind, follower): at for kind, follower, at in session.execute(query)}
    rows = [
        {
            "network_post_id": post.id,
            "kind": kind,
            "follower_id": follower,
            "first_seen_at": min(at or now, known.get((kind, follower), now)),
            "reading": post.readings,
        }
        for (kind, follower), at in found.items()
    ]
    new = [row for row in rows if (row["kind"], row["follower_id"]) not in known]
    again = [row for row in rows if (row["kind"], row["follower_id"]) in known]
    if new:
        session.execute(insert(Engagement), new)
    if again:
        session.execute(update(Engagement), again)
