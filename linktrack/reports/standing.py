"""Compare posts with what was usual for their account in the year around them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from linktrack.audience.counts import count_histories
from linktrack.audience.models import Account
from linktrack.ids import AccountId, PostId
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.rates import Interval
from linktrack.reports.figures.statistics.usual import Judged, Verdict, clearly
from linktrack.reports.post_lines import PostLine, post_lines
from linktrack.reports.rated import RatedPost, rated_people, usual_of

AROUND: Final = timedelta(days=183)
"""Posts so long before and after a post's calendar month say what is usual."""

_LONGEST_MONTH: Final = timedelta(days=31)

_Month: TypeAlias = tuple[AccountId, int, int]  # year and month in UTC


@dataclass(frozen=True, slots=True)
class Standing:
    """The usual rate (half of the posts do better) very probably lies in `usual`.

    `verdict` is None where a post does not clearly differ from it, or is still counting.
    """

    usual: Interval
    verdict: Verdict | None

    @property
    def rate(self) -> Rate:
        """The usual range, as pages write rates."""
        return Rate((self.usual.low + self.usual.high) / 2, self.usual)


def year_around(
    since: datetime | None, until: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """Return the range of posts that say what is usual for those posted in [since, until)."""
    first = None if since is None else since - _LONGEST_MONTH - AROUND
    return first, None if until is None else until + _LONGEST_MONTH + AROUND


def standings(posts: Sequence[RatedPost], wanted: AbstractSet[PostId]) -> Mapping[PostId, Standing]:
    """Return where the wanted posts stand; `posts` are all of `year_around` them.

    Complete posts of one account and calendar month (UTC) are judged together, with a correction
    for their number, by the complete posts of the year around that month. Posts of which too
    little is known are not in the answer.
    """
    months: defaultdict[_Month, list[PostId]] = defaultdict(list)
    for post in posts:
        if post.post_id in wanted:
            months[_month_of(post)].append(post.post_id)
    found: dict[PostId, Standing] = {}
    for month, asked in months.items():
        first, end = _days_of(month)
        around = [
            post
            for post in posts
            if first - AROUND <= post.posted_at < end + AROUND and post.account_id == month[0]
        ]
        usual = usual_of(around)
        if usual is None:
            continue
        final = [post for post in around if first <= post.posted_at < end and post.is_judged]
        verdicts = clearly([Judged(post.people, post.followers or 0) for post in final], usual)
        of_post = {post.post_id: said for post, said in zip(final, verdicts, strict=True)}
        found |= {number: Standing(usual, of_post.get(number)) for number in asked}
    return found


def _month_of(post: RatedPost) -> _Month:
    at = post.posted_at.astimezone(UTC)
    return post.account_id, at.year, at.month


def _days_of(month: _Month) -> tuple[datetime, datetime]:
    _, year, number = month
    first = datetime(year, number, 1, tzinfo=UTC)
    return first, datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def post_standing(session: Session, post: Post, window: str, now: datetime) -> Standing | None:
    """Return where a published post stands; None where too little is known."""
    assert post.posted_at is not None
    chosen = queries.chosen_posts([post.account_id], *year_around(post.posted_at, post.posted_at))
    histories = count_histories(session, [post.account_id])
    rated = rated_people(session, chosen, histories, Counting(window, now))
    return standings(rated, {post.id}).get(post.id)


@dataclass(frozen=True, slots=True)
class LatestPosts:
    """Posts of an account, newest first, over what is usual for the newest."""

    lines: list[PostLine]
    usual: Interval | None


def latest_posts(
    session: Session, account: Account, window: str, *, now: datetime, until: datetime, limit: int
) -> LatestPosts:
    """Return the last posts before a moment, at most half a year old, each with its verdict."""
    chosen = queries.chosen_posts([account.id], until - AROUND, until)
    return judged_posts(
        session, account, queries.posts_page(session, chosen, None, limit), window, now
    )


def judged_posts(
    session: Session,
    account: Account,
    facts: Sequence[queries.PostFacts],
    window: str,
    now: datetime,
) -> LatestPosts:
    """Return posts of an account, newest first as they are given, each with its verdict."""
    if not facts:
        return LatestPosts([], None)
    around = year_around(facts[-1].posted_at, facts[0].posted_at)
    counting = Counting(window, now)
    rated = rated_people(
        session,
        queries.chosen_posts([account.id], *around),
        count_histories(session, [account.id]),
        counting,
    )
    found = standings(rated, {post.id for post in facts})
    lines = [
        replace(line, usual=found[line.facts.id].verdict) if line.facts.id in found else line
        for line in post_lines(session, facts, counting, by_source=False)
    ]
    newest = found.get(facts[0].id)
    return LatestPosts(lines, None if newest is None else newest.usual)
