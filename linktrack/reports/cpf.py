"""Clicks per follower of an account: the total of its posts, and a page of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import sub
from statistics import median
from typing import Final, TypedDict

from sqlalchemy import and_
from sqlalchemy.orm import Session

from linktrack.audience.accounts import AccountNameJson, account_json
from linktrack.audience.counts import History, counts_at, counts_at_moments
from linktrack.audience.models import Account
from linktrack.calendar.ranges import check_range
from linktrack.clicks.vocabulary import window_number
from linktrack.errors import Invalid, NotFound
from linktrack.ids import AccountId
from linktrack.links.models import Post
from linktrack.reports.counting import (
    Counting,
    StillCounting,
    StillCountingJson,
    still_counting_json,
)
from linktrack.reports.figures.rate import Rate, RateJson, rate_json
from linktrack.reports.figures.statistics.comparisons import median_interval
from linktrack.reports.figures.statistics.experiments import Pair
from linktrack.reports.orders import SORTS, After, Value
from linktrack.reports.parts import WHOLE, Part
from linktrack.reports.post_lines import CpfPostJson, PostLine, post_line_json
from linktrack.reports.queries import (
    Chosen,
    PostSums,
    posts_set_apart,
    sums_at,
    sums_by_account,
)
from linktrack.reports.ranking import Wanted, ranking

MOST_POSTS: Final = 100


@dataclass(frozen=True, slots=True)
class CpfTotal:
    """The complete posts of the range that have a follower count; `followers` is summed over them.

    Beside them: those that are still counting, have no follower count, or are unmeasured. Under
    the window `all` it is every measured post, so far. `cpf` is all clicks over all followers,
    `median_cpf` that of the median post: posts that did very well raise the one and not the other.
    """

    posts: int
    posts_without_count: int
    posts_unmeasured: int
    still_counting: StillCounting
    clicks: int
    unique_clicks: int
    without_visitor: int
    followers: int
    cpf: Rate
    unattributed: int
    median_cpf: Rate


@dataclass(frozen=True, slots=True)
class CpfReport:
    """Clicks per follower of an account: the total, and a page of posts in the order asked for."""

    account: Account
    window: str
    total: CpfTotal
    posts: list[PostLine]


def cpf_report(
    session: Session,
    account: Account,
    *,
    window: str,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = MOST_POSTS,
    after: int | None = None,
    sort: str = "newest",
    now: datetime,
    part: Part = WHOLE,
    by_source: bool = True,
) -> CpfReport:
    """Return clicks per follower of the posts posted in [since, until), or of a part of the clicks.

    `limit` is 1 to 100 posts on the page, which begins behind post number `after`. `sort` is
    `newest`, or `low`: by the lower end of the interval, surest success first. Complete posts are
    compared with what is usual in the year around them. Every click up to `now` is loaded.
    Without `by_source` no post has its referrers, which take the most time.
    Raises `Invalid` or `NotFound`.
    """
    if not 1 <= limit <= MOST_POSTS:
        raise Invalid(f"A page has 1 to {MOST_POSTS} posts, not {limit}.")
    if sort not in SORTS:
        raise Invalid(f"{sort[:40]!r} isn't an order of posts: choose one of {', '.join(SORTS)}.")
    check_range(since, until)
    counting = Counting(window, now)
    found = ranking(
        session,
        [account],
        Wanted(since, until, part=part, sort=sort),
        counting,
        after=None if after is None else _after(session, account, after, sort),
        limit=limit,
        by_source=by_source,
    )
    total = cpf_total(found.sums, found.histories, counting)
    return CpfReport(account, window, total, [post.line for post in found.posts])


def _after(session: Session, account: Account, number: int, sort: str) -> After:
    """Return behind which post a page begins; by posting time also one that is out of reports."""
    post = session.get(Post, number)
    if post is None or post.account_id != account.id:
        raise NotFound(f"There is no post number {number} on {account.handle}.")
    if sort == "newest" and post.posted_at is not None:
        return After(number, Value(post.posted_at.timestamp()).written)
    return After(number)


def cpf_total(
    sums: Iterable[PostSums], histories: Mapping[int, History], counting: Counting
) -> CpfTotal:
    """Return the total of posts, each compared with its account's count at or before it."""
    found = counting.split(sums)
    followers_of = counts_at(histories)
    beside = [(post, followers_of(post.account_id, post.posted_at)) for post in found.pooled]
    # Unknown, or nobody: neither has a rate.
    pairs = [(post.unique_clicks, followers) for post, followers in beside if followers]
    counted = [post for post, followers in beside if followers]
    return _total(
        pairs,
        (
            sum([post.clicks for post in counted]),
            sum([post.without_visitor for post in counted]),
            sum([post.unattributed for post in counted]),
        ),
        StillCounting.of(found.counting),
        posts_without_count=len(beside) - len(counted),
        posts_unmeasured=len(found.unmeasured),
    )


