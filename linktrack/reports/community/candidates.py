"""Posts that did clearly better than their account's usual: candidates for a community's feed.

The judgement is the one of every report (`standing.py`): complete posts alone, by people who
clicked per follower. Own words without a link have no clicks. Where their network tells of likes,
reposts, replies and quotes, the same rule is asked of these per follower.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json, list_accounts
from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.community.models import FeedEntry
from linktrack.db import from_ms
from linktrack.engagement.models import NetworkPost
from linktrack.links.models import Post, UnwrappedPost
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.engagement.figures import ANY
from linktrack.reports.engagement.report import rated_posts as engaged_posts
from linktrack.reports.figures.statistics.rates import rate_interval
from linktrack.reports.figures.statistics.usual import Judged, clearly, usual_rates
from linktrack.reports.rated import RatedPost, rated_people
from linktrack.reports.standing import AROUND, standings, year_around

LOOKED_AT: Final = timedelta(days=90)
"""How old a candidate may be: what is older is no news to members."""

MOST: Final = 50

MOST_OWN: Final = 3  # accounts for own words whose engagement is looked at: usually there is one

MOST_OWN_WORDS: Final = 10

Measure: TypeAlias = Literal["clicks", "engagement"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that is clearly above usual: `times` as often, by the cautious end of its interval.

    One of `post` and `unwrapped` is its number. `number` are the people who clicked it, or what
    was liked, reposted, replied and quoted, of so many `followers`.
    """

    account: Account
    post: int | None
    unwrapped: int | None
    text: str
    posted_at: datetime
    measure: Measure
    number: int
    followers: int
    times: float


def candidates(
    session: Session, community: Account, now: datetime, limit: int = MOST
) -> list[Candidate]:
    """Return the posts of the other accounts that are clearly above usual and not brought in.

    Those of accounts with the role me or you come first, then by how far they are above it. All
    clicks before `now` are loaded.
    """
    accounts = other_accounts(session, community)
    found = [*_clicked(session, accounts, now), *_engaged(session, accounts, now)]
    fresh = _not_brought_in(session, community, found)
    fresh.sort(
        key=lambda each: (each.account.role not in ("me", "you"), -each.times, each.posted_at)
    )
    return fresh[:limit]


def other_accounts(session: Session, community: Account) -> list[Account]:
    """Return the accounts that posts can be brought in from; simulated ones keep to themselves."""
    return [
        account
        for account in list_accounts(session)
        if account.id != community.id and account.simulated == community.simulated
    ]


def _clicked(session: Session, accounts: Sequence[Account], now: datetime) -> Iterator[Candidate]:
    ids = [account.id for account in accounts]
    since = now - LOOKED_AT
    counting = Counting(DEFAULT_WINDOW, now)
    around = queries.chosen_posts(ids, *year_around(since, now))
    rated = rated_people(session, around, count_histories(session, ids), counting)
    recent = {post.post_id for post in rated if post.posted_at >= since}
    stands = standings(rated, recent)
    above = {
        post.post_id: (post, stands[post.post_id].rate.value or 0.0)
        for post in rated
        if post.post_id in stands and stands[post.post_id].verdict == "above"
    }
    named = {account.id: account for account in accounts}
    for post in session.scalars(select(Post).where(Post.id.in_(above))):
        rate, usual = above[post.id]
        assert post.posted_at is not None
        yield Candidate(
            account=named[post.account_id],
            post=post.id,
            unwrapped=None,
            text=post.written,
            posted_at=post.posted_at,
            measure="clicks",
            number=rate.people,
            followers=rate.followers or 0,
            times=times_usual(rate, usual),
        )


def times_usual(post: RatedPost, usual: float) -> float:
    """Return how many times the usual rate a post's is, by the lower end of its interval."""
    return (post.low or 0.0) / usual if usual else 0.0


