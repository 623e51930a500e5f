"""The report of engagement: exact where people are named, per follower, by segment of that day."""

import random
from datetime import datetime, timedelta
from itertools import count

import pytest
from audiences import DAY, day, followers, take
from clicking import people as clicked_by
from engaging import engage, network_post
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.models import Account, Follower, Segment, SegmentSize
from linktrack.audience.segments import (
    REST,
    add_segment,
    change_segment,
    move_segment,
)
from linktrack.audience.sorting import sort_followers
from linktrack.engagement.facts import keep_engaged
from linktrack.engagement.models import Engagement, EngagementCount, NetworkPost
from linktrack.engagement.tallies import keep_tallies
from linktrack.engagement.tally_models import EngagementTally
from linktrack.engagement.vocabulary import Kind
from linktrack.errors import Invalid, NotFound
from linktrack.reports.engagement.report import EngagementReport, engagement_report
from linktrack.reports.engagement.sentences import sentences_of
from linktrack.reports.figures.statistics.rates import rate_interval

WEEK = timedelta(days=7)
NUMBERS = count()


def report(
    world: World,
    account: Account,
    window: str = "7d",
    *,
    limit: int = 100,
    after: int | None = None,
) -> EngagementReport:
    return engagement_report(
        world.session, account, window=window, now=day(400), limit=limit, after=after
    )


def listed(world: World, account: Account, busy: str = "1 2 3") -> Segment:
    """Give an account ten followers on a list, three of them in a segment."""
    take(world, account, -2, range(1, 11))
    followers(world, account, 1_000, days=-1)
    entries = set(busy.split())
    segment = add_segment(world.session, account, "busy", None, day(-2), entries=entries)
    sort_followers(world.session, account, day(-1))
    world.session.commit()
    return segment


def test_one_post_has_its_counts_its_people_and_its_segments(world: World) -> None:
    """Strangers are in the counts alone; a person who does several things is one."""
    account = world.account("@me.test", "bluesky", role="me")
    listed(world, account)
    post = network_post(world, account)
    engage(world, post, NOON + 8 * DAY, {"like": ["1", "4", "5"], "reply": ["1", "2"]}, strangers=7)
    found = report(world, account)
    (line,) = found.posts
    assert [(kind.what, kind.count) for kind in line.kinds] == [
        ("any", 12), ("like", 10), ("repost", 0), ("reply", 2), ("quote", None),
        ("bookmark", None),
    ]  # fmt: skip
    assert (line.state, line.followers) == ("complete", 1_000)
    assert line.kinds[1].rate.interval == rate_interval(10, 1_000)
    assert (line.people.people, line.people.followers) == (4, 10)
    assert [(each.segment.name, each.figure.people, each.figure.followers) for each in line.segments
    ] == [("busy", 2, 3), ("everyone else", 2, 7)]  # fmt: skip
    assert found.total.posts == 1
    assert found.total.kinds[1].rate.value == 0.01
    assert found.total.kinds[1].rate.interval is None  # one post
    assert (found.different.people, found.different.followers) == (4, 10)
    assert "4 of the 10 followers on your newest list" in sentences_of(found)[1]


def test_counts_are_those_of_the_first_reading_after_the_window(world: World) -> None:
    """Before it, a post is still counting; later likes are in the longer windows alone."""
    account = world.account("@me.test", "bluesky", role="me")
    listed(world, account)
    post = network_post(world, account)
    engage(world, post, NOON + 6 * DAY, {"like": ["1"]})
    found = report(world, account)
    assert (found.total.posts, found.total.posts_still_counting) == (0, 1)
    assert [line.state for line in found.posts] == ["counting"]
    assert report(world, account, "24h").total.kinds[0].count == 1
    engage(world, post, NOON + 7 * DAY, {"like": ["1"]})  # nothing has changed: still a reading
    engage(world, post, NOON + 20 * DAY, {"like": ["1", "2", "3"]})
    assert report(world, account).total.kinds[0].count == 1
    assert report(world, account).total.people.people == 1
    assert report(world, account, "all").total.kinds[0].count == 3
    assert report(world, account, "30d").total.posts_still_counting == 1


