"""Clicks on ClickHouse: each is counted once, whatever is killed or away, and when."""

import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from browser import Browser, read
from clickhouses import Engine
from clicking import START, some_clicks
from databases import Maker
from keepings import Breaking, days_of, drawn, everything, keep, on_clickhouse, same
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from world import NOON, World

from linktrack.clicks.capture.journal import SUFFIX
from linktrack.clicks.counts.changes import change_reasons
from linktrack.clicks.counts.rebuild import rebuild, rebuild_beside
from linktrack.clicks.keeping import moving
from linktrack.clicks.keeping.clickhouse.models import click_batch_gaps, click_changes
from linktrack.clicks.keeping.clickhouse.table import ClickTable
from linktrack.clicks.keeping.elsewhere import way_to, with_clicks
from linktrack.clicks.keeping.opening import clicks_of, settle_clicks
from linktrack.clicks.keeping.which import EVERY
from linktrack.clicks.models import journals
from linktrack.clicks.records import encode
from linktrack.errors import Conflict, Unavailable
from linktrack.ids import LinkId
from linktrack.portability.export.everything import export_all
from linktrack.portability.export.restore import import_all
from linktrack.upkeep.health.status import status_of, why_not_known

PAGES = (
    "/owner/", "/owner/accounts/1", "/owner/audience", "/owner/compare", "/owner/devices",
    "/owner/digest", "/owner/engagement", "/owner/experiments", "/owner/followers", "/owner/goals",
    "/owner/links", "/owner/live.json", "/owner/needs-you", "/owner/people", "/owner/places",
    "/owner/posts", "/owner/posts/1", "/owner/profile", "/owner/referrers", "/owner/segments",
    "/owner/settings", "/owner/story", "/owner/timing", "/owner/topics",
    "/owner/own-clicks", "/owner/compose", "/owner/queue", "/owner/engagement/regulars",
)  # fmt: skip


@pytest.fixture
def server(clickhouse_alone: Engine) -> Iterator[Engine]:
    yield clickhouse_alone
    clickhouse_alone.leave()


@pytest.fixture
def elsewhere(server: Engine, postgresql_databases: Maker, tmp_path: Path) -> Iterator[World]:
    """An installation whose clicks are on Debian's ClickHouse."""
    with on_clickhouse(tmp_path / "elsewhere", postgresql_databases, server) as world:
        yield world


@pytest.fixture
def plain(sqlite_databases: Maker, tmp_path: Path) -> Iterator[World]:
    """The same on SQLite, undisturbed."""
    with sqlite_databases.lend() as url, World.at(tmp_path / "plain", url) as world:
        yield world


def journal(folder: Path, name: str, links: list[LinkId], number: int, seed: int) -> None:
    """Write a journal that is finished: clicks at random, and a burst of servers."""
    folder.mkdir(parents=True, exist_ok=True)
    records = drawn(number, seed, links)
    lines = [encode(record) for record in records]
    (folder / f"{name}{SUFFIX}").write_bytes(b"".join(lines))


def test_it_breaks_off_between_any_two_steps(
    elsewhere: World, plain: World, server: Engine
) -> None:
    """Before or after ClickHouse has done what it was asked: once loaded again all is the same."""
    table = server.table()
    breaking = Breaking(server.asked())
    keep(elsewhere, ClickTable(breaking, table.name.partition(".")[0]))
    for world in (elsewhere, plain):
        links, _ = some_clicks(world)
        for number in range(12):
            journal(world.settings.journals, f"j{number:02}", links, 25, number)
    call, broken = 1, 0
    while True:
        breaking.break_at(1 + call // 2 % 9, late=bool(call % 2))
        try:
            elsewhere.loader().load()
            break
        except Unavailable:
            broken += 1
        call += 1
        assert call < 200
    breaking.at = 0
    assert broken > 12
    plain.loader().load()
    same(elsewhere, plain)
    with elsewhere.database.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(click_batch_gaps))
        assert clicks_of(connection).count(EVERY) == [(300,)]
    with elsewhere.store().transaction() as connection:
        rebuild(connection, days_of(elsewhere))
    same(elsewhere, plain)


