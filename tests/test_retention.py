"""Single clicks are deleted after some days; their sums stay, and counting anew keeps them."""

import random
from datetime import timedelta

import pytest
from clicking import HOUR, START, counts, records_of, some_clicks
from sqlalchemy import func, select
from world import NOON, World

from linktrack.calendar.days import Days
from linktrack.clicks.counts.rebuild import rebuild, recount_post
from linktrack.clicks.counts.retention import delete_old
from linktrack.clicks.models import clicks
from linktrack.errors import Conflict
from linktrack.ids import LinkId, PostId

AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8.5.0"]


def load(
    world: World, hours: tuple[int, int], count: int, seed: int, links: list[LinkId], first: int = 0
) -> None:
    chance = random.Random(seed)
    drawn = [
        (
            chance.randint(*hours) * 3,
            chance.randrange(len(links)),
            chance.randrange(3),
            chance.choice([None, *range(first, first + 30)]),
            chance.choice(AGENTS),
            chance.choice(["", "//t.co", "//example.org"]),
            0,
        )
        for _ in range(count)
    ]
    world.click(records_of(drawn, links))


def delete_(world: World, keep_days: int, hours: int) -> int:
    settings = world.settings
    return delete_old(
        world.database.engine, settings.timezone, settings.visitor_period, keep_days,
        NOON + timedelta(hours=hours),
    )  # fmt: skip


def stored(world: World) -> int:
    with world.database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(clicks)) or 0


def test_sums_outlive_their_clicks(world: World) -> None:
    """Whole days go; every count stays; counting anew changes nothing, also with newer clicks."""
    links, _ = some_clicks(world)
    days = Days(world.settings.timezone)
    load(world, (0, 400), 600, 1, links)
    before, total = counts(world), stored(world)
    gone = delete_(world, 10, 400)
    assert 0 < gone < total and stored(world) == total - gone
    oldest = START + 400 * HOUR - 10 * 24 * HOUR
    with world.database.engine.connect() as connection:
        kept = connection.scalar(select(func.min(clicks.c.clicked_at)))
    assert kept is not None and kept >= oldest - 24 * HOUR and kept % (24 * HOUR) >= 0
    assert counts(world) == before
    load(world, (400, 420), 50, 2, links)
    loaded = counts(world)
    with world.store().transaction() as connection:
        rebuild(connection, days)
    assert counts(world) == loaded
    assert delete_(world, 10, 400) == 0


def test_what_lost_nothing_is_counted_anew(world: World) -> None:
    """A post of later days is rebuilt whole beside one whose clicks are deleted."""
    links, _ = some_clicks(world)
    load(world, (0, 100), 100, 3, links[:2])
    load(world, (300, 400), 100, 4, links[2:])
    delete_(world, 10, 400)
    right = counts(world)
    with world.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE post_segments SET clicks_24h = 99 WHERE post_id = 2")
        connection.exec_driver_sql("DELETE FROM link_days WHERE link_id IN (3, 4)")
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == right


def test_months_after_the_deletion_are_counted_anew(world: World) -> None:
    """Those before it, and that in which it was, stay as they were counted."""
    links, _ = some_clicks(world)
    for month, hours in enumerate([(0, 650), (670, 1_370), (1_390, 2_110), (2_130, 2_400)]):
        load(world, hours, 200, 7 + month, links, 100 * month)  # May to August
    delete_(world, 60, 2_400)  # before 12 June
    right = counts(world)
    july = 12 * 2026 + 6
    tables = ("account_ways", "account_referrer_months")
    with world.database.engine.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE month >= {july}")
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == right
    with world.database.engine.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE month < {july}")
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    for table in tables:
        assert counts(world)[table] == [row for row in right[table] if row[1] >= july]


def test_a_post_that_lost_clicks_keeps_its_time(world: World) -> None:
    """Its windows can't be recounted: a sentence says so, nothing is changed."""
    links, _ = some_clicks(world)
    load(world, (0, 100), 100, 5, links[:2])
    delete_(world, 10, 400)
    right = counts(world)
    with (
        pytest.raises(Conflict, match="LINKTRACK_KEEP_DAYS"),
        world.store().transaction() as connection,
    ):
        recount_post(connection, PostId(1), Days(world.settings.timezone))
    with world.store().transaction() as connection:
        recount_post(connection, PostId(2), Days(world.settings.timezone))
    assert counts(world) == right


def test_marks_go_when_their_visitors_can_never_come_again(world: World) -> None:
    """Within the visitor period they stay: the visitor's next click is no first one."""
    links, _ = some_clicks(world)
    load(world, (0, 40), 100, 6, links)
    delete_(world, 2, 24 * 20)  # still May
    assert stored(world) == 0
    assert counts(world)["first_clicks"]
    delete_(world, 2, 24 * 40)  # June: May's key is destroyed
    assert counts(world)["first_clicks"] == []
