"""What is known already of people who ask to join: by follower lists, and by what they did."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.models import Account, Follower, FollowerSegment, FollowPeriod, Segment
from linktrack.calendar.times import utc
from linktrack.community.models import JoinRequest
from linktrack.engagement.facts import LAST
from linktrack.engagement.models import Engagement, NetworkPost
from linktrack.engagement.vocabulary import KIND_OF, Kind
from linktrack.ids import FollowerId, PostId
from linktrack.links.excerpts import excerpt
from linktrack.links.models import Post

MOST_DEEDS: Final = 5
"""Of what somebody did, the newest so many are shown with the post."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did with a post; `text` is that of a post that was made here."""

    kind: Kind
    at: datetime
    post_id: PostId | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What one account knows of somebody who asks: a follower of it, of now or of before.

    They began to follow after `began_after` (None: they are on its first list) and by `began_by`,
    and had left by `left_by` (None: they follow). `did` is how often they did something with its
    posts in the last 90 days, by kind; None: the network names nobody, or nothing was read.
    """

    account: Account
    follower: Follower
    began_after: datetime | None
    began_by: datetime | None
    left_by: datetime | None
    segment: str | None
    did: Mapping[Kind, int] | None
    newest: Sequence[Deed]


def known_about(
    session: Session, requests: Iterable[JoinRequest], now: datetime
) -> Mapping[int, Sequence[Known]]:
    """Return what each request's person is known for, by the request's number, in a few queries.

    They are looked for by their network's own id on all accounts of that network; by the handle
    only where a list gave no more: a handle may have been somebody else's before.
    """
    asking = [each for each in requests if each.network is not None]
    if not asking:
        return {}
    query = (
        select(Follower, Account)
        .join(Account, Account.id == Follower.account_id)
        .where(or_(*(_is_them(each) for each in asking)), Account.removed_at.is_(None))
        .order_by(Account.id, Follower.id)
    )
    found = [(row[0], row[1]) for row in session.execute(query)]
    numbers = [follower.id for follower, _ in found]
    if not numbers:
        return {}
    periods = _last_periods(session, numbers)
    segments = _segments(session, numbers)
    deeds = _deeds(session, numbers, now - LAST)
    by_person: defaultdict[tuple[str, str], list[Known]] = defaultdict(list)
    for follower, account in found:
        period, done = periods.get(follower.id), deeds.get(follower.id, ())
        counts: dict[Kind, int] = {}
        for deed in done:
            counts[deed.kind] = counts.get(deed.kind, 0) + 1
        known = Known(
            account=account,
            follower=follower,
            began_after=None if period is None else period.began_after,
            began_by=None if period is None else period.began_by,
            left_by=None if period is None else period.ended_by,
            segment=segments.get(follower.id),
            did=counts if done or follower.engaged is not None else None,
            newest=done[:MOST_DEEDS],
        )
        by_person[account.network, follower.network_id].append(known)
    return {
        each.id: [
            *by_person.get((each.network or "", each.network_id or ""), ()),
            *by_person.get((each.network or "", f"@{each.handle_key}"), ()),
        ]
        for each in asking
    }


def _is_them(request: JoinRequest) -> ColumnElement[bool]:
    names = [request.network_id or ""]
    if request.handle_key:
        names.append(f"@{request.handle_key}")
    return and_(Account.network == request.network, Follower.network_id.in_(names))


def _last_periods(
    session: Session, numbers: Sequence[FollowerId]
) -> Mapping[FollowerId, FollowPeriod]:
    query = select(FollowPeriod).where(FollowPeriod.follower_id.in_(numbers))
    found = session.scalars(query.order_by(FollowPeriod.began_by))
    return {each.follower_id: each for each in found}  # the last one stays


def _segments(session: Session, numbers: Sequence[FollowerId]) -> Mapping[FollowerId, str]:
    query = (
        select(FollowerSegment.follower_id, Segment.name)
        .join(Segment, Segment.id == FollowerSegment.segment_id)
        .where(FollowerSegment.follower_id.in_(numbers))
        .order_by(FollowerSegment.sorted_at)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _deeds(
    session: Session, numbers: Sequence[FollowerId], since: datetime
) -> Mapping[FollowerId, Sequence[Deed]]:
    start = func.substr(Post.text, 1, 400)
    query = (
        select(
            Engagement.follower_id, Engagement.kind, Engagement.first_seen_at,
            NetworkPost.post_id, start,
        )
        .join(NetworkPost, NetworkPost.id == Engagement.network_post_id)
        .outerjoin(Post, Post.id == NetworkPost.post_id)
        .where(Engagement.follower_id.in_(numbers), Engagement.first_seen_at >= since)
        .order_by(Engagement.first_seen_at.desc(), Engagement.network_post_id)
    )  # fmt: skip
    found: defaultdict[FollowerId, list[Deed]] = defaultdict(list)
    for follower_id, kind, at, post_id, text in session.execute(query):
        said = None if text is None else excerpt(text)
        found[follower_id].append(Deed(KIND_OF[kind], at, post_id, said))
    return found


class KnownJson(TypedDict):
    """What one account knows of somebody who asks; null is not known.

    They began to follow after `began_after` and by `began_by`. `engagements` are in 90 days.
    """

    account: AccountNameJson
    began_after: str | None
    began_by: str | None
    left_by: str | None
    segment: str | None
    followers: int | None
    following: int | None
    posts: int | None
    engagements: dict[Kind, int] | None


def known_json(known: Known) -> KnownJson:
    """Return what an account knows as every door gives it."""
    return {
        "account": account_json(known.account),
        "began_after": utc(known.began_after),
        "began_by": utc(known.began_by),
        "left_by": utc(known.left_by),
        "segment": known.segment,
        "followers": known.follower.followers,
        "following": known.follower.following,
        "posts": known.follower.posts,
        "engagements": None if known.did is None else dict(known.did),
    }