def cpf_totals(
    session: Session, chosen: Chosen, histories: Mapping[int, History], counting: Counting
) -> Mapping[AccountId, CpfTotal]:
    """Return the total of the chosen posts of each account of `histories`, as `cpf_total` does.

    With the fewest figures of single posts: a fourth of the time, where they are ten thousand.
    """
    number = window_number(counting.window)
    pooled = and_(chosen, counting.pooled_posts())
    apart = {
        (each.account_id, each.is_measured): each
        for each in posts_set_apart(session, chosen, counting)
    }
    sums = {each.account_id: each for each in sums_by_account(session, pooled, number)}
    beside = {
        account_id: counts_at_moments(histories[account_id], each.posted_at)
        for account_id, each in sums.items()
    }
    # Unknown, or nobody: neither has a rate.
    without = {
        (account_id, at)
        for account_id, counts in beside.items()
        if None in counts and any(counts)
        for at, count in zip(sums[account_id].posted_at, counts, strict=True)
        if count is None
    }
    less = sums_at(session, pooled, number, sorted(without))
    found = {}
    for account_id in map(AccountId, histories):
        still, unmeasured = apart.get((account_id, True)), apart.get((account_id, False))
        summed, counts = sums.get(account_id), beside.get(account_id, [])
        pairs: list[Pair] = []
        counted = (0, 0, 0)
        if summed is not None and any(counts):
            pairs = [
                (people, followers)
                for people, followers in zip(summed.unique_clicks, counts, strict=True)
                if followers
            ]
            all_of_them = (summed.clicks, summed.without_visitor, summed.unattributed)
            clicks, without_visitor, unattributed = map(
                sub, all_of_them, less.get(account_id, (0, 0, 0))
            )
            counted = (clicks, without_visitor, unattributed)
        found[account_id] = _total(
            pairs,
            counted,
            StillCounting(still.posts, still.clicks, still.unique_clicks)
            if still
            else StillCounting(),
            posts_without_count=len(counts) - len(pairs),
            posts_unmeasured=unmeasured.posts if unmeasured else 0,
        )
    return found


def _total(
    pairs: Sequence[Pair],
    sums: tuple[int, int, int],
    still_counting: StillCounting,
    *,
    posts_without_count: int,
    posts_unmeasured: int,
) -> CpfTotal:
    """Return the total of posts of (people, followers); `sums` are their other clicks."""
    clicks, without_visitor, unattributed = sums
    return CpfTotal(
        posts=len(pairs),
        posts_without_count=posts_without_count,
        posts_unmeasured=posts_unmeasured,
        still_counting=still_counting,
        clicks=clicks,
        unique_clicks=sum([people for people, _ in pairs]),
        without_visitor=without_visitor,
        followers=sum([followers for _, followers in pairs]),
        cpf=Rate.over(pairs),
        unattributed=unattributed,
        median_cpf=_middle(pairs),
    )


def _middle(pairs: Sequence[Pair]) -> Rate:
    """Return the median post's rate; its interval needs 6 posts."""
    rates = sorted([people / followers for people, followers in pairs])
    return Rate(median(rates), median_interval(rates)) if rates else Rate()


class CpfTotalJson(RateJson):
    """The complete posts in the range that have a follower count, and their median.

    Beside them, in none of its figures: posts that are still counting, those without a follower
    count, and those that linktrack did not measure.
    """

    posts: int
    posts_without_count: int
    posts_unmeasured: int
    still_counting: StillCountingJson
    clicks: int
    unique_clicks: int
    without_visitor: int
    followers: int
    unattributed: int
    median_cpf: float | None
    median_cpf_low: float | None
    median_cpf_high: float | None


def total_json(total: CpfTotal) -> CpfTotalJson:
    """Return the total of some posts as every door gives it."""
    middle = total.median_cpf.written
    return {
        "posts": total.posts,
        "posts_without_count": total.posts_without_count,
        "posts_unmeasured": total.posts_unmeasured,
        "still_counting": still_counting_json(total.still_counting),
        "clicks": total.clicks,
        "unique_clicks": total.unique_clicks,
        "without_visitor": total.without_visitor,
        "followers": total.followers,
        **rate_json(total.cpf),
        "unattributed": total.unattributed,
        "median_cpf": middle.value,
        "median_cpf_low": middle.low,
        "median_cpf_high": middle.high,
    }


class CpfReportJson(TypedDict):
    """Clicks per follower of an account; `posts` is one page, newest first.

    What the total leaves out is beside it as well as in it: a total travels alone, too.
    """

    account: AccountNameJson
    window: str
    total: CpfTotalJson
    still_counting: StillCountingJson
    posts_without_count: int
    posts_unmeasured: int
    posts: list[CpfPostJson]


def cpf_json(report: CpfReport) -> CpfReportJson:
    """Return the CPF report as every door gives it: rates are fractions, times are UTC."""
    return {
        "account": account_json(report.account),
        "window": report.window,
        "total": total_json(report.total),
        "still_counting": still_counting_json(report.total.still_counting),
        "posts_without_count": report.total.posts_without_count,
        "posts_unmeasured": report.total.posts_unmeasured,
        "posts": [post_line_json(line) for line in report.posts],
    }
