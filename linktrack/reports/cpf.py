"""Reports: queries and statistics joined into the objects that every door shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.accounts import account_json
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import UNATTRIBUTED, window_number
from linktrack.errors import Invalid, NotFound
from linktrack.links.models import Post
from linktrack.reports import queries
from linktrack.reports.figures.rate import Rate, rate_json
from linktrack.reports.figures.statistics.comparisons import median_interval
from linktrack.reports.figures.statistics.rates import ratio_of_sums
from linktrack.reports.figures.statistics.usual import Verdict
from linktrack.reports.parts import WHOLE, Part, part_sums
from linktrack.reports.queries import (
    PostCounts,
    PostFacts,
    PostSums,
    SourceCounts,
    VersionFacts,
)
from linktrack.reports.rated import SORTS, page_by_low, rated_posts, verdicts_of
from linktrack.shapes import Json

MOST_POSTS: Final = 100


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """What one segment did on one post; `segment` None is "we can't tell who"."""

    segment: str | None
    addressed: int | None
    unique_clicks: int
    cpf: Rate


@dataclass(frozen=True, slots=True)
class PostLine:
    """One post of the CPF report."""

    facts: PostFacts
    clicks: int
    unique_clicks: int
    without_visitor: int
    not_human: dict[str, int]
    cpf: Rate
    segments: list[SegmentLine]
    referrers: list[SourceCounts]
    usual: Verdict | None = None


@dataclass(frozen=True, slots=True)
class CpfTotal:
    """All posts of the range that have a follower count; `followers` is summed over posts.

    `cpf` is all clicks over all followers, `median_cpf` that of the middle post: posts that did
    very well raise the one and not the other.
    """

    posts: int
    posts_without_count: int
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
    `newest`, or `low`: by the lower end of the interval, surest success first. Posts are held
    against what is usual in the range; those that are still counted `now` are never below it.
    Without `by_source` no post has its referrers, which take the most time.
    Raises `Invalid` or `NotFound`.
    """
    number = window_number(window)
    if not 1 <= limit <= MOST_POSTS:
        raise Invalid(f"A page has 1 to {MOST_POSTS} posts, not {limit}.")
    if since is not None and until is not None and until <= since:
        raise Invalid("The range is empty: its end must be later than its beginning.")
    chosen = queries.chosen_posts([account.id], since, until)
    start = None
    if after is not None:
        start = session.get(Post, after)
        if start is None or start.account_id != account.id:
            raise NotFound(f"There is no post number {after} on {account.handle}.")
    if sort not in SORTS:
        raise Invalid(f"{sort[:40]!r} is no order of posts: choose one of {', '.join(SORTS)}.")
    if part.is_whole:
        sums = queries.sums_by_post(session, chosen, number)
    else:
        sums = part_sums(session, chosen, number, part)
    histories = queries.count_histories(session, [account.id])
    rated = rated_posts(sums, histories, window, now)
    if sort == "low":
        numbers = page_by_low(rated, after, limit)
        on_page = Post.id.in_(numbers)
        place = {post_id: i for i, post_id in enumerate(numbers)}
        facts = queries.posts_page(session, on_page, None, limit)
        facts.sort(key=lambda post: place[post.id])
    else:
        facts = queries.posts_page(session, chosen, start, limit)
    verdicts = verdicts_of(rated, {post.id for post in facts})
    lines = [
        replace(line, usual=verdicts.get(line.facts.id))
        for line in post_lines(session, facts, number, by_source=by_source)
    ]
    if not part.is_whole:
        of_part = {post.post_id: post for post in sums}
        lines = [_narrowed(line, of_part[line.facts.id]) for line in lines]
    return CpfReport(account, window, cpf_total(sums, histories), lines)


def _narrowed(line: PostLine, counts: PostSums) -> PostLine:
    """Return a post's line with the figures of a part of its clicks."""
    return replace(
        line,
        clicks=counts.clicks,
        unique_clicks=counts.unique_clicks,
        cpf=Rate.of(counts.unique_clicks, line.facts.followers),
    )


def post_line(session: Session, post: Post, window: str) -> PostLine:
    """Return one post's line; what is not published has no followers to set its clicks against."""
    number = window_number(window)
    if post.state == "published":
        return post_lines(
            session, queries.posts_page(session, Post.id == post.id, None, 1), number
        )[0]
    at = post.posted_at or post.created_at
    facts = PostFacts(post.id, post.account_id, at, post.text, post.written, None, None)
    return post_lines(session, [facts], number)[0]


