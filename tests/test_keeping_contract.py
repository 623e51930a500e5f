"""Clicks are the same wherever they are kept: SQLite, PostgreSQL, and each kind of ClickHouse."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from clicking import FIREFOX, START, some_clicks
from databases import Maker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keepings import all_clicks, all_marks, days_of, drawn, everything, on_engine, same
from sqlalchemy import select
from world import World

from linktrack.clicks.counts.changes import change_reasons, make_unattributed
from linktrack.clicks.counts.rebuild import rebuild, rebuild_beside
from linktrack.clicks.keeping.interface import Clicks
from linktrack.clicks.keeping.opening import clicks_of, settle_clicks
from linktrack.clicks.keeping.which import EVERY, By, Every, Facet, Figure, Which
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import NO_LANGUAGES, REASON_NUMBER
from linktrack.ids import AccountId, PostId
from linktrack.links.models import Link

HOUR: Final = 3_600_000
FIGURES: Final[tuple[Figure, ...]] = (
    "clicks", "people", "bursts", "without_languages", "first_at", "last_at", "visitors", "links",
)  # fmt: skip
FACETS: Final[tuple[tuple[Facet, ...], ...]] = (
    ("link_id", "quarter", "age", "segment_id", "referrer"),
    ("quarter", "segment_id", "referrer"),
    ("link_id", "country", "device", "language"),
)
GROUPS: Final[tuple[tuple[By, ...], ...]] = (
    (),
    ("link_id", "reason"),
    ("visitor",),
    ("country", "language", "option_id"),
    ("has_visitor", "without_languages"),
    (Every(HOUR, START, 48), "segment_id"),
    (Every(24 * HOUR),),
)


@pytest.fixture(
    params=[
        "sqlite",
        "postgresql",
        "alone",
        pytest.param("here", marks=pytest.mark.slow),
        pytest.param("shards", marks=pytest.mark.slow),
    ]
)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An installation that keeps its clicks in each of the engines."""
    yield from on_engine(request, tmp_path / "kept")


@pytest.fixture
def plain(sqlite_databases: Maker, tmp_path: Path) -> Iterator[World]:
    """An installation on SQLite, that all are compared with."""
    with sqlite_databases.lend() as url, World.at(tmp_path / "plain", url) as world:
        yield world


def condensed(clicks: Clicks, which: Which, by: Sequence[Facet]) -> list[tuple[Any, ...]]:
    sums: Counter[tuple[int, ...]] = Counter()
    for part in clicks.condense(which, by):
        for row in part:
            # Of clicks on two links of a post in one millisecond either may be the first.
            figures = row[len(by) : -1 if by[0] == "link_id" else None]
            for place, figure in enumerate(figures):
                sums[(*row[: len(by)], place)] += figure
    return sorted((*key, number) for key, number in sums.items() if number)


def test_clicks_marks_and_counts_are_those_of_sqlite(kept: World, plain: World) -> None:
    """In batches of all sizes, each a transaction; and counting them anew finds nothing wrong."""
    for world in (kept, plain):
        links, _ = some_clicks(world)
        records = drawn(300, 3, links)
        for start, end in ((0, 1), (1, 40), (40, 41), (41, 200), (200, 300)):
            world.click(records[start:end])
    same(kept, plain)
    for world in (kept, plain):
        with world.store().transaction() as connection:
            assert rebuild(connection, days_of(world)) == 300
        assert rebuild_beside(world.database.engine, days_of(world)) == 300
    same(kept, plain)


def test_many_batches_of_one_transaction_are_stored_together_or_not(
    kept: World, plain: World
) -> None:
    """Each sees the ones before it; and what is undone leaves nothing behind."""
    for world in (kept, plain):
        links, _ = some_clicks(world)
        records = drawn(120, 5, links)
        store = world.store()
        with pytest.raises(ZeroDivisionError), store.transaction() as connection:
            store.append(connection, records[:70])
            store.append(connection, records[50:90])
            raise ZeroDivisionError
        assert everything(world)["clicks"] == []
        with store.transaction() as connection:
            for start in range(0, 120, 20):
                store.append(connection, records[start : start + 20])
    same(kept, plain)


