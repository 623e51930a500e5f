"""What people did with the demonstration's posts on their networks, as if those had been read.

Bluesky names who it was: the community most of all, empty profiles hardly ever. X names nobody.
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp, log
from statistics import NormalDist
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Follower
from linktrack.engagement.facts import keep_engaged
from linktrack.engagement.models import Engagement, EngagementCount, NetworkPost
from linktrack.engagement.schedule import WATCHED, WINDOWS
from linktrack.engagement.tallies import keep_tallies
from linktrack.engagement.vocabulary import KIND_NUMBER, NAMED, Kind
from linktrack.ids import FollowerId
from linktrack.links.models import Post, UnwrappedPost
from linktrack.portability.demo.blue import BlueFan, blue_members
from linktrack.portability.demo.story import ME, Profile

SPREAD: Final = 0.5
"""The standard deviation of the logarithm of how much a post gets, beside others."""

LIKES: Final[Mapping[str, float]] = {"community": 0.12, "reads": 0.006, "automatic": 0.001}
"""How likely somebody on Bluesky likes a post, by who they are; nobody else does."""

BESIDE: Final[Mapping[Kind, float]] = {"repost": 0.16, "reply": 0.12, "quote": 0.03}
"""For each like there are so many of these."""

STRANGERS: Final = 0.3  # for each follower who likes
BOOKMARKS: Final = 0.08  # for each like
ON_X: Final[Mapping[str, Mapping[Kind, float]]] = {
    "me": {"like": 34, "repost": 4, "reply": 6, "quote": 1, "bookmark": 3, "view": 1_900},
    "you": {"like": 14, "repost": 3, "reply": 1.2, "quote": 0.5, "bookmark": 4, "view": 2_600},
}
"""How much there is for a post on X in the mean, by the account's role."""

QUICK: Final = timedelta(hours=5)
"""Half of what is done is done within this time."""

SLOWNESS: Final = 1.4
"""The standard deviation of the logarithm of when something is done."""


@dataclass(frozen=True, slots=True)
class _Posted:
    network_id: str
    posted_at: datetime
    post_id: int | None