def test_a_like_that_was_taken_back_is_gone_and_who_unfollowed_before_is_a_stranger(
    world: World,
) -> None:
    account = world.account("@me.test", "bluesky", role="me")
    listed(world, account)
    take(world, account, -0.5, range(1, 9))  # 9 and 10 have left
    post = network_post(world, account)
    engage(world, post, NOON + 8 * DAY, {"like": ["1", "2", "9"]})
    assert report(world, account).posts[0].people.people == 2
    keep_tallies(world.session, account.id)
    engage(world, post, NOON + 9 * DAY, {"like": ["1", "9"]})
    assert report(world, account).posts[0].people.people == 1
    assert report(world, account).posts[0].people.followers == 8
    assert report(world, account).different.people == 1


def test_a_segment_that_changes_today_leaves_yesterdays_posts_as_they_were(world: World) -> None:
    account = world.account("@me.test", "bluesky", role="me")
    segment = listed(world, account)
    engage(world, network_post(world, account), NOON + 8 * DAY, {"like": ["1", "4"]})
    later = network_post(world, account, 1, NOON + 3 * DAY)
    change_segment(world.session, segment, day(1), entries={"4"})
    sort_followers(world.session, account, day(1))
    engage(world, later, NOON + 11 * DAY, {"like": ["1", "4"]})
    newest, before = report(world, account).posts
    told = [
        [(each.segment.name, each.figure.people, each.figure.followers) for each in line.segments]
        for line in (before, newest)
    ]
    assert told == [
        [("busy", 1, 3), ("everyone else", 1, 7)],
        [("busy", 1, 1), ("everyone else", 1, 9)],
    ]


def test_posts_without_a_list_or_without_names_are_unknown_and_never_zero(world: World) -> None:
    """X names nobody; a list from after a post says nothing of it."""
    account = world.account("@me", "x", role="me")
    followers(world, account, 100, days=-9)
    post = network_post(world, account)
    engage(world, post, NOON + 8 * DAY, {})
    post.names_read_at = None
    early = network_post(world, account, 1, NOON + DAY)
    engage(world, early, NOON + 9 * DAY, {"like": ["1"]})
    take(world, account, 3, range(5))
    world.session.commit()
    found = report(world, account)
    assert [line.people.people for line in found.posts] == [None, None]
    assert [line.segments for line in found.posts] == [[], []]
    assert found.total.people.rate.value is None


def test_without_a_list_from_before_a_post_that_of_the_day_after_is_taken(world: World) -> None:
    """Who adds an account has posted today already; of yesterday's posts nothing is known."""
    account = world.account("@me.test", "bluesky", role="me")
    listed(world, account)  # a list two days before noon, sorted a day before it
    for number, at in enumerate((day(-2.5), day(-1.5))):
        engage(world, network_post(world, account, number, at), at + 8 * DAY, {"like": ["1", "4"]})
    newest, oldest = report(world, account).posts
    assert (newest.people.people, newest.people.followers) == (2, 10)
    assert [each.figure.people for each in newest.segments] == [1, 1]
    assert (oldest.people.people, oldest.people.followers) == (2, 10)
    assert oldest.segments == []


def test_segments_are_unknown_where_nobody_wrote_down_who_was_in_them(world: World) -> None:
    """As at the sortings of before that was done: their sizes alone are no denominator."""
    account = world.account("@me.test", "bluesky", role="me")
    listed(world, account)
    engage(world, network_post(world, account), NOON + 8 * DAY, {"like": ["1"]})
    assert len(report(world, account).posts[0].segments) == 2
    for size in world.session.scalars(select(SegmentSize)):
        size.has_people = False
    world.session.flush()
    assert report(world, account).posts[0].segments == []
    assert report(world, account).posts[0].people.people == 1


def test_clicks_stand_beside_engagement_of_the_same_posts(world: World) -> None:
    """Posts without links are in it, and have none."""
    account = world.account("@me.test", "bluesky", role="me")
    followers(world, account, 1_000, days=-2)
    for number in range(5):
        at = NOON + number * DAY
        ours = world.post(account, f"Read https://example.com/{number}", at)
        clicked_by(world, ours, 0, number)
        engage(world, network_post(world, account, number, at, ours.id), at + WEEK, {}, strangers=3)
        bare = network_post(world, account, 100 + number, at + DAY / 2)
        engage(world, bare, at + 8 * DAY, {}, strangers=1)
    found = report(world, account)
    assert found.total.posts == 10
    assert found.total.kinds[1].count == 20
    assert found.total.kinds[1].rate.interval is not None
    assert (found.total.clicks.posts, found.total.clicks.unique_clicks) == (5, 10)
    assert found.total.clicks.cpf.interval is not None
    clicks = [line.clicks and line.clicks.people for line in found.posts]
    assert clicks == [None, 4, None, 3, None, 2, None, 1, None, 0]
    assert found.posts[1].text == "Read https://example.com/4"