def test_reasons_change_with_their_transaction(kept: World, plain: World) -> None:
    """Marks move to the next click, and back; what is undone never was."""
    for world in (kept, plain):
        links, _ = some_clicks(world)
        world.click(drawn(200, 7, links))
        before = everything(world)
        days, store = days_of(world), world.store()
        with store.transaction() as connection:
            seqs = sorted(seq for (seq,) in clicks_of(connection).rows(EVERY, ("seq",)))
        wanted = {seq: 7 * (place % 2) for place, seq in enumerate(seqs[:120])}
        with pytest.raises(ZeroDivisionError), store.transaction() as connection:
            change_reasons(connection, wanted, days)
            raise ZeroDivisionError
        assert everything(world) == before
        with store.transaction() as connection:
            changed = change_reasons(connection, wanted, days)
            clicks = clicks_of(connection)
            assert sum(row[1] for row in clicks.count(EVERY, ("reason",))) == 200
            assert change_reasons(connection, wanted, days) == 0
            again = dict.fromkeys(seqs[60:100], 0)
            change_reasons(connection, again, days)
            store.append(connection, drawn(30, 8, links))
        assert changed > 60
    same(kept, plain)


def test_names_are_taken_off(kept: World, plain: World) -> None:
    """From clicks and marks alike."""
    for world in (kept, plain):
        links, _ = some_clicks(world)
        world.click(drawn(200, 11, links))
        with world.store().transaction() as connection:
            make_unattributed(connection, Which(links=links[:2], segments=(1,)), days_of(world))
        settle_clicks(world.database.engine)
        with world.store().transaction() as connection:
            rebuild(connection, days_of(world))
    same(kept, plain)


