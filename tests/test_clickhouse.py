"""Clicks are kept on ClickHouse exactly, whichever version, alone or as a cluster."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from clickhouses import PASSWORD, Engine, free_ports
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import wait_until
from world import NOON

from linktrack.clicks.keeping.clickhouse.address import Address, read_address
from linktrack.clicks.keeping.clickhouse.over_http import OverHttp
from linktrack.clicks.keeping.clickhouse.table import COLUMNS, ClickTable
from linktrack.clicks.keeping.clickhouse.transport import Refused, Row, Unclear, read, written
from linktrack.errors import Invalid, Unavailable
from linktrack.settings import in_force, load_settings
from linktrack.upkeep.doctor import Finding, examine

PERIOD = 733_000
CLICK = dict.fromkeys(COLUMNS, 0) | {
    "period": PERIOD,
    "link_id": 1,
    "account_id": 1,
    "visitor": -5,
    "clicked_at": 1_700_000_000_123,
    "source": -(2**63),
    "place": 2**64 - 1,
    "batch": 1,
    "seq": 1 << 20,
    "version": 1,
}

KEY = ("period", "link_id", "visitor", "clicked_at", "source", "place")


def click(**values: int) -> Row:
    return tuple((CLICK | values).values())


def clicks(number: int) -> list[Row]:
    """Return clicks on fifty links, so that each shard gets some."""
    return [click(link_id=place % 50, place=place) for place in range(number)]


def counted(table: ClickTable, where: str = "1") -> int:
    ((count,),) = table.rows(f"SELECT count() FROM {table.name} FINAL WHERE {where}")
    return count


@pytest.fixture
def server(clickhouse_alone: Engine) -> Iterator[Engine]:
    """One ClickHouse over HTTP, for behaviour that no engine can change."""
    yield clickhouse_alone
    clickhouse_alone.leave()


@pytest.fixture
def shards(clickhouse_shards: Engine) -> Iterator[Engine]:
    """A cluster, for what only a cluster does."""
    yield clickhouse_shards
    clickhouse_shards.leave()


@pytest.fixture
def table(clickhouse: Engine) -> ClickTable:
    table = clickhouse.table()
    table.create()
    return table


def test_tables_are_made_once(clickhouse: Engine) -> None:
    """Making them again changes nothing, from whichever server."""
    table = clickhouse.table(database="made_once")
    table.create()
    table.insert([click(reason=7)])
    table.create()
    clickhouse.table(server=-1 if clickhouse.servers else 0, database="made_once").create()
    assert counted(table) == 1
    columns = ", ".join(COLUMNS)
    assert list(table.rows(f"SELECT {columns} FROM {table.name} FINAL")) == [click(reason=7)]


def test_people_who_look_by_hand_see_a_time(table: ClickTable) -> None:
    table.insert([click()])
    said = "clicked = toDateTime('2023-11-14 22:13:20', 'UTC')"
    assert counted(table, said) == 1


@pytest.mark.parametrize("size", [10, 10_000])
def test_a_repeated_batch_counts_once(table: ClickTable, size: int) -> None:
    """Whole, or as parts that are cut elsewhere."""
    batch = clicks(size)
    table.insert(batch)
    table.insert(batch)
    table.insert(batch[: size // 3])
    table.insert(reversed(batch[size // 4 :]))
    assert counted(table) == size


def test_the_newest_version_is_read(table: ClickTable) -> None:
    """In whatever order versions come."""
    table.insert([click(version=2, reason=7)])
    table.insert([click(version=1)])
    assert counted(table, "reason = 7") == counted(table) == 1
    table.insert([click(version=3)])
    assert (counted(table, "reason = 7"), counted(table)) == (0, 1)


def test_a_batch_that_was_begun_can_be_left_out(table: ClickTable) -> None:
    """By its number; repeated under another one and a newer version, it is there once."""
    table.insert([click(place=1)])
    table.insert([click(place=2, batch=8, version=8), click(place=3, batch=8, version=8)])
    assert counted(table, "batch NOT IN (8)") == 1
    table.insert([click(place=2, batch=9, version=9), click(place=3, batch=9, version=9)])
    assert counted(table, "batch NOT IN (8)") == counted(table) == 3


def test_a_period_goes_alone_and_at_once(table: ClickTable) -> None:
    """On all shards; one that isn't there may be dropped too."""
    table.insert([click(link_id=n, period=PERIOD + n % 2) for n in range(20)])
    table.drop_period(PERIOD)
    table.drop_period(PERIOD + 99)
    assert counted(table) == counted(table, f"period = {PERIOD + 1}") == 10


