"""What is read ahead of a walk's steps changes nothing of what these return."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from clickhouses import Engine
from clicking import START, some_clicks
from databases import Maker
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from keepings import days_of, drawn, on_clickhouse
from sqlalchemy import Connection, select
from world import World

from linktrack.clicks.counts.changes import change_reasons, make_unattributed
from linktrack.clicks.keeping.clickhouse import reading, walking
from linktrack.clicks.keeping.interface import Walk
from linktrack.clicks.keeping.opening import clicks_of, settle_clicks
from linktrack.clicks.keeping.which import EVERY, Which
from linktrack.ids import LinkId

HOUR: Final = 3_600_000
WHICH: Final = (
    EVERY,
    Which(links=(1, 2)),
    Which(reasons=(7,)),
    Which(accounts=(1,), since=START, until=START + 200 * HOUR),
)


@pytest.fixture
def kept(clickhouse: Engine, postgresql_databases: Maker, tmp_path: Path) -> Iterator[World]:
    with on_clickhouse(tmp_path / "kept", postgresql_databases, clickhouse) as world:
        yield world
    clickhouse.leave()


def read(
    connection: Connection, which: Which, limit: int, walk: Walk | None
) -> list[tuple[Any, ...]]:
    table = clicks_of(connection).table(which, limit=limit, walk=walk)
    return [tuple(row) for row in connection.execute(select(table).order_by(table.c.seq))]


def something_happens(world: World, links: list[LinkId], chance: random.Random) -> None:
    """Clicks are loaded, changed, unnamed or hidden; or a transaction is undone."""
    what = chance.choice(["load", "load", "change", "unname", "hide", "in vain", "nothing"])
    if what == "load":
        world.click(drawn(chance.randint(1, 30), chance.randrange(1 << 30), links))
    elif what == "hide":
        before = START + chance.randint(-30, 30) * HOUR
        with world.database.engine.connect() as connection:
            clicks_of(connection).delete_before(before, START - 9_999 * HOUR)
    elif what in ("change", "in vain"):
        with suppress(ZeroDivisionError), world.store().transaction() as connection:
            seqs = sorted(seq for (seq,) in clicks_of(connection).rows(EVERY, ("seq",)))
            wanted = {seq: chance.choice((0, 7)) for seq in chance.sample(seqs, len(seqs) // 5)}
            change_reasons(connection, wanted, days_of(world))
            assert 1 / (what == "change")
    elif what == "unname":
        with world.store().transaction() as connection:
            which = Which(links=[chance.choice(links)], segments=(1, 2))
            make_unattributed(connection, which, days_of(world))
        settle_clicks(world.database.engine)


@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],  # what went before isn't undone, so nothing can be made shorter
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 999), limit=st.integers(3, 60), which=st.sampled_from(WHICH))
def check(
    world: World, links: list[LinkId], ahead: Any, seed: int, limit: int, which: Which
) -> None:
    chance = random.Random(seed)
    ahead(chance.randint(1, 150))
    walk, after, found = Walk(), 0, list[int]()
    world.click(drawn(40, seed, links))
    for _ in range(15):
        with world.database.engine.connect() as connection:
            some = replace(which, after=after)
            step = read(connection, some, limit, walk)
            assert step == read(connection, some, limit, None)
            whole = sorted(seq for (seq,) in clicks_of(connection).rows(some, ("seq",)))
        seqs = [row[0] for row in step]
        assert seqs == whole[:limit]
        found += seqs
        if len(step) < limit:
            break
        after = step[-1][0]
        if chance.random() < 0.4:
            something_happens(world, links, chance)
    assert found == sorted(set(found))


def test_a_step_is_the_same_whatever_was_read_ahead(
    kept: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where clicks are loaded, changed and hidden between two of them."""
    links, _ = some_clicks(kept)
    check(kept, links, lambda number: monkeypatch.setattr(walking, "AHEAD", number))


def test_the_newest_clicks_are_found_however_few_there_are_in_a_batch(
    kept: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are looked for in the last batches, and then in more of them."""
    monkeypatch.setattr(reading, "NEAR", 1)
    monkeypatch.setattr(reading, "FURTHER", 2)
    links, _ = some_clicks(kept)
    for seed in range(9):
        kept.click(drawn(1 + 7 * (seed % 2), seed, links))
    with kept.database.engine.connect() as connection:
        clicks = clicks_of(connection)
        for which in WHICH:
            seqs = sorted(clicks.rows(which, ("seq",)))
            for last in (1, 9, 30, 100):
                assert sorted(clicks.rows(which, ("seq",), last=last)) == seqs[-last:]