@dataclass(slots=True)
class _Acts:
    """When things were done with a post, and by which followers.

    Of `totals` only the number is known in the end.
    """

    totals: dict[Kind, int] = field(default_factory=dict)
    times: dict[Kind, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    people: dict[tuple[Kind, FollowerId], datetime] = field(default_factory=dict)


def add_engagement(
    session: Session,
    accounts: Mapping[Profile, Account],
    fans: Sequence[BlueFan],
    now: datetime,
    seed: int,
) -> None:
    """Add the engagement with all posts of the accounts on networks that tell of it."""
    chance = random.Random(f"{seed} engagement")
    for profile, account in accounts.items():
        if profile.role in ON_X and profile.network == ME.network:
            means = ON_X[profile.role]
            acts = {posted: _on_x(chance, means) for posted in _posts(session, account)}
            _store(session, account, acts, now, names=False)
            keep_tallies(session, account.id)
        elif profile.role == "you":
            crowd = _Crowd(session, account, fans, now)
            acts = {posted: crowd.act(chance, posted) for posted in _posts(session, account)}
            _store(session, account, acts, now, names=True)
            keep_tallies(session, account.id)
            keep_engaged(session, account.id, now)


def _posts(session: Session, account: Account) -> list[_Posted]:
    """Return the published posts, wrapped or not, without reposts, in order of their times."""
    ours = select(Post.id, Post.posted_at).where(
        Post.account_id == account.id, Post.state == "published"
    )
    others = select(UnwrappedPost.network_id, UnwrappedPost.posted_at).where(
        UnwrappedPost.account_id == account.id, ~UnwrappedPost.is_repost
    )
    found = [_Posted(name, at, None) for name, at in session.execute(others)]
    found += [
        _Posted(f"demo-post-{number}", at, number)
        for number, at in session.execute(ours)
        if at is not None
    ]
    return sorted(found, key=lambda posted: posted.posted_at)


def _on_x(chance: random.Random, means: Mapping[Kind, float]) -> _Acts:
    acts = _Acts()
    liking = chance.lognormvariate(-(SPREAD**2) / 2, SPREAD)
    acts.totals = {kind: _poisson(chance, mean * liking) for kind, mean in means.items()}
    return acts


class _Crowd:
    """The followers on Bluesky, by who they are."""

    def __init__(
        self, session: Session, account: Account, fans: Sequence[BlueFan], now: datetime
    ) -> None:
        query = select(Follower.network_id, Follower.id).where(Follower.account_id == account.id)
        self._numbers = dict(session.execute(query).all())
        members = {fan.number for fan in blue_members(fans)}
        self._groups: dict[str, list[BlueFan]] = defaultdict(list)
        for fan in fans:
            if fan.network_id in self._numbers:  # some come and go between two lists
                self._groups["community" if fan.number in members else fan.kind].append(fan)
        self._now = now

    def act(self, chance: random.Random, posted: _Posted) -> _Acts:
        """Return what is done with a post by who follows then, and by strangers."""
        ago = (self._now - posted.posted_at) / timedelta(days=1)
        acts = _Acts()
        liking = chance.lognormvariate(-(SPREAD**2) / 2, SPREAD)
        for group, likely in LIKES.items():
            there = [fan for fan in self._groups[group] if _follows(fan, ago)]
            for kind in NAMED:
                mean = len(there) * likely * liking * BESIDE.get(kind, 1.0)
                for fan in chance.sample(there, min(_poisson(chance, mean), len(there))):
                    at = _later(chance, posted.posted_at)
                    acts.times[kind].append(at)
                    acts.people[kind, self._numbers[fan.network_id]] = at
        for kind in NAMED:
            for _ in range(_poisson(chance, len(acts.times[kind]) * STRANGERS)):
                acts.times[kind].append(_later(chance, posted.posted_at))
        for _ in range(_poisson(chance, len(acts.times["like"]) * BOOKMARKS)):
            acts.times["bookmark"].append(_later(chance, posted.posted_at))
        return acts


def _follows(fan: BlueFan, ago: float) -> bool:
    since, until = fan.times[0]
    return since >= ago and (until is None or until < ago)


def _later(chance: random.Random, posted_at: datetime) -> datetime:
    return posted_at + min(chance.lognormvariate(0, SLOWNESS), 140) * QUICK


def _done_by(age: timedelta) -> float:
    """Return the share of what is done with a post that is done before it is so old."""
    return NormalDist().cdf(log(age / QUICK) / SLOWNESS) if age > timedelta() else 0.0


def _poisson(chance: random.Random, mean: float) -> int:
    """Return a Poisson number; a large one as its normal approximation."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    number, product, limit = 0, chance.random(), exp(-mean)
    while product > limit:
        number += 1
        product *= chance.random()
    return number


def _store(
    session: Session,
    account: Account,
    acts: Mapping[_Posted, _Acts],
    now: datetime,
    *,
    names: bool,
) -> None:
    """Store it as readings at the ends of the windows would have; `names`: with people."""
    kinds: Sequence[Kind] = (*NAMED, "bookmark") if names else tuple(ON_X["me"])
    rows = [
        {
            "account_id": account.id,
            "network_id": posted.network_id,
            "posted_at": posted.posted_at,
            "post_id": posted.post_id,
            "read_at": (read_at := min(now, posted.posted_at + WATCHED)),
            "names_read_at": read_at if names else None,
            "readings": int(names),
        }
        for posted in acts
    ]
    session.execute(insert(NetworkPost), rows)
    query = select(NetworkPost.network_id, NetworkPost.id).where(
        NetworkPost.account_id == account.id
    )
    numbers = dict(session.execute(query).all())
    counts: list[dict[str, object]] = []
    people: list[dict[str, object]] = []
    for posted, done in acts.items():
        number = numbers[posted.network_id]
        counts += _counts(number, posted, done, kinds, now)
        people += [
            {
                "network_post_id": number,
                "kind": KIND_NUMBER[kind],
                "follower_id": follower,
                "first_seen_at": at,
                "reading": 1,
            }
            for (kind, follower), at in done.people.items()
            if at <= min(now, posted.posted_at + WATCHED)
        ]
    session.execute(insert(EngagementCount), counts)
    if people:
        session.execute(insert(Engagement), people)


def _counts(
    number: int, posted: _Posted, done: _Acts, kinds: Sequence[Kind], now: datetime
) -> list[dict[str, object]]:
    """Return the steps of each kind's count: at the ends of the windows, and now."""
    ends = [posted.posted_at + window for window in WINDOWS]
    moments = sorted({min(end, now) for end in ends})
    rows: list[dict[str, object]] = []
    for kind in kinds:
        last: int | None = None
        for moment in moments:
            share = _done_by(moment - posted.posted_at)
            count = sum(at <= moment for at in done.times[kind])
            count += round(done.totals.get(kind, 0) * share)
            if count != last:
                rows.append(
                    {
                        "network_post_id": number,
                        "kind": KIND_NUMBER[kind],
                        "counted_at": moment,
                        "count": count,
                    }
                )
            last = count
    return rows