def test_ten_thousand_pairs_are_asked_for_at_once(table: ClickTable) -> None:
    table.insert(clicks(100))
    pairs = ",".join(f"({n},{-n})" for n in range(10_000))
    assert counted(table, f"(link_id, visitor) IN ({pairs})") == 2


KEYS = st.tuples(st.integers(1, 4), st.integers(-2, 2), st.integers(0, 3))
VERSIONS = st.integers(1, 5)


@given(parts=st.lists(st.lists(st.tuples(KEYS, VERSIONS), min_size=1, max_size=6), max_size=6))
@settings(max_examples=15)
def check_parts(
    table: ClickTable, parts: Sequence[Sequence[tuple[tuple[int, int, int], int]]]
) -> None:
    table.drop_period(PERIOD)
    wanted: dict[tuple[int, int, int], int] = {}
    for part in parts:
        rows = []
        for (link_id, visitor, place), version in part:
            wanted[link_id, visitor, place] = max(version, wanted.get((link_id, visitor, place), 0))
            rows.append(
                click(link_id=link_id, visitor=visitor, place=place, version=version, flags=version)
            )
        table.insert(rows)
    found = table.rows(f"SELECT link_id, visitor, place, flags FROM {table.name} FINAL")
    assert sorted(found) == sorted((*key, version) for key, version in wanted.items())


@pytest.mark.slow
def test_whatever_is_stored_in_whatever_order_the_newest_of_each_click_is_read(
    table: ClickTable,
) -> None:
    check_parts(table)


def test_an_engine_that_refuses_says_why(clickhouse: Engine) -> None:
    """Its number and its words are the sentence."""
    table = clickhouse.table()
    with pytest.raises(Refused, match="nowhere") as caught:
        list(table.rows("SELECT 1 FROM nowhere.clicks"))
    assert caught.value.code in (60, 81)  # no such table, or no such database
    with pytest.raises(Unclear):
        table.insert([click()])


def test_rows_before_a_failure_are_no_answer(clickhouse: Engine) -> None:
    """An engine may notice only when it has sent the first rows."""
    late = "SELECT number, throwIf(number = 300000) FROM numbers(400000)"
    with pytest.raises(Refused, match="395"):
        list(clickhouse.asked().rows(late))


# Over HTTP


def test_who_is_refused_reads_no_password(server: Engine) -> None:
    address = replace(server.address(), password="wr0ng/" + PASSWORD)
    asked = OverHttp(address)
    with pytest.raises(Refused, match="correct") as caught:
        list(asked.rows("SELECT 1"))
    asked.close()
    assert PASSWORD not in caught.value.sentence
    assert PASSWORD not in repr(address)
    assert "LINKTRACK_CLICKS" in caught.value.sentence


def test_a_server_that_is_away_has_stored_nothing() -> None:
    """So the sentence says that, and nothing is unclear."""
    (port,) = free_ports(1)
    asked = OverHttp(Address(f"http://127.0.0.1:{port}", "linktrack", PASSWORD, "clicks"))
    for ask in _asking(asked):
        with pytest.raises(Unavailable, match="can't be reached: start it") as caught:
            ask()
        assert not isinstance(caught.value, Unclear)
        assert PASSWORD not in caught.value.sentence
    asked.close()