def _engaged(session: Session, accounts: Sequence[Account], now: datetime) -> Iterator[Candidate]:
    """Yield own words without a link that got clearly more engagement than is usual."""
    for account in [each for each in accounts if each.role == "me"][:MOST_OWN]:
        counted = [
            (rated, count)
            for rated in engaged_posts(session, account, DEFAULT_WINDOW, now - 2 * AROUND, now)
            if rated.post.tally.is_complete
            and rated.followers
            and (count := rated.count_of(ANY)) is not None
        ]
        judged = [Judged(count, rated.followers or 0) for rated, count in counted]
        usual = usual_rates(judged)
        if usual is None:
            continue
        recent = [
            index
            for index, (rated, _) in enumerate(counted)
            if rated.post.row.post_id is None
            and from_ms(rated.post.row.posted_at) >= now - LOOKED_AT
        ]
        verdicts = clearly([judged[index] for index in recent], usual)
        above = {
            counted[index][0].post.row.number: judged[index]
            for index, verdict in zip(recent, verdicts, strict=True)
            if verdict == "above"
        }
        yield from _unwrapped(session, account, above, (usual.low + usual.high) / 2)


def _unwrapped(
    session: Session, account: Account, above: dict[int, Judged], usual: float
) -> Iterator[Candidate]:
    query = (
        select(NetworkPost.id, UnwrappedPost)
        .join(
            UnwrappedPost,
            (UnwrappedPost.account_id == NetworkPost.account_id)
            & (UnwrappedPost.network_id == NetworkPost.network_id),
        )
        .where(NetworkPost.id.in_(above), ~UnwrappedPost.is_repost)
    )
    for number, post in session.execute(query):
        judged = above[number]
        rate = rate_low(judged)
        yield Candidate(
            account=account,
            post=None,
            unwrapped=post.id,
            text=post.text,
            posted_at=post.posted_at,
            measure="engagement",
            number=judged.people,
            followers=judged.followers,
            times=rate / usual if usual else 0.0,
        )


def rate_low(judged: Judged) -> float:
    """Return the lower end of the interval of what a post got per follower."""
    interval = rate_interval(judged.people, judged.followers)
    return 0.0 if interval is None else interval.low


def _not_brought_in(
    session: Session, community: Account, found: Collection[Candidate]
) -> list[Candidate]:
    query = select(FeedEntry.post_id, FeedEntry.unwrapped_id).where(
        FeedEntry.account_id == community.id
    )
    known = {(row.post_id, row.unwrapped_id) for row in session.execute(query)}
    return [each for each in found if (each.post, each.unwrapped) not in known]


def recent_own_words(
    session: Session, community: Account, limit: int = MOST_OWN_WORDS
) -> list[tuple[Account, UnwrappedPost]]:
    """Return the newest posts without a link on accounts for own words, if not brought in."""
    brought = (
        select(FeedEntry.id)
        .where(FeedEntry.account_id == community.id, FeedEntry.unwrapped_id == UnwrappedPost.id)
        .exists()
    )
    query = (
        select(Account, UnwrappedPost)
        .join(UnwrappedPost, UnwrappedPost.account_id == Account.id)
        .where(Account.role == "me", Account.id != community.id)
        .where(Account.removed_at.is_(None), Account.simulated.is_(community.simulated))
        .where(UnwrappedPost.addresses == 0, ~UnwrappedPost.is_repost, ~brought)
        .order_by(UnwrappedPost.posted_at.desc(), UnwrappedPost.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


class CandidateJson(TypedDict):
    """A post that is clearly above usual; one of `post` and `unwrapped_post` is null."""

    post: int | None
    unwrapped_post: int | None
    account: AccountNameJson
    text: str
    posted_at: str
    measure: Measure
    number: int
    followers: int
    times_usual: float


def candidate_json(each: Candidate) -> CandidateJson:
    """Return a candidate as every door gives it."""
    return {
        "post": each.post,
        "unwrapped_post": each.unwrapped,
        "account": account_json(each.account),
        "text": each.text,
        "posted_at": utc(each.posted_at),
        "measure": each.measure,
        "number": each.number,
        "followers": each.followers,
        "times_usual": round(each.times, 2),
    }
