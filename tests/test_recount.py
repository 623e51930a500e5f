"""Making counts right beside a running loader: whatever was wrong with them."""

import gc
import random
import threading
import tracemalloc

import pytest
from clicking import FIREFOX, START, counts, records_of, some_clicks
from sqlalchemy import delete, func, insert, select, update
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.clicks.counts import parts, rebuild, rebuild_differences
from linktrack.clicks.models import (
    account_days,
    account_referrer_days,
    first_clicks,
    link_days,
    post_segments,
    post_sources,
)
from linktrack.errors import Unavailable
from linktrack.ids import LinkId


def many_clicks(world: World, links: list[LinkId], number: int, seed: int = 1) -> None:
    chance = random.Random(seed)
    drawn = [
        (
            chance.randint(-30, 900),
            chance.randrange(len(links)),
            chance.randrange(3),
            chance.choice([None, *range(50)]),
            chance.choice([FIREFOX] * 4 + ["Twitterbot/1.0"]),
            chance.choice(["", "//t.co", "//example.org"]),
            0,
        )
        for _ in range(number)
    ]
    for start in range(0, number, 300):
        world.click(records_of(drawn[start : start + 300], links))


def spoil(world: World) -> None:
    """Make every kind of mistake: too much, too little, missing, and of nothing at all."""
    with world.database.engine.begin() as connection:
        connection.execute(update(post_segments).values(clicks_7d=post_segments.c.clicks_7d + 3))
        connection.execute(delete(link_days).where(link_days.c.link_id == 1))
        connection.execute(update(account_days).values(unique_clicks=0, not_human=7))
        connection.execute(
            insert(post_sources).values(post_id=1, source_id=1, window=9, clicks=5, unique_clicks=5)
        )
        connection.execute(delete(first_clicks).where(first_clicks.c.visitor < 10))
        connection.execute(update(first_clicks).values(first_at=START - 10**9))
        nobody = {"visitor": 777, "first_at": 1, "segment_id": 0, "referrer_id": 0, "source_id": 0}
        connection.execute(insert(first_clicks).values(post_or_link=1, link_id=2, **nobody))
        connection.execute(insert(first_clicks).values(post_or_link=2, link_id=2, **nobody))


@pytest.mark.parametrize("beside", [False, True])
def test_counts_are_right_again_whatever_was_wrong(
    world: World, beside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marks, counts, and rows that are missing or too many; in parts smaller than a post."""
    monkeypatch.setattr(parts, "PART", 1)
    monkeypatch.setattr(rebuild_differences, "CORRECTED", 3)
    links, _ = some_clicks(world)
    many_clicks(world, links, 900)
    right = counts(world)
    spoil(world)
    assert counts(world) != right
    days = Days(world.settings.timezone)
    if beside:
        assert rebuild.rebuild_beside(world.database.engine, days) == 900
    else:
        with world.store().transaction() as connection:
            assert rebuild.rebuild(connection, days) == 900
    found = counts(world)
    for table, rows in right.items():
        assert found[table] == rows, table


def test_loading_goes_on_while_counts_are_made_right(world: World) -> None:
    """At the end all are right, those of the clicks that came meanwhile too."""
    links, _ = some_clicks(world)
    many_clicks(world, links, 600)
    spoil(world)
    loader = threading.Thread(target=many_clicks, args=(world, links, 1_500, 2))
    loader.start()
    days = Days(world.settings.timezone)
    rebuild.rebuild_beside(world.database.engine, days)
    loader.join()
    found = counts(world)
    with world.store().transaction() as connection:
        assert rebuild.rebuild(connection, days) == 2_100
    assert counts(world) == found


def test_nothing_is_written_where_nothing_is_wrong(world: World) -> None:
    """Measuring takes no writer's turn: it works while another holds it."""
    links, _ = some_clicks(world)
    many_clicks(world, links, 300)
    world.session.close()
    with world.store().transaction():
        assert rebuild.rebuild_beside(world.database.engine, Days(world.settings.timezone)) == 300


def test_what_is_still_wrong_in_the_end_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marks take one round and counts another: with one round it cannot know that all is right."""
    links, _ = some_clicks(world)
    many_clicks(world, links, 300)
    right = counts(world)
    spoil(world)
    days = Days(world.settings.timezone)
    with monkeypatch.context() as patched:
        patched.setattr(rebuild, "ROUNDS", 1)
        with pytest.raises(Unavailable, match="still wrong"):
            rebuild.rebuild_beside(world.database.engine, days)
    assert rebuild.rebuild_beside(world.database.engine, days) == 300
    assert counts(world) == right


@pytest.mark.slow
def test_memory_does_not_grow_with_the_counts_of_an_account(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums over all posts lie in the database: three times the posts and days take no more."""
    monkeypatch.setattr(parts, "PART", 1)
    account = sqlite_world.account()
    days = Days(sqlite_world.settings.timezone)

    def grow(posts: range) -> int:
        """Add posts of a day and 100 referrers each; return the most bytes in use."""
        for number in posts:
            link = sqlite_world.post(account, f"http://one.com/{number}", NOON).links[0]
            drawn = [(72 * number, 0, 0, 1, FIREFOX, f"//{i}.com", 0) for i in range(100)]
            sqlite_world.click(records_of(drawn, [link.id]))
        thresholds = gc.get_threshold()
        gc.set_threshold(700, 10, 10)  # Python's own: the tests' are for speed
        tracemalloc.start()
        rebuild.rebuild_beside(sqlite_world.database.engine, days)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        gc.set_threshold(*thresholds)
        return most

    grow(range(2))  # statements are compiled once
    small, large = grow(range(2, 20)), grow(range(20, 60))
    with sqlite_world.database.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(account_referrer_days)) == 6_000
    assert large < 1.5 * small