def test_changes_break_off_between_any_two_steps(
    elsewhere: World, plain: World, server: Engine
) -> None:
    """Committed ones are made by whoever comes next, and seen by everybody."""
    table = server.table()
    breaking = Breaking(server.asked())
    keep(elsewhere, ClickTable(breaking, table.name.partition(".")[0]))
    for world in (elsewhere, plain):
        links, _ = some_clicks(world)
        world.click(drawn(100, 31, links))
    for step in range(12):
        for world in (elsewhere, plain):
            with world.database.engine.connect() as connection:
                seqs = sorted(seq for (seq,) in clicks_of(connection).rows(EVERY, ("seq",)))
            wanted = dict.fromkeys(seqs[step : step + 40], 7 if step % 3 else 0)
            for attempt in range(20):
                if world is elsewhere and attempt == 0:
                    breaking.break_at(1 + step // 2, late=bool(step % 2))
                try:
                    with world.store().transaction() as connection:
                        change_reasons(connection, wanted, days_of(world))
                    settle_clicks(world.database.engine)
                    break
                except Unavailable:
                    pass
            breaking.at = 0
    same(elsewhere, plain)
    with elsewhere.database.engine.connect() as connection:
        assert not connection.scalar(select(func.count()).select_from(click_changes))


def test_loaders_are_killed_again_and_again(
    server: Engine, postgresql_databases: Maker, plain: World, tmp_path: Path
) -> None:
    """With -9, at any moment; ClickHouse too. Then clicks and counts are those of the journals."""
    with (
        postgresql_databases.lend() as url,
        World.at(tmp_path / "killed", url, LINKTRACK_CLICKS=server.url("killed")) as world,
    ):
        world.session.close()
        world.database.engine = with_clicks(world.database.engine, world.settings)
        world.session = world.database.session()
        world.ends.callback(world.session.close)
        for each in (world, plain):
            links, _ = some_clicks(each)
            for number in range(40):
                journal(each.settings.journals, f"j{number:02}", links, 60, 100 + number)
        environ = {
            **os.environ,
            "LINKTRACK_DATA": str(world.settings.data),
            "LINKTRACK_DATABASE": url,
            "LINKTRACK_CLICKS": server.url("killed"),
        }
        chance = random.Random(1)
        folder = tmp_path / "output"
        for kill in range(6):
            with folder.open("ab") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", "linktrack", "load"],
                    env=environ,
                    stdout=output,
                    stderr=output,
                )
            before = position(world)
            while position(world) == before and process.poll() is None:
                time.sleep(0.01)  # it is to be killed soon after
            time.sleep(chance.random() / 5)  # at any moment
            if kill == 3:
                server.servers[0].kill()
                server.servers[0].start()
            process.send_signal(signal.SIGKILL)
            process.wait()
        world.loader().load()
        plain.loader().load()
        same(world, plain)
        assert len(everything(world)["clicks"]) == 2_400


def position(world: World) -> int:
    with world.database.engine.connect() as connection:
        return int(connection.scalar(select(func.sum(journals.c.position))) or 0)


def test_loading_waits_while_clickhouse_is_away_and_counts_are_there(
    elsewhere: World, plain: World, server: Engine
) -> None:
    """Pages of counts answer as ever; those of single clicks say what is away."""
    for world in (elsewhere, plain):
        links, _ = some_clicks(world)
        journal(world.settings.journals, "first", links, 50, 1)
        world.loader().load()
    browser = Browser.signed_in(elsewhere)
    assert browser.get("/owner/posts/1").status_code == 200
    server.servers[0].kill()
    for world in (elsewhere, plain):
        journal(world.settings.journals, "second", links, 50, 2)
    with pytest.raises(Unavailable, match="can't be reached"):
        elsewhere.loader().load()
    for page in PAGES:
        assert browser.get(page).status_code == 200, page
    answer = browser.get("/owner/left-out")
    assert answer.status_code == 503
    assert "ClickHouse" in read(answer)
    server.servers[0].start()
    for world in (elsewhere, plain):
        world.loader().load()
    same(elsewhere, plain)


def test_a_restored_database_counts_what_it_knows(
    elsewhere: World, plain: World, postgresql_databases: Maker, server: Engine
) -> None:
    """What ClickHouse has of later doesn't count, and is loaded again from the journals."""
    links, _ = some_clicks(elsewhere)
    some_clicks(plain)
    elsewhere.click(drawn(30, 1, links))
    table = ClickTable(server.asked(), "restored")
    table.create()
    keep(elsewhere, table)
    stale = [tuple([1] * 7 + [batch, batch << 20, batch] + [1] * 12) for batch in (1, 2, 1_000)]
    table.insert(stale)
    with elsewhere.database.engine.begin() as connection:
        rebuild(connection, days_of(elsewhere))
    for world in (elsewhere, plain):
        world.click(drawn(40, 2, links))
    with elsewhere.database.engine.connect() as connection:
        (first, *_) = clicks_of(connection).rows(EVERY, ("seq",))
        assert first[0] > 1_000 << 20


