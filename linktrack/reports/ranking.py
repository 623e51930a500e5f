"""Posts of one or several accounts in an order, page by page, each beside its account's usual."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_histories
from linktrack.audience.models import Account
from linktrack.clicks.vocabulary import window_number
from linktrack.ids import PostId
from linktrack.links.excerpts import title
from linktrack.links.models import Post
from linktrack.links.posts import posts_with
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.figures.rate import Rate
from linktrack.reports.orders import After, Value, order_named, page_of
from linktrack.reports.parts import WHOLE, Part, part_sums
from linktrack.reports.post_lines import PostLine, post_lines
from linktrack.reports.queries import PostSums
from linktrack.reports.rated import RatedPost, rated_posts
from linktrack.reports.standing import Standing, standings, year_around

_LONGEST_TEXT: Final = 60  # letters by which texts are sorted


@dataclass(frozen=True, slots=True)
class RankedPost:
    """A post's line and where it stands; the next page begins behind `after`."""

    line: PostLine
    standing: Standing | None
    after: After


@dataclass(frozen=True, slots=True)
class Ranking:
    """A page of posts, and the sums of all those that were asked for."""

    posts: list[RankedPost]
    sums: list[PostSums]
    histories: Mapping[int, History]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which posts, in which order: posted in [since, until), with `search` in text or destination.

    `part` narrows their clicks, not the posts.
    """

    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    part: Part = WHOLE
    sort: str = "newest"
    is_turned: bool = False


def ranking(
    session: Session,
    accounts: Sequence[Account],
    wanted: Wanted,
    counting: Counting,
    *,
    after: After | None = None,
    limit: int,
    by_source: bool = True,
) -> Ranking:
    """Return a page of the published posts of these accounts.

    Clicks are all loaded up to `counting.as_of`. Without `by_source` no post has its referrers,
    which take the most time. Raises `Invalid` or `NotFound`.
    """
    order = order_named(wanted.sort)
    number = window_number(counting.window)
    ids = [account.id for account in accounts]
    around = queries.chosen_posts(ids, *year_around(wanted.since, wanted.until))
    part = wanted.part
    if part.is_whole:
        read = queries.sums_by_post(session, around, number)
    else:
        read = part_sums(session, around, number, part)
    chosen = queries.chosen_posts(ids, wanted.since, wanted.until)
    matching = None
    if wanted.search:
        matching = set(session.scalars(select(Post.id).where(chosen, posts_with(wanted.search))))
    sums = [post for post in read if _is_within(post, wanted, matching)]
    histories = count_histories(session, ids)
    rated = rated_posts(read, histories, counting)
    asked = {post.post_id for post in sums}
    values = _values(
        session, [post for post in rated if post.post_id in asked], wanted.sort, accounts
    )
    numbers = page_of(values, order.turned if wanted.is_turned else order, after, limit)
    facts = {
        post.id: post for post in queries.posts_page(session, Post.id.in_(numbers), None, limit)
    }
    lines = post_lines(session, [facts[each] for each in numbers], counting, by_source=by_source)
    if not part.is_whole:
        of_part = {post.post_id: post for post in sums}
        lines = [_narrowed(line, of_part[line.facts.id]) for line in lines]
    found = standings(rated, set(numbers))
    return Ranking(
        [
            RankedPost(
                replace(line, usual=standing.verdict if standing else None),
                standing,
                After(each, value.written if (value := values[each]) is not None else ""),
            )
            for each, line in zip(numbers, lines, strict=True)
            for standing in [found.get(each)]
        ],
        sums,
        histories,
    )


def _is_within(post: PostSums, wanted: Wanted, matching: set[PostId] | None) -> bool:
    if wanted.since is not None and post.posted_at < wanted.since:
        return False
    if wanted.until is not None and post.posted_at >= wanted.until:
        return False
    return matching is None or post.post_id in matching


def _values(
    session: Session, posts: Sequence[RatedPost], sort: str, accounts: Sequence[Account]
) -> dict[PostId, Value | None]:
    """Return what each post is sorted by."""
    if sort == "text":
        wanted = {post.post_id for post in posts}
        chosen = Post.account_id.in_({post.account_id for post in posts})
        texts = session.execute(select(Post.id, Post.written).where(chosen)).all()
        words = {row.id: title(row.written, _LONGEST_TEXT).casefold() for row in texts}
        return {number: Value(text=words[number]) if words[number] else None for number in wanted}
    if sort == "account":
        handles = {account.id: account.handle.casefold() for account in accounts}
        return {post.post_id: Value(text=handles[post.account_id]) for post in posts}
    return {
        post.post_id: None if (number := _number(post, sort)) is None else Value(number)
        for post in posts
    }


def _number(post: RatedPost, sort: str) -> float | None:
    if sort == "newest":
        return post.posted_at.timestamp()
    if sort == "unique":
        return None if post.state == "unmeasured" else post.people
    return post.rate if sort == "rate" else post.low


def _narrowed(line: PostLine, counts: PostSums) -> PostLine:
    """Return a post's line with the figures of a part of its clicks."""
    return replace(
        line,
        clicks=counts.clicks,
        unique_clicks=counts.unique_clicks,
        cpf=Rate.of(counts.unique_clicks, line.facts.followers) if line.is_measured else Rate(),
    )
