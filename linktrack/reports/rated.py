"""Posts with their rates, and what is usual for an account."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from typing import NamedTuple

from sqlalchemy.orm import Session

from linktrack.audience.counts import History, counts_at, counts_at_moments
from linktrack.clicks.columns import listed, read_list
from linktrack.clicks.vocabulary import window_number
from linktrack.db import from_ms
from linktrack.ids import AccountId, PostId
from linktrack.links.models import Post
from linktrack.reports.counting import Counting, CountState
from linktrack.reports.figures.statistics.rates import Interval, rate_interval
from linktrack.reports.figures.statistics.usual import usual_rates
from linktrack.reports.queries import Chosen, PostSums, by_account, within_window


class AccountPeople(NamedTuple):
    """How many people clicked each of an account's posts within a window, column by column.

    `posted_at` is in milliseconds; so is `measured_from`, by post, of those that have one.
    """

    account_id: AccountId
    post_ids: Sequence[PostId]
    posted_at: Sequence[int]
    unique_clicks: Sequence[int]
    measured_from: Mapping[PostId, int]


def people_by_account(session: Session, chosen: Chosen, window: int) -> list[AccountPeople]:
    """Return how many people clicked every post; in half the time of `sums_by_post`."""
    is_dated = Post.measured_from.is_not(None)
    columns = [
        listed(session, Post.id),
        listed(session, Post.posted_at),
        listed(session, within_window("unique_clicks", window)),
        listed(session, Post.id, is_dated),
        listed(session, Post.measured_from, is_dated),
    ]
    found = []
    for account_id, *lists in session.execute(by_account(chosen, columns)):
        numbers, posted, people, dated, measured = map(read_list, lists)
        moments = dict(zip(dated, measured, strict=True))
        found.append(AccountPeople(account_id, numbers, posted, people, moments))
    return found


def people_and_followers(
    session: Session, chosen: Chosen, histories: Mapping[int, History], window: int
) -> Mapping[int, list[tuple[int, int | None]]]:
    """Return by account how many people clicked each post, and the followers it had then.

    Whichever post it was: in two thirds of the time that `people_by_account` takes.
    """
    columns = [
        listed(session, Post.posted_at),
        listed(session, within_window("unique_clicks", window)),
    ]
    found: dict[int, list[tuple[int, int | None]]] = {}
    for account_id, posted, people in session.execute(by_account(chosen, columns)):
        followers = counts_at_moments(histories[account_id], read_list(posted))
        found[account_id] = list(zip(read_list(people), followers, strict=True))
    return found


class PostPeople(NamedTuple):
    """How many people clicked one post within a window."""

    account_id: AccountId
    posted_at: datetime
    measured_from: datetime | None
    unique_clicks: int
    post_id: PostId


def people_by_post(session: Session, chosen: Chosen, window: int) -> list[PostPeople]:
    """Return the same post by post."""
    return [
        PostPeople(
            account_id,
            from_ms(posted_at),
            None if (since := measured.get(post_id)) is None else from_ms(since),
            people,
            post_id,
        )
        for account_id, numbers, posted, clicked, measured in people_by_account(
            session, chosen, window
        )
        for post_id, posted_at, people in zip(numbers, posted, clicked, strict=True)
    ]


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
    sums: Iterable[PostSums],
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


def rated_people(
    session: Session, chosen: Chosen, histories: Mapping[int, History], counting: Counting
) -> list[RatedPost]:
    """Return the chosen posts with their followers, an account's after another's."""
    found: list[RatedPost] = []
    for account_id, numbers, posted, people, measured in people_by_account(
        session, chosen, window_number(counting.window)
    ):
        states = counting.states_at(posted)
        if measured:
            states = [
                "unmeasured" if number in measured and measured[number] >= at else state
                for number, at, state in zip(numbers, posted, states, strict=True)
            ]
        # All by column: of ten thousand posts that takes half the time.
        columns = (
            numbers,
            repeat(account_id),
            map(from_ms, posted),
            people,
            counts_at_moments(histories[account_id], posted),
            states,
        )
        found += map(RatedPost._make, zip(*columns, strict=False))
    return found


def usual_of(posts: Sequence[RatedPost]) -> Interval | None:
    """Return the range in which the usual rate of these posts of one account very probably lies.

    Only complete posts with followers tell of it.
    """
    return usual_rates(
        [
            (people, followers)
            for _, _, _, people, followers, state in posts
            if followers and state == "complete"
        ]
    )