def cpf_total(sums: Iterable[PostSums], histories: Mapping[int, queries.History]) -> CpfTotal:
    """Return the total of posts, each set against its account's count at or before it."""
    pairs: list[tuple[int, int]] = []
    total = [0, 0, 0, 0]
    missing = 0
    for post in sums:
        _, followers = queries.standing_count(histories[post.account_id], post.posted_at)
        counts = (post.clicks, post.unique_clicks, post.without_visitor, post.unattributed)
        if not followers:  # unknown, or nobody: neither has a rate
            missing += 1
            continue
        pairs.append((counts[1], followers))
        total = [whole + part for whole, part in zip(total, counts, strict=True)]
    clicks, unique_clicks, without_visitor, unattributed = total
    ratio = ratio_of_sums(pairs) if pairs else None
    rate = Rate() if ratio is None else Rate(ratio.value, ratio.interval)
    return CpfTotal(
        posts=len(pairs),
        posts_without_count=missing,
        clicks=clicks,
        unique_clicks=unique_clicks,
        without_visitor=without_visitor,
        followers=sum(n for _, n in pairs),
        cpf=rate,
        unattributed=unattributed,
        median_cpf=_middle(pairs),
    )


def _middle(pairs: Sequence[tuple[int, int]]) -> Rate:
    """Return the middle post's rate; its interval needs 6 posts."""
    rates = [people / followers for people, followers in pairs]
    return Rate(median(rates), median_interval(rates)) if rates else Rate()


def post_lines(
    session: Session, facts: Sequence[PostFacts], number: int, *, by_source: bool = True
) -> list[PostLine]:
    """Return the lines of these posts (at most some hundreds) within the window of that number.

    Without `by_source` they have no referrers.
    """
    ids = [post.id for post in facts]
    counts = queries.counts_of(session, ids, number, by_source=by_source)
    versions = queries.versions_of(session, ids)
    names = queries.segment_names(
        session, {segment for count in counts.values() for segment in count.segments}
    )
    return [
        _post_line(post, counts.get(post.id, PostCounts()), versions.get(post.id, []), names)
        for post in facts
    ]


def _post_line(
    facts: PostFacts, counts: PostCounts, versions: Sequence[VersionFacts], names: dict[int, str]
) -> PostLine:
    unique = {segment: line.unique_clicks for segment, line in counts.segments.items()}
    addressed = {version.segment_id: version.addressed for version in versions}
    names = {version.segment_id: version.segment for version in versions} | names
    segments = [
        SegmentLine(
            names.get(segment_id, f"segment {segment_id}"),
            addressed.get(segment_id),
            unique.get(segment_id, 0),
            Rate.of(unique.get(segment_id, 0), addressed.get(segment_id)),
        )
        for segment_id in dict.fromkeys([*addressed, *sorted(unique)])
        if segment_id != UNATTRIBUTED
    ]
    segments.append(SegmentLine(None, None, unique.get(UNATTRIBUTED, 0), Rate()))
    total = sum(unique.values())
    return PostLine(
        facts=facts,
        clicks=sum(line.clicks for line in counts.segments.values()),
        unique_clicks=total,
        without_visitor=sum(line.without_visitor for line in counts.segments.values()),
        not_human=counts.not_human,
        cpf=Rate.of(total, facts.followers),
        segments=segments,
        referrers=counts.referrers,
    )


# JSON ----------------------------------------------------------------------------------------


def cpf_json(report: CpfReport) -> dict[str, Json]:
    """Return the CPF report as every door gives it: rates are fractions, times are UTC."""
    total = report.total
    return {
        "account": account_json(report.account),
        "window": report.window,
        "total": {
            "posts": total.posts,
            "posts_without_count": total.posts_without_count,
            "clicks": total.clicks,
            "unique_clicks": total.unique_clicks,
            "without_visitor": total.without_visitor,
            "followers": total.followers,
            **rate_json(total.cpf),
            "unattributed": total.unattributed,
            **{f"median_{name}": value for name, value in rate_json(total.median_cpf).items()},
        },
        "posts": [post_line_json(line) for line in report.posts],
    }


def post_line_json(line: PostLine) -> dict[str, Json]:
    """Return a post of the report."""
    return {
        "id": line.facts.id,
        "posted_at": utc(line.facts.posted_at),
        "text": line.facts.text,
        "followers": line.facts.followers,
        "followers_at": None if line.facts.followers_at is None else utc(line.facts.followers_at),
        "clicks": line.clicks,
        "unique_clicks": line.unique_clicks,
        "not_human": dict(line.not_human),
        **rate_json(line.cpf),
        "usual": line.usual,
        "segments": [
            {
                "segment": segment.segment,
                "addressed": segment.addressed,
                "unique_clicks": segment.unique_clicks,
                **rate_json(segment.cpf),
            }
            for segment in line.segments
        ],
        "without_visitor": line.without_visitor,
        "referrers": [
            {
                "source": source.source,
                "medium": source.medium,
                "clicks": source.clicks,
                "unique_clicks": source.unique_clicks,
            }
            for source in line.referrers
        ],
    }
