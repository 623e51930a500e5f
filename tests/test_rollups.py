"""Counts beside the clicks: the same in every order of loading, and equal to recounting."""

import random
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from clicking import FIREFOX, HOUR, counts, forget_clicks, records_of, some_clicks
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.clicks.counts.rebuild import rebuild, recount_post
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import HEAD, WINDOWS
from linktrack.db import to_ms
from linktrack.ids import LinkId
from linktrack.links.models import Post


@st.composite
def batches(draw: st.DrawFn) -> list[list[tuple[int, int, int, int | None, str, str, int]]]:
    """Draw clicks as (hours, link, segment, visitor, agent, referrer, flags), in batches."""
    click = st.tuples(
        st.integers(-30, 900),
        st.integers(0, 3),
        st.integers(0, 2),
        st.none() | st.integers(-3, 3),
        st.sampled_from([FIREFOX, "Twitterbot/1.0", ""]),
        st.sampled_from(["", "//t.co", "//t.co/a", "//t.co/b", "//example.org"]),
        st.sampled_from([0, 0, 0, HEAD]),
    )
    return draw(st.lists(st.lists(click, max_size=12), min_size=1, max_size=5))


@pytest.mark.slow
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches(), st.randoms(use_true_random=False))
def test_shuffled_and_split_batches_give_the_same_counts_as_rebuilding(
    world: World,
    drawn: list[list[tuple[int, int, int, int | None, str, str, int]]],
    chance: random.Random,
) -> None:
    """However clicks are ordered and cut into batches, counts and marks are the same."""
    if not hasattr(world, "links"):
        world.links = some_clicks(world)[0]  # type: ignore[attr-defined]  # once per database
    links: list[LinkId] = world.links  # type: ignore[attr-defined]
    forget_clicks(world)
    for batch in drawn:
        world.click(records_of(batch, links))
    loaded = counts(world)
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == loaded

    everything = [click for batch in drawn for click in batch]
    chance.shuffle(everything)
    forget_clicks(world)
    cut = chance.randint(0, len(everything))
    world.click(records_of(everything[:cut], links))
    world.click(records_of(everything[cut:], links))
    assert counts(world) == loaded


def test_counts_equal_an_independent_recount(world: World) -> None:
    """Figures of 3,000 random clicks, counted once more with plain dictionaries."""
    links, _ = some_clicks(world)
    chance = random.Random(23_000)
    drawn = [
        (
            chance.randint(-30, 900),
            chance.randrange(4),
            chance.randrange(3),
            chance.choice([None, *range(40)]),
            chance.choice([FIREFOX] * 4 + ["Twitterbot/1.0"]),
            chance.choice(["", "//t.co", "//example.org"]),
            chance.choice([0, 0, 0, HEAD]),
        )
        for _ in range(3_000)
    ]
    records = records_of(drawn, links)
    for start in range(0, len(records), 700):
        world.click(records[start : start + 700])

    posts = {link.id: post for post in world.session.scalars(select(Post)) for link in post.links}
    human = [
        record for record in records if not record.flags & HEAD and record.user_agent == FIREFOX
    ]
    firsts: dict[tuple[int, int], ClickRecord] = {}
    unique: Counter[tuple[int, int, int]] = Counter()
    clicked: Counter[tuple[int, int, int]] = Counter()
    for record in human:
        post = posts[record.link_id]
        clicked[post.id, record.segment_id or 0, window(record, post)] += 1
        if record.visitor is None:
            unique[post.id, record.segment_id or 0, window(record, post)] += 1
            continue
        key = (post.id, record.visitor)
        if key not in firsts or place(record) < place(firsts[key]):
            firsts[key] = record
    for record in firsts.values():
        post = posts[record.link_id]
        unique[post.id, record.segment_id or 0, window(record, post)] += 1

    stored = counts(world)
    for which, expected in enumerate((clicked, unique)):
        by_window = {
            (*row[:2], number): row[2 + 2 * number + which]
            for row in stored["post_segments"]
            for number in range(len(WINDOWS))
        }
        assert {key: count for key, count in by_window.items() if count} == dict(expected)
    by_source: defaultdict[int, int] = defaultdict(int)
    for post_id, _, _, count, _ in stored["post_sources"]:
        by_source[post_id] += count
    assert by_source == Counter(posts[record.link_id].id for record in human)
    assert sum(row[2] for row in stored["account_days"]) == len(human)
    assert sum(row[3] for row in stored["account_days"]) == sum(unique.values())
    by_referrer: Counter[tuple[int, str | None]] = Counter()
    first_by_referrer: Counter[tuple[int, str | None]] = Counter()
    for _, _, segment_id, referrer, count, unique_count in stored["account_referrer_days"]:
        by_referrer[segment_id, referrer or None] += count
        first_by_referrer[segment_id, referrer or None] += unique_count
    assert by_referrer == Counter((record.segment_id or 0, record.referrer) for record in human)
    assert sum(first_by_referrer.values()) == sum(unique.values())
    assert sum(row[4] for row in stored["link_days"]) == len(records) - len(human)


def place(record: ClickRecord) -> tuple[int, int]:
    return (record.clicked_at, record.segment_id or 0)


def window(record: ClickRecord, post: Post) -> int:
    assert post.posted_at is not None
    age = record.clicked_at - to_ms(post.posted_at)
    return sum(age >= hours * HOUR for hours in (1, 24, 168, 720))


def test_a_new_time_of_posting_recounts_the_post(world: World) -> None:
    """Windows hang on posted_at; recounting gives what loading afresh would have given."""
    links, _ = some_clicks(world)
    chance = random.Random(6_000)
    world.click(
        records_of(
            [
                (
                    chance.randint(-30, 900),
                    chance.randrange(4),
                    chance.randrange(3),
                    chance.choice([None, 1, 2, 3]),
                    FIREFOX,
                    "//t.co",
                    chance.choice([0, HEAD]),
                )
                for _ in range(300)
            ],
            links,
        )
    )
    world.session.commit()  # a new transaction, which sees the clicks' database
    post = world.session.get(Post, 1)
    assert post is not None
    post.posted_at = NOON + timedelta(days=4)
    world.session.commit()
    before = counts(world)
    with world.store().transaction() as connection:
        recount_post(connection, post.id, Days(world.settings.timezone))
    recounted = counts(world)
    assert recounted != before
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == recounted


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", "2026-05-04T23:59:59.999+00:00", "2026-05-04"),
        ("Europe/Berlin", "2026-05-04T22:00:00+00:00", "2026-05-05"),
        ("Asia/Kathmandu", "2026-05-04T18:14:59+00:00", "2026-05-04"),
        ("Asia/Kathmandu", "2026-05-04T18:15:00+00:00", "2026-05-05"),
        ("America/New_York", "2026-03-08T04:59:59+00:00", "2026-03-07"),
    ],
)
def test_a_day_is_a_calendar_day_of_the_owner(zone: str, moment: str, day: str) -> None:
    """Time zones off the hour and changes of clock included."""
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    found = Days(ZoneInfo(zone)).day(to_ms(datetime.fromisoformat(moment)))
    assert date.fromordinal(found).isoformat() == day