def test_clicks_move_to_clickhouse_and_back(
    server: Engine, postgresql_databases: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after every part, and resumed; deleted clicks leave their marks, on both."""
    monkeypatch.setattr(moving, "PART", 70)
    with (
        postgresql_databases.lend() as url,
        World.at(tmp_path / "moved", url, LINKTRACK_CLICKS=server.url("moved")) as world,
    ):
        links, _ = some_clicks(world)
        for number in range(4):
            world.click(drawn(100, 40 + number, links))
        before = START + 60 * 3_600_000  # midnight
        with world.database.engine.connect() as connection:
            assert clicks_of(connection).delete_before(before, START - 40 * 24 * 3_600_000)
        wanted = everything(world)
        engine = world.database.engine
        with (
            with_clicks(engine, world.settings).connect() as connection,
            pytest.raises(Unavailable, match="linktrack clicks move"),
        ):
            clicks_of(connection).count(EVERY)
        for to_clickhouse in (True, False, True):
            way = way_to(engine, world.settings, clickhouse=to_clickhouse)
            stops = 0
            while True:
                try:
                    number = moving.move_clicks(engine, way, stop)
                    break
                except InterruptedError:
                    stops += 1
            assert stops == -(-len(wanted["clicks"]) // 70)
            assert number == len(wanted["clicks"])
            if to_clickhouse:
                world.database.engine = with_clicks(engine, world.settings)
                world.session.close()
                world.session = world.database.session()
                world.ends.callback(world.session.close)
                alike(everything(world), wanted)
                with pytest.raises(Unavailable, match="are on ClickHouse"):
                    rebuild_beside(engine, days_of(world))
                with world.store().transaction() as connection:
                    rebuild(connection, days_of(world))
                alike(everything(world), wanted)
                world.click(drawn(50, 77, links))
                with pytest.raises(ZeroDivisionError), world.store().transaction() as connection:
                    world.store().append(connection, drawn(5, 78, links))
                    raise ZeroDivisionError
                wanted = everything(world)
            else:
                world.database.engine = engine
                alike(everything(world), wanted)
        with pytest.raises(Conflict, match="already"):
            moving.move_clicks(engine, way_to(engine, world.settings, clickhouse=True), stop)


def test_an_export_of_everything_has_them(
    elsewhere: World, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Like those of a database that has its clicks itself; it is restored to any."""
    links, _ = some_clicks(elsewhere)
    for number in range(3):
        elsewhere.click(drawn(60, 50 + number, links))
    elsewhere.session.rollback()
    rows = export_all(elsewhere.database, tmp_path / "all.zip", NOON)
    assert rows["clicks"] == 180
    with sqlite_databases.lend() as url, World.at(tmp_path / "restored", url) as restored:
        import_all(restored.database, tmp_path / "all.zip")
        alike(everything(restored), everything(elsewhere))
        export_all(restored.database, tmp_path / "again.zip", NOON)
    with (
        zipfile.ZipFile(tmp_path / "all.zip") as one,
        zipfile.ZipFile(tmp_path / "again.zip") as other,
    ):
        for table in ("clicks", "first_clicks"):
            assert one.read(f"tables/{table}.ndjson") == other.read(f"tables/{table}.ndjson")


def alike(found: Mapping[str, Sequence[object]], wanted: Mapping[str, Sequence[object]]) -> None:
    for name, rows in wanted.items():
        assert found[name] == rows, name


def stop(_number: int) -> None:
    raise InterruptedError


def test_status_says_why_the_number_of_clicks_is_not_known(
    server: Engine, postgresql_databases: Maker, tmp_path: Path
) -> None:
    """Before the first click it is: there is no table yet, and ClickHouse answers."""
    with (
        postgresql_databases.lend() as url,
        World.at(tmp_path / "new", url, LINKTRACK_CLICKS=server.url("no_clicks_yet")) as world,
    ):

        def said() -> tuple[object, str]:
            engine = with_clicks(world.database.engine, world.settings)
            with Session(engine) as session:
                status = status_of(session, world.settings, NOON)
                return status["clicks"], why_not_known(session)

        links, _ = some_clicks(world)
        assert said() == (0, "")
        world.click(drawn(3, 1, links))  # stored in the database, as before the setting was made
        clicks, why = said()
        assert clicks is None
        assert "run linktrack clicks move" in why