def test_views_are_a_second_denominator_where_the_network_tells_them(world: World) -> None:
    account = world.account("@me", "x", role="me")
    followers(world, account, 1_000, days=-2)
    for number in range(6):
        post = network_post(world, account, number, NOON + number * DAY)
        views = {} if number == 5 else {"view": 400}
        engage(world, post, post.posted_at + WEEK, {}, strangers=8, **views)
    likes = report(world, account).total.kinds[1]
    assert (likes.posts, likes.count, likes.views, likes.per_view.value) == (6, 48, 2_000, 0.02)
    assert likes.per_view.interval is not None


def test_a_page_goes_on_behind_a_post_and_refuses_what_is_none(world: World) -> None:
    account = world.account("@me.test", "bluesky")
    for number in range(5):
        post = network_post(world, account, number, NOON + number * DAY)
        engage(world, post, NOON + 30 * DAY, {}, strangers=number)
    first = report(world, account, limit=2)
    assert [line.kinds[1].count for line in first.posts] == [4, 3]
    assert first.after is not None
    second = report(world, account, limit=3, after=first.after)
    assert [line.kinds[1].count for line in second.posts] == [2, 1, 0]
    assert second.after is None
    with pytest.raises(NotFound):
        report(world, account, after=99)
    with pytest.raises(Invalid):
        report(world, account, limit=101)


def test_how_often_followers_engage_is_unknown_until_it_was_read_for_so_long(world: World) -> None:
    account = world.account("@me.test", "bluesky")
    listed(world, account)
    post = network_post(world, account)
    engage(world, post, NOON + DAY, {"like": ["1", "2"], "repost": ["1"]})

    def known() -> list[int | None]:
        query = select(Follower.network_id, Follower.engaged)
        by_name = {row[0]: row[1] for row in world.session.execute(query)}
        return [by_name[str(name)] for name in range(1, 11)]

    keep_engaged(world.session, account.id, NOON + 2 * DAY)
    assert known() == [2, 1, *[None] * 8]
    keep_engaged(world.session, account.id, NOON + 90 * DAY)
    assert known() == [2, 1, *[0] * 8]
    keep_engaged(world.session, account.id, NOON + 92 * DAY)
    assert known() == [0] * 10
    keep_engaged(world.session, account.id, NOON + 90 * DAY)
    fans = add_segment(
        world.session, account, "fans", None, day(90), rules=["engaged_last_90_days >= 1"]
    )
    move_segment(world.session, account, fans, 1, day(90))
    sort_followers(world.session, account, NOON + 90 * DAY)
    assert fans.size == 2


