"""Clicks by referrer that are counted ahead always say what the single clicks say."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from clicking import FIREFOX, HOUR, START, some_clicks
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keepings import days_of, drawn, on_engine
from sqlalchemy import delete, func, select, update
from world import NOON, World

from linktrack.clicks.counts.changes import change_reasons, make_unattributed
from linktrack.clicks.counts.rebuild import rebuild, rebuild_beside
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.sql.models import click_stretches
from linktrack.clicks.keeping.which import EVERY, Column, Numbers, Which
from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import HUMAN, REASON_NUMBER
from linktrack.db import to_ms
from linktrack.ids import LinkId
from linktrack.links.models import Link
from linktrack.upkeep.counting_ahead import SETTLED, count_ahead

END = START + 400 * HOUR
PREVIEW = REASON_NUMBER["preview"]
STEPS = ("load", "count", "count", "change", "unattribute", "delete", "rebuild", "rebuild beside")


@pytest.fixture(params=["sqlite", "postgresql", "alone"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An installation that keeps its clicks in each of the engines."""
    yield from on_engine(request, tmp_path / "kept")


def check(world: World, chance: random.Random, links: list[LinkId]) -> None:
    """Compare people's clicks by referrer with the clicks, one by one."""
    with world.database.engine.connect() as connection:
        found = clicks_of(connection)
        columns: tuple[Column, ...] = ("link_id", "clicked_at", "reason", "referrer_id")
        rows = found.rows(EVERY, columns)
        for _ in range(6):
            some = chance.sample(links, chance.randint(1, len(links)))
            since = chance.choice([None, START + chance.randint(-30, 300) * HOUR])
            until = chance.choice([None, START + chance.randint(-30, 300) * HOUR + 1])
            right = Counter(
                referrer_id
                for link_id, at, reason, referrer_id in rows
                if link_id in some
                and reason == HUMAN
                and (since is None or at >= since)
                and (until is None or at < until)
            )
            asked: Numbers = some
            if chance.random() < 0.5:
                asked = select(Link.id).where(Link.id.in_(some))
            which = Which(links=asked, since=since, until=until, reasons=(HUMAN,))
            assert dict(found.count(which, ("referrer_id",))) == right
        assert found.has_counted_right()


def do(world: World, step: str, chance: random.Random, links: list[LinkId]) -> None:
    """Do to the clicks what can be done to them."""
    engine, days = world.database.engine, days_of(world)
    if step == "load":
        world.click(drawn(chance.randint(1, 60), chance.randrange(10**6), links))
    elif step == "count":
        with engine.connect() as connection:
            until = chance.choice([END, START + chance.randint(-30, 300) * HOUR])
            clicks_of(connection).count_ahead(until, many=chance.randint(2, 9))
    elif step == "delete":
        with engine.connect() as connection:
            clicks_of(connection).delete_before(START + chance.randint(-40, 40) * HOUR, START)
    elif step == "rebuild beside":
        rebuild_beside(engine, days)
    else:
        with world.store().transaction() as connection:
            seqs = [seq for (seq,) in clicks_of(connection).rows(EVERY, ("seq",))]
            some = chance.sample(seqs, min(len(seqs), chance.randint(1, 8)))
            if step == "change":
                wanted = {seq: chance.choice([HUMAN, PREVIEW]) for seq in some}
                change_reasons(connection, wanted, days)
            elif step == "unattribute":
                make_unattributed(connection, Which(seqs=some), days)
            else:
                rebuild(connection, days)


@settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(st.sampled_from(STEPS), min_size=4, max_size=12),
    st.integers(0, 10**9),
)
def test_counted_ahead_and_one_by_one_are_the_same(
    kept: World, steps: list[str], seed: int
) -> None:
    """After anything that happens to clicks, in any order, for any links and times."""
    chance = random.Random(seed)
    links = list(kept.session.scalars(select(Link.id).order_by(Link.id)))
    if not links:
        links, _ = some_clicks(kept)
    for step in ("load", "count", *steps):
        do(kept, step, chance, links)
        check(kept, chance, links)


def stretches(world: World) -> list[tuple[int, int]]:
    with world.database.engine.connect() as connection:
        stretch = click_stretches.c
        query = select(stretch.link_id, stretch.clicks).order_by(stretch.link_id, stretch.begins)
        return [(row[0], row[1]) for row in connection.execute(query)]


def test_what_is_counted_ahead_is_not_read_again(world: World) -> None:
    """Once a link has many clicks, all but the last of them are in stretches."""
    links, _ = some_clicks(world)
    world.click(drawn(400, 3, links[:1]))
    with world.database.engine.connect() as connection:
        which = Which(links=links, reasons=(HUMAN,))
        right = dict(clicks_of(connection).count(which, ("referrer_id",)))
        clicks_of(connection).count_ahead(END, many=10_000)
        assert stretches(world) == []
        clicks_of(connection).count_ahead(END, many=20)
    made = stretches(world)
    assert len(made) >= 10 and {number for _, number in made if number < 20} == set()
    assert sum(right.values()) - sum(number for _, number in made) < 20
    with world.database.engine.begin() as connection:
        connection.execute(delete(clicks))
        left = dict(clicks_of(connection).count(which, ("referrer_id",)))
    assert sum(left.values()) == sum(number for _, number in made)


def test_only_what_changed_is_counted_again(world: World) -> None:
    """A late click takes its own stretch away, of which another is made; others stay."""
    links, _ = some_clicks(world)
    world.click(drawn(400, 3, links[:1]))

    def count() -> list[tuple[int, int]]:
        with world.database.engine.connect() as connection:
            clicks_of(connection).count_ahead(END, many=20)
        return stretches(world)

    before = count()
    with world.database.engine.connect() as connection:
        second = connection.scalar(select(click_stretches.c.begins).offset(1).limit(1))
    assert second is not None
    world.click([ClickRecord(second, links[0], FIREFOX, None, 999)])
    assert stretches(world) == [before[0], *before[2:]]
    assert count() == [before[0], (links[0], before[1][1] + 1), *before[2:]]
    world.click([ClickRecord(second, links[0], "Twitterbot/1.0", None, 999)])
    world.click([ClickRecord(second, links[1], FIREFOX, None, 999)])
    assert stretches(world) == [before[0], (links[0], before[1][1] + 1), *before[2:]]


def test_a_rebuild_deletes_stretches_only_where_one_is_wrong(world: World) -> None:
    """Beside a service it needs no writer's turn where all is right."""
    links, _ = some_clicks(world)
    world.click(drawn(400, 3, links[:1]))
    with world.database.engine.connect() as connection:
        clicks_of(connection).count_ahead(END, many=20)
    made = stretches(world)
    with world.store().transaction():
        rebuild_beside(world.database.engine, days_of(world))
    assert made and stretches(world) == made
    begins = click_stretches.c.begins
    with world.database.engine.begin() as connection:
        first = select(func.min(begins)).scalar_subquery()
        connection.execute(update(click_stretches).where(begins == first).values(referrers="{}"))
    rebuild_beside(world.database.engine, days_of(world))
    assert stretches(world) == []


def test_the_service_counts_what_is_settled(world: World) -> None:
    """Clicks of the last minutes may still be joined by others."""
    links, _ = some_clicks(world)
    world.click(drawn(400, 3, links[:1]))
    now = NOON + timedelta(hours=100)
    count_ahead(world.database.engine, now, many=10)
    with world.database.engine.connect() as connection:
        latest = connection.scalar(select(func.max(click_stretches.c.ends)))
    assert latest is not None
    assert to_ms(now) - 30 * HOUR < latest <= to_ms(now - SETTLED)