def _asking(asked: OverHttp) -> Iterator[Callable[[], object]]:
    yield lambda: list(asked.rows("SELECT 1"))
    yield lambda: asked.run("CREATE DATABASE nothing")
    yield lambda: asked.insert("clicks", ["period"], [(1,)])


def test_an_insert_whose_answer_is_lost_is_unclear(server: Engine) -> None:
    """Repeating it stores everything once, whether or not it was stored."""
    database = server.table()
    database.create()
    asked = OverHttp(server.address(), seconds=0.5)
    server.servers[0].freeze()
    with pytest.raises(Unclear, match="took too long"):
        asked.insert(database.name, tuple(COLUMNS), clicks(100))
    asked.close()
    server.servers[0].thaw()
    database.insert(clicks(100))
    assert counted(database) == 100


@pytest.mark.slow
def test_a_server_may_die_in_the_middle_of_an_insert(server: Engine) -> None:
    """After the same insert again the clicks are there once, however far it had come."""
    table = server.table()
    table.create()
    batch = clicks(100_000)
    ended: list[Exception] = []

    def insert() -> None:
        try:
            table.insert(batch)
        except Unavailable as error:
            ended.append(error)

    thread = threading.Thread(target=insert)
    running = server.asked()
    thread.start()
    wait_until(lambda: _inserting(running), every=0.001)
    server.servers[0].kill()
    thread.join()
    assert [type(error) for error in ended] == [Unclear]
    server.mend()
    table.insert(batch)
    assert counted(table) == len(batch)


def _inserting(asked: object) -> bool:
    assert isinstance(asked, OverHttp)
    ((number,),) = asked.rows("SELECT countIf(query LIKE 'INSERT%') FROM system.processes")
    return number > 0


