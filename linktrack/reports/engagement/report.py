"""Engagement of an account: per follower and by segment, of all posts and of a page of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.counts import count_at, count_histories
from linktrack.audience.models import Account, Segment
from linktrack.audience.segments import list_segments
from linktrack.calendar.ranges import check_range
from linktrack.clicks.vocabulary import window_number
from linktrack.db import from_ms
from linktrack.engagement.standing import sizes_by_sorting
from linktrack.engagement.tallies import EngagedPost, engaged_posts
from linktrack.errors import Invalid, NotFound
from linktrack.ids import PostId
from linktrack.reports import queries
from linktrack.reports.counting import Counting
from linktrack.reports.engagement.figures import (
    SHOWN,
    KindFigure,
    PeopleFigure,
    RatedPost,
    kind_of_posts,
    people_of_posts,
    segment_of_posts,
)
from linktrack.reports.engagement.lines import (
    EngagementLine,
    SegmentPeople,
    clicks_of,
    lines_of,
    state_of,
)
from linktrack.reports.engagement.queries import (
    Different,
    different_people,
    roster_sizes,
    unread_posts,
)
from linktrack.reports.figures.rate import Rate
from linktrack.reports.rated import PostPeople, people_by_post

MOST_POSTS: Final = 100
_NEAR: Final = timedelta(days=7)
"""How far the owner's time of posting may be from the network's."""


@dataclass(frozen=True, slots=True)
class ClicksBeside:
    """Clicks per follower of those of the same posts that have short links and are complete."""

    posts: int
    unique_clicks: int
    cpf: Rate


@dataclass(frozen=True, slots=True)
class EngagementTotal:
    """The complete posts of the range; under the window `all` every post that was read, so far.

    `posts` have a follower count, which figures per follower need; `posts_without_count` have
    none. `posts_still_counting` and `posts_unread` are in none of the figures.
    """

    posts: int
    posts_without_count: int
    posts_still_counting: int
    posts_unread: int
    kinds: list[KindFigure]
    people: PeopleFigure
    segments: list[SegmentPeople]
    clicks: ClicksBeside

    @property
    def engagement(self) -> KindFigure:
        """Likes, reposts, replies and quotes together."""
        return self.kinds[0]


@dataclass(frozen=True, slots=True)
class EngagementReport:
    """An account's engagement: the total, a page of posts, and how many different people."""

    account: Account
    window: str
    since: datetime | None
    until: datetime | None
    total: EngagementTotal
    different: Different
    segments: Sequence[Segment]
    posts: list[EngagementLine]
    after: int | None
    names_known: bool
    """Whether the network named people with any of the posts."""


def engagement_report(
    session: Session,
    account: Account,
    *,
    window: str,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = MOST_POSTS,
    after: int | None = None,
    now: datetime,
) -> EngagementReport:
    """Return the engagement of the posts posted in [since, until), with or without links.

    `limit` is 1 to 100 posts on the page, newest first, which begins behind the post of the
    network with the number `after`. Raises `Invalid` or `NotFound`.
    """
    if not 1 <= limit <= MOST_POSTS:
        raise Invalid(f"A page has 1 to {MOST_POSTS} posts, not {limit}.")
    check_range(since, until)
    counting = Counting(window, now)
    posts = rated_posts(session, account, window, since, until)
    segments = list_segments(session, account)
    clicked = clicked_posts(session, account, window, posts)
    page, following = _page(account, posts, limit, after)
    return EngagementReport(
        account=account,
        window=window,
        since=since,
        until=until,
        total=total_of(
            posts,
            segments,
            clicked,
            counting=counting,
            unread=unread_posts(session, account.id, since, until),
        ),
        different=different_people(session, account, since, until),
        segments=segments,
        posts=lines_of(
            session, account, page, counting=counting, segments=segments, clicked=clicked
        ),
        after=following,
        names_known=any(rated.post.row.names_read_at is not None for rated in posts),
    )


def rated_posts(
    session: Session,
    account: Account,
    window: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[RatedPost]:
    """Return the posts of [since, until) that were read, oldest first, with their denominators."""
    found = engaged_posts(session, account.id, window_number(window), since, until)
    return with_denominators(session, account, found)


def with_denominators(
    session: Session, account: Account, posts: Sequence[EngagedPost]
) -> list[RatedPost]:
    """Return posts with the followers, the list and the segments' sizes that stood then."""
    history = count_histories(session, [account.id])[account.id]
    listed = roster_sizes(session, account.id)
    sorted_at = {post.lists.sized_at for post in posts if post.lists.sized_at is not None}
    sizes = sizes_by_sorting(session, account.id, sorted_at)
    return [
        RatedPost(
            post=post,
            followers=count_at(history, from_ms(post.row.posted_at))[1] or None,
            listed=None if post.lists.roster_at is None else listed.get(post.lists.roster_at),
            sizes={} if post.lists.sized_at is None else sizes[post.lists.sized_at],
        )
        for post in posts
    ]


def clicked_posts(
    session: Session, account: Account, window: str, posts: Sequence[RatedPost]
) -> dict[PostId, PostPeople]:
    """Return how many people clicked those of these posts that are ours, by our numbers."""
    ours = {rated.post.row.post_id for rated in posts} - {None}
    if not ours:
        return {}
    # By time: so many numbers are too many for one statement.
    first, last = (from_ms(posts[i].post.row.posted_at) for i in (0, -1))
    near = queries.chosen_posts([account.id], first - _NEAR, last + _NEAR)
    found = people_by_post(session, near, window_number(window))
    return {post.post_id: post for post in found if post.post_id in ours}


def total_of(
    posts: Sequence[RatedPost],
    segments: Sequence[Segment],
    clicked: dict[PostId, PostPeople],
    *,
    counting: Counting,
    unread: int = 0,
) -> EngagementTotal:
    """Return the figures of these posts, of the complete ones alone."""
    pooled = [rated for rated in posts if state_of(rated, counting) != "counting"]
    with_count = [rated for rated in pooled if rated.followers]
    named = [(segment, segment_of_posts(pooled, segment.id)) for segment in segments]
    return EngagementTotal(
        posts=len(with_count),
        posts_without_count=len(pooled) - len(with_count),
        posts_still_counting=len(posts) - len(pooled),
        posts_unread=unread,
        kinds=[kind_of_posts(pooled, what) for what in SHOWN],
        people=people_of_posts(pooled),
        segments=[SegmentPeople(segment, figure) for segment, figure in named if figure.posts],
        clicks=_clicks(with_count, clicked, counting),
    )


def _clicks(
    posts: Sequence[RatedPost], clicked: dict[PostId, PostPeople], counting: Counting
) -> ClicksBeside:
    pairs = [
        (clicks.people, rated.followers)
        for rated in posts
        for clicks in (clicks_of(rated, clicked, counting),)
        if clicks is not None and clicks.state in ("complete", "so far") and rated.followers
    ]
    return ClicksBeside(len(pairs), sum(people for people, _ in pairs), Rate.over(pairs))


def _page(
    account: Account, posts: Sequence[RatedPost], limit: int, after: int | None
) -> tuple[list[RatedPost], int | None]:
    """Return a page of posts, newest first, and behind which post the next one begins."""
    newest = list(reversed(posts))
    begin = 0
    if after is not None:
        places = [i for i, rated in enumerate(newest) if rated.post.row.number == after]
        if not places:
            raise NotFound(f"There is no post number {after} of {account.handle} in these days.")
        begin = places[0] + 1
    page = newest[begin : begin + limit]
    more = begin + limit < len(newest)
    return page, page[-1].post.row.number if page and more else None