def test_figures_are_the_same(kept: World, plain: World) -> None:
    """Of every kind, by everything, also of what the transaction has just changed."""
    found: list[list[list[list[tuple[Any, ...]]]]] = []
    for world in (kept, plain):
        found.append([])
        links, _ = some_clicks(world)
        world.click(drawn(200, 13, links))
        days = days_of(world)
        with world.store().transaction() as connection:
            clicks = clicks_of(connection)
            for is_changed in (False, True):
                which = (
                    EVERY,
                    Which(links=select(Link.id).where(Link.post_id == 1), until=START + 99 * HOUR),
                    Which(left_out=True, without_flags=4),
                    Which(segments=(1, 2), with_visitor=True, reasons=(0, 7)),
                    Which(recognised=True, since=START),
                    Which(links=()),
                )
                answers = [
                    sorted(clicks.count(one, by, FIGURES), key=repr)
                    for one in which
                    for by in GROUPS
                ]
                answers.append([*clicks.count(EVERY, (Every(HOUR), "link_id"), latest=5)])
                minutes = sorted({(links[0], START // 60_000), (links[1], START // 60_000 + 60)})
                answers += [sorted(clicks.busy_minutes(minutes, least)) for least in (1, 2, 3)]
                for since, until in ((None, None), (START, START + 99 * HOUR)):
                    answers.append(sorted(clicks.origins(links[:3], since, until)))
                answers.append(sorted(clicks.firsts_on_post(PostId(1), Every(HOUR, START, 48))))
                for facets in () if is_changed else FACETS:  # reports change nothing
                    for one in (
                        Which(accounts=(1,)),
                        Which(accounts=(1,), since=START + HOUR, countries=(513,), sources=(1, 2)),
                        Which(accounts=(1,), devices=(1,), segments=(0, 1)),
                    ):
                        answers.append(condensed(clicks, one, facets))
                first = START + 20 * HOUR
                answers.append(sorted(clicks.firsts_of_account(AccountId(1), START, first)))
                for reverse in (False, True):
                    table = clicks.table(EVERY, limit=20, newest_first=reverse, offset=7)
                    query = select(table.c.clicked_at, table.c.link_id, table.c.country)
                    answers.append(sorted(connection.execute(query).all(), key=repr))
                of_one = Which(links=links[:1], reasons=(0,))
                for spans in (Every(HOUR), Every(HOUR, START, 48)):
                    answers.append(sorted(clicks.count(of_one, (spans,))))
                of_a_link = clicks.rows(Which(links=links[:1]), ("clicked_at", "reason"), last=9)
                answers.append(sorted(of_a_link))
                seqs = sorted(seq for (seq,) in clicks.rows(EVERY, ("seq",)))
                walked = [
                    stored for part in clicks.stored(Which(after=0), days.day) for stored in part
                ]
                assert [stored.seq for stored in walked] == seqs
                assert clicks.latest() == seqs[-1]
                change_reasons(connection, dict.fromkeys(seqs[::3], 7), days)
                make_unattributed(connection, Which(links=links[1:3]), days)
                found[-1].append(answers)
    for one, other in zip(*found, strict=True):
        assert one == other


def test_old_clicks_are_hidden_and_deleted_by_period(kept: World, plain: World) -> None:
    """Counts and marks stay, as far as their visitors can come back; counting anew keeps both."""
    for world in (kept, plain):
        links, _ = some_clicks(world)
        world.click(drawn(300, 17, links))  # 30 hours before to 900 thirds of an hour after
        late = [
            ClickRecord(START + 40 * 24 * HOUR + place * HOUR, links[0], FIREFOX, None, place + 100)
            for place in range(20)
        ]
        world.click(late)
        before = START + 3 * 24 * HOUR
        with world.database.engine.connect() as connection:
            number = clicks_of(connection).count(Which(until=before))[0][0]
        with world.database.engine.connect() as connection:
            assert clicks_of(connection).delete_before(before, START - 40 * 24 * HOUR) == number
        with world.database.engine.connect() as connection:
            assert clicks_of(connection).count(Which(until=before))[0][0] == 0
            assert clicks_of(connection).count(EVERY)[0][0] == 320 - number
        with world.store().transaction() as connection:
            rebuild(connection, days_of(world))
        world.click(late[:3])
    same(kept, plain)
    for world in (kept, plain):
        june = START + 35 * 24 * HOUR
        with world.database.engine.connect() as connection:
            clicks_of(connection).delete_before(june, START + 27 * 24 * HOUR)
    same(kept, plain)
    assert len(all_clicks(kept)) == 23


def test_clicks_of_accounts_are_removed(kept: World, plain: World) -> None:
    """With the commit, and not before."""
    for world in (kept, plain):
        links, _ = some_clicks(world)
        other = world.post(world.account("@other"), "http://one.com/")
        world.click(drawn(60, 19, [*links, other.links[0].id]))
        kept_clicks = [row for row in all_clicks(world) if row[1] == other.links[0].id]
        with pytest.raises(ZeroDivisionError), world.store().transaction() as connection:
            clicks_of(connection).remove_account_clicks([1])
            assert len(clicks_of(connection).rows(EVERY, ("seq",))) == len(kept_clicks)
            raise ZeroDivisionError
        assert len(all_clicks(world)) == 60
        with world.store().transaction() as connection:
            clicks_of(connection).remove_account_clicks([1])
        assert all_clicks(world) == kept_clicks
        for _ in range(100):
            settle_clicks(world.database.engine)
        assert all_clicks(world) == kept_clicks
        assert {mark[2] for mark in all_marks(world)} == {other.links[0].id}
        world.click(drawn(5, 20, [other.links[0].id]))
    same(kept, plain)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.randoms(use_true_random=False), st.lists(st.integers(1, 12), min_size=3, max_size=6))
def test_bursts_are_found_in_whatever_order_clicks_are_loaded(
    kept: World, plain: World, chance: random.Random, sizes: list[int]
) -> None:
    """In drops of any size, among people's clicks: reasons, marks and counts are the same."""
    links = [link.id for link in kept.session.scalars(select(Link).order_by(Link.id))]
    if not links:
        links, _ = some_clicks(kept)
        some_clicks(plain)
    minute = START + chance.randrange(400) * 60_000
    storm = [
        ClickRecord(
            minute + chance.randrange(60_000),
            links[who % 3 // 2],
            FIREFOX if who % 2 else FIREFOX.replace("140", "139"),
            None,
            1_000 + who,
            flags=NO_LANGUAGES,
        )
        for who in range(26)
    ]
    people = [
        ClickRecord(minute + chance.randrange(120_000), links[0], FIREFOX, None, 1_010 + who)
        for who in range(12)
    ]
    records = [*storm, *people]
    chance.shuffle(records)
    for world in (kept, plain):
        start = 0
        for size in [*sizes, len(records)]:
            world.click(records[start : start + size])
            start += size
    same(kept, plain)
    assert any(row[12] == REASON_NUMBER["burst"] for row in everything(kept)["clicks"])