def test_each_process_has_connections_of_its_own(server: Engine) -> None:
    """A child uses none of its parent's, and the parent's stay usable."""
    asked = server.asked()
    assert list(asked.rows("SELECT 1")) == [(1,)]
    child = os.fork()
    if child == 0:
        os._exit(0 if list(asked.rows("SELECT 2")) == [(2,)] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert list(asked.rows("SELECT 3")) == [(3,)]


def findings(environ: dict[str, str], tmp_path: Path) -> dict[str, Finding]:
    """Return what the doctor says by what it is about, on an installation that is new."""
    data = {"LINKTRACK_DATA": str(tmp_path), "LINKTRACK_DATABASE": "postgresql://h.invalid/l"}
    return {finding.name: finding for finding in examine(data | environ, NOON)}


def test_the_doctor_looks_at_clickhouse(server: Engine, tmp_path: Path) -> None:
    """Its version, or what is wrong and what to do; no password."""
    found = findings({"LINKTRACK_CLICKS": server.url("links")}, tmp_path)["clicks"]
    assert (found.says, found.remedy) == ("ClickHouse 18.16 answers", None)
    url = server.url("links").replace("p%26ss", "wrong")
    found = findings({"LINKTRACK_CLICKS": url}, tmp_path)["clicks"]
    assert found.says == "ClickHouse cannot be used"
    assert "correct the password in LINKTRACK_CLICKS" in str(found.remedy)
    assert "word" not in str(found.remedy).replace("password", "")
    found = findings({"LINKTRACK_CLICKS": server.url("links", cluster="none")}, tmp_path)["clicks"]
    assert "knows no cluster none" in str(found.remedy)
    assert "clicks" not in findings({}, tmp_path)


# On a cluster


@pytest.mark.slow
def test_the_doctor_asks_every_shard(shards: Engine, tmp_path: Path) -> None:
    """One that doesn't answer is a problem, though the others could be asked."""
    clicks = {"LINKTRACK_CLICKS": shards.url("links")}
    assert findings(clicks, tmp_path)["clicks"].says == "ClickHouse 18.16 answers, with 2 shards"
    for server in shards.servers[2:]:
        server.kill()
    assert findings(clicks, tmp_path)["clicks"].remedy


@pytest.mark.slow
def test_without_a_shard_there_is_no_answer_rather_than_a_part(shards: Engine) -> None:
    """Loading waits, and goes on with the same batch when the shard is back."""
    table = shards.table()
    table.create()
    batch = clicks(1000)
    table.insert(batch[:500])
    for server in shards.servers[2:]:
        server.kill()
    with pytest.raises(Unavailable):
        counted(table)
    with pytest.raises(Unclear):
        table.insert(batch)
    for server in shards.servers[2:]:
        server.start()
    _again(lambda: table.insert(batch))
    assert counted(table) == 1000


@pytest.mark.slow
def test_a_shard_answers_by_any_of_its_replicas(shards: Engine) -> None:
    """With a quorum of two they are equal, so it doesn't matter which one has died."""
    table = shards.table(quorum=2)
    table.create()
    table.insert(clicks(1000))
    for dead in (1, 2):
        shards.servers[dead].kill()
        assert counted(table) == 1000
    with pytest.raises(Unclear):
        table.insert(clicks(2000))
    shards.servers[1].start()
    shards.servers[2].start()
    _again(lambda: table.insert(clicks(2000)))
    assert counted(table) == 2000


def _again(store: Callable[[], object]) -> None:
    """Store again until it works, as a loader does."""

    def stored() -> bool:
        try:
            store()
        except Unavailable:
            return False
        return True

    wait_until(stored, 60, every=0.2)


# Without any


@given(
    rows=st.lists(st.tuples(st.integers(-(2**63), 2**64), st.integers(0, 255))),
    cuts=st.lists(st.integers(0, 200)),
)
def test_rows_are_read_as_they_were_written_however_bytes_come(
    rows: list[Row], cuts: list[int]
) -> None:
    sent = written(["visitor", "reason"], rows)
    ends = sorted({min(cut, len(sent)) for cut in cuts} | {0, len(sent)})
    parts = [sent[start:end] for start, end in pairwise(ends)]
    assert list(read(parts)) == rows


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("clickhouse://ch", Address("http://ch:8123", "default", "", "default")),
        ("clickhouses://ch.example.org/links",
         Address("https://ch.example.org:8443", "default", "", "links")),
        ("clickhouse://me:p%2Fw%40@[::1]:80/links?cluster=my-two&quorum=2",
         Address("http://[::1]:80", "me", "p/w@", "links", cluster="my-two", quorum=2)),
    ],
)  # fmt: skip
def test_an_address_is_read_as_people_write_it(text: str, address: Address) -> None:
    environ = {"LINKTRACK_CLICKS": text, "LINKTRACK_DATABASE": "postgresql://host/links"}
    found = load_settings(environ)
    assert read_address(found.clicks) == address
    shown = in_force(found)["LINKTRACK_CLICKS"]
    assert (shown, "p%2Fw" in shown) == (text.replace("p%2Fw%40", "(not shown)"), False)


@pytest.mark.parametrize(
    "text",
    [
        "http://me:secret@ch:8123/links",
        "clickhouse://",
        "clickhouse://me:secret@ch/links/more",
        "clickhouse://me:sec@ret@ch/links",
        "clickhouse://me:secret@ch/links; DROP",
        "clickhouse://me:secret@ch:port/links",
        "clickhouse://me:secret@ch/links?cluster=a'b",
        "clickhouse://me:secret@ch/links?skip_unavailable_shards=1",
    ],
)
def test_an_address_that_is_none_is_one_sentence(text: str) -> None:
    """It says how to write one, and repeats no password."""
    with pytest.raises(Invalid, match="LINKTRACK_CLICKS must be like clickhouse://") as caught:
        load_settings({"LINKTRACK_CLICKS": text, "LINKTRACK_DATABASE": "postgresql://h/l"})
    assert "secret" not in caught.value.sentence


def test_clickhouse_needs_postgresql_beside_it() -> None:
    with pytest.raises(Invalid, match="LINKTRACK_CLICKS needs PostgreSQL beside it"):
        load_settings({"LINKTRACK_CLICKS": "clickhouse://ch"})
