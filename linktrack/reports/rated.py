"""Posts with their rates, and what is usual for an account."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from linktrack.audience.counts import History, counts_at
from linktrack.ids import AccountId, PostId
from linktrack.reports.counting import Counting, CountState
from linktrack.reports.figures.statistics.rates import Interval, rate_interval
from linktrack.reports.figures.statistics.usual import Judged, usual_rates
from linktrack.reports.queries import PostPeople, PostSums


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
        """Whether it has a rate that no click can change now."""
        return self.state == "complete" and bool(self.followers)

    @property
    def rate(self) -> float | None:
        """People who clicked per follower, so far; None where that isn't known."""
        if not self.followers or self.state == "unmeasured":
            return None
        return self.people / self.followers

    @property
    def low(self) -> float | None:
        """The lower end of its interval: high where it certainly did well."""
        if not self.followers or self.state == "unmeasured":
            return None
        interval = rate_interval(self.people, self.followers)
        return None if interval is None else interval.low


def rated_posts(
    sums: Iterable[PostSums | PostPeople],
    histories: Mapping[int, History],
    counting: Counting,
) -> list[RatedPost]:
    """Return the posts with their followers; a count of 0 is as good as none."""
    # By `_make`, and without names: of ten thousand posts that takes half the time.
    followers = counts_at(histories)
    return [
        RatedPost._make(
            (
                post.post_id,
                post.account_id,
                post.posted_at,
                post.unique_clicks,
                followers(post.account_id, post.posted_at) or None,
                state,
            )
        )
        for post, state in counting.states_of(sums)
    ]


def usual_of(posts: Sequence[RatedPost]) -> Interval | None:
    """Return the range in which the usual rate of these posts of one account very probably lies.

    Only complete posts with followers tell of it.
    """
    return usual_rates([judged(post) for post in posts if post.is_judged])


def judged(post: RatedPost) -> Judged:
    """Return what a post is judged by; it has followers."""
    assert post.followers is not None
    return Judged(post.people, post.followers)
