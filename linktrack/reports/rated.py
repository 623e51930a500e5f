"""Compare posts: which are clearly above or below the usual, the most certain first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final, NamedTuple

from linktrack.audience.counts import History, count_at
from linktrack.errors import NotFound
from linktrack.ids import AccountId, PostId
from linktrack.reports.counting import Counting, CountState
from linktrack.reports.figures.statistics.rates import Interval, rate_interval
from linktrack.reports.figures.statistics.usual import Judged, Verdict, clearly, usual_rates
from linktrack.reports.queries import PostPeople, PostSums

SORTS: Final = ("newest", "low")


class RatedPost(NamedTuple):
    """A post's people who clicked within the window, and its account's followers at its time.

    `followers` is None where there is no count.
    """

    post_id: PostId
    account_id: AccountId
    posted_at: datetime
    people: int
    followers: int | None
    state: CountState

    @property
    def is_pooled(self) -> bool:
        """Whether pooled figures are of this post, too."""
        return self.state in ("complete", "so far")

    @property
    def is_judged(self) -> bool:
        """Whether it has a rate that no click can change any more."""
        return self.state == "complete" and bool(self.followers)


def rated_posts(
    sums: Iterable[PostSums | PostPeople],
    histories: Mapping[int, History],
    counting: Counting,
) -> list[RatedPost]:
    """Return the posts with their followers; a count of 0 is as good as none."""
    return [
        RatedPost(
            post_id=post.post_id,
            account_id=post.account_id,
            posted_at=post.posted_at,
            people=post.unique_clicks,
            followers=count_at(histories[post.account_id], post.posted_at)[1] or None,
            state=counting.state_of(post),
        )
        for post in sums
    ]


def usual_of(posts: Sequence[RatedPost]) -> Interval | None:
    """Return the range in which the usual rate of these posts of one account very probably lies.

    Only complete posts with followers tell of it.
    """
    return usual_rates([_judged(post) for post in posts if post.is_judged])


def verdicts_of(posts: Sequence[RatedPost], wanted: AbstractSet[int]) -> dict[PostId, Verdict]:
    """Return which of the wanted posts of one account are clearly above or below its usual.

    Complete posts of one calendar month (UTC) are judged together, with a correction for their
    number; others are not judged.
    """
    usual = usual_of(posts)
    if usual is None:
        return {}
    months: defaultdict[tuple[int, int], list[RatedPost]] = defaultdict(list)
    for post in posts:
        if post.is_judged:
            months[post.posted_at.year, post.posted_at.month].append(post)
    found: dict[PostId, Verdict] = {}
    for month in months.values():
        if not any(post.post_id in wanted for post in month):
            continue
        verdicts = clearly([_judged(post) for post in month], usual)
        for post, verdict in zip(month, verdicts, strict=True):
            if verdict is not None and post.post_id in wanted:
                found[post.post_id] = verdict
    return found


def page_by_low(posts: Sequence[RatedPost], after: int | None, limit: int) -> list[PostId]:
    """Return a page of post numbers by the lower end of their intervals, the highest first.

    Posts without a rate come last, newer ones first. Raises `NotFound` for an `after` that is
    not among them.
    """
    ordered = sorted(posts, key=lambda post: (_low(post), post.post_id), reverse=True)
    numbers = [post.post_id for post in ordered]
    if after is None:
        return numbers[:limit]
    if after not in numbers:
        raise NotFound(f"Post number {after} is not among these posts.")
    start = numbers.index(PostId(after)) + 1
    return numbers[start : start + limit]


def _low(post: RatedPost) -> float:
    if not post.followers or post.state == "unmeasured":
        return -1.0
    interval = rate_interval(post.people, post.followers)
    return -1.0 if interval is None else interval.low


def _judged(post: RatedPost) -> Judged:
    assert post.followers is not None
    return Judged(post.people, post.followers)