class Story:
    """Two weeks of an account: lists, segments and readings by chance, and what is true of them.

    What is known here is known without the tables of follow periods, moves and tallies.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.draw = world, random.Random(seed)
        self.account = world.account(f"@me{next(NUMBERS)}.test", "bluesky")
        self.lists: dict[datetime, set[str]] = {}
        self.sorted: dict[datetime, dict[str, str]] = {}
        self.entries = {name: self.some(4) for name in ("first", "second")}
        self.segments = [
            add_segment(world.session, self.account, name, None, day(-9), entries=entries)
            for name, entries in self.entries.items()
        ]
        self.posts: list[NetworkPost] = []

    def some(self, most: int) -> set[str]:
        """Return some of a dozen people."""
        return set(self.draw.sample([str(n) for n in range(12)], self.draw.randint(1, most)))

    def sort(self, at: datetime) -> None:
        """Remember who is in which segment by the newest list."""
        first, second = self.entries.values()
        self.sorted[at] = {
            one: "first" if one in first else "second" if one in second else REST
            for one in self.lists[max(self.lists)]
        }

    def live(self, number: int) -> None:
        """Let a day pass."""
        world, at, what = self.world, day(number), self.draw.random()
        if what < 0.4:
            self.lists[at] = self.some(12)
            take(world, self.account, number, sorted(self.lists[at]))
            self.sort(at)
        elif what < 0.6 and self.lists:
            self.entries["second"] = self.some(5)
            change_segment(world.session, self.segments[1], at, entries=self.entries["second"])
            sort_followers(world.session, self.account, at)
            self.sort(at)
        if what > 0.3:
            later = at + timedelta(hours=self.draw.randint(0, 9))
            self.posts.append(network_post(world, self.account, number, later))
        for post in self.draw.sample(self.posts, min(len(self.posts), 2)):
            self.read(post, at + timedelta(hours=12))
        if what > 0.8:
            keep_tallies(world.session, self.account.id)

    def read(self, post: NetworkPost, at: datetime) -> None:
        """Read a post's likes, or its replies too."""
        did: dict[Kind, set[str]] = {"like": self.some(6)}
        if self.draw.random() < 0.5:
            did["reply"] = self.some(3)
        engage(self.world, post, at, did, strangers=self.draw.randint(0, 3))

    def truth(self, window: timedelta | None) -> list[tuple[object, ...]]:
        """Count every post from the raw rows, as simply as it can be said."""
        return [self.truth_of(post, window) for post in sorted(self.posts, key=posted)]

    def truth_of(self, post: NetworkPost, window: timedelta | None) -> tuple[object, ...]:
        """Return whether a post is complete, its likes, its people, and those of each segment."""
        session, at = self.world.session, post.posted_at
        rows = session.scalars(
            select(EngagementCount).where(EngagementCount.network_post_id == post.id)
        ).all()
        did = session.execute(
            select(Follower.network_id, Engagement.first_seen_at)
            .join(Engagement, Engagement.follower_id == Follower.id)
            .where(Engagement.network_post_id == post.id)
        ).all()
        counted_at = post.read_at
        assert counted_at is not None
        complete = window is not None and counted_at >= at + window
        if complete and window is not None:
            counted_at = min(row.counted_at for row in rows if row.counted_at >= at + window)
            did = [one for one in did if one.first_seen_at <= counted_at + timedelta(hours=1)]
        known = [row for row in rows if row.kind == 1 and row.counted_at <= counted_at]
        likes = max(known, key=lambda row: row.counted_at).count
        lists = [moment for moment in self.lists if moment <= at]
        lists = lists or [moment for moment in self.lists if moment <= at + DAY]
        if not lists:
            return complete, likes, None, {}
        people = {one.network_id for one in did} & self.lists[max(lists)]
        sortings = [moment for moment in self.sorted if moment <= at]
        sortings = sortings or [moment for moment in self.sorted if moment <= at + DAY]
        then = self.sorted[max(sortings)]
        segments = {
            name: sum(then[one] == name for one in people) for name in ("first", "second", REST)
        }
        return complete, likes, len(people), segments

    def told(self, window: str) -> list[tuple[object, ...]]:
        """Return the same as the report says it."""
        return [
            (
                line.state == "complete",
                line.kinds[1].count,
                line.people.people,
                {each.segment.name: each.figure.people for each in line.segments},
            )
            for line in reversed(report(self.world, self.account, window).posts)
        ]


def posted(post: NetworkPost) -> datetime:
    return post.posted_at


@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10_000))
def test_the_report_equals_a_recount_of_the_raw_rows(sqlite_world: World, seed: int) -> None:
    """Lists, segments and readings in any order; with tallies kept, out of date, or missing."""
    story = Story(sqlite_world, seed)
    for number in range(14):
        story.live(number)
    for post in story.posts:
        if post.read_at is None or story.draw.random() < 0.3:
            story.read(post, day(30))
    session, number = sqlite_world.session, story.account.id
    windows = {"1h": timedelta(hours=1), "24h": DAY, "7d": WEEK, "30d": 30 * DAY, "all": None}
    truths = {window: story.truth(length) for window, length in windows.items()}
    for _ in range(2):  # as far as tallies are kept, then with all of them
        assert {window: story.told(window) for window in windows} == truths
        keep_tallies(session, number)
    kept = select(func.count()).select_from(EngagementTally)
    assert session.scalar(
        kept.where(EngagementTally.network_post_id.in_([post.id for post in story.posts]))
    ) == 5 * len(story.posts)
    assert keep_tallies(session, number) == 0
