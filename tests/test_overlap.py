"""A click is one click, whether it was captured live, logged by a proxy, or exported."""

import json
from collections.abc import Hashable, Sequence
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from clicking import FIREFOX, START
from commands import Run
from databases import Maker
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import Client
from world import NOON, World

from linktrack.app import create_wsgi_app
from linktrack.audience.models import Account
from linktrack.calendar.times import parse_moment
from linktrack.clicks.counts.retention import delete_old
from linktrack.clicks.models import clicks, first_clicks
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import HEAD
from linktrack.db import from_ms, now
from linktrack.installation import Installation
from linktrack.links.models import Link
from linktrack.portability.clicks.formats import click_formats
from linktrack.portability.clicks.importing import ImportedClicks, import_clicks
from linktrack.portability.clicks.overlap import Stored, pair
from linktrack.portability.export.exports import Selection, export_rows, ndjson

FORMATS = click_formats(partial(parse_moment, timezone=ZoneInfo("UTC")))
KEY = bytes(32)


def bring_in(world: World, account: Account, form: str, *paths: Path) -> ImportedClicks:
    return import_clicks(
        world.database, world.shortener, account.id, FORMATS[form], paths,
        visitor_key=KEY, now=NOON.replace(year=2027),
    )  # fmt: skip


def agent(number: int) -> str:
    return FIREFOX.replace("128", str(number)).replace("140", str(number))


def line(
    link: Link, at: int, user_agent: str = FIREFOX, address: str = "127.0.0.1",
    method: str = "GET", referrer: str = "https://t.co/abc",
) -> str:  # fmt: skip
    moment = f"{from_ms(at):%d/%b/%Y:%H:%M:%S +0000}"
    return (
        f'{address} - - [{moment}] "{method} /{link.code} HTTP/1.1" 302 0 '
        f'"{referrer}" "{user_agent}"\n'
    )


def log(folder: Path, *lines: str, name: str = "access.log") -> Path:
    path = folder / name
    path.write_text("".join(lines))
    return path


def an_export(world: World, folder: Path, *without: str) -> Path:
    rows = export_rows(world.database.engine, world.shortener, "clicks", Selection())
    kept = [{name: row[name] for name in row if name not in without} for row in rows]
    path = folder / "clicks.ndjson"
    path.write_text("".join(ndjson(kept)))
    return path


def counted(world: World) -> tuple[int, int]:
    """Clicks that are stored, and people on all posts."""
    with world.database.engine.connect() as connection:
        people = select(func.count()).select_from(
            select(first_clicks.c.post_or_link, first_clicks.c.visitor).distinct().subquery()
        )
        stored = connection.scalar(select(func.count()).select_from(clicks))
        return stored or 0, connection.scalar(people) or 0


def test_a_log_of_the_proxy_in_front_adds_only_what_was_not_counted(
    world: World, tmp_path: Path
) -> None:
    """Three clicks came live and are in its log too; two more are of an earlier time."""
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    world.click(
        [ClickRecord(START + 900 * n, link.id, agent(n), "//t.co/abc", n) for n in (1, 2, 3)]
    )
    earlier = [line(link, START - 10**9 * n, FIREFOX, f"203.0.113.{n}") for n in (1, 2)]
    live = [line(link, START + 900 * n, agent(n)) for n in (1, 2, 3)]
    path = log(tmp_path, *earlier, *live)
    done = bring_in(world, account, "combined-log", path)
    assert (done.lines, done.added, done.counted, done.known) == (5, 2, 3, 0)
    assert counted(world) == (5, 5)
    again = bring_in(world, account, "combined-log", path)
    assert (again.added, again.counted + again.known) == (0, 5)
    assert counted(world) == (5, 5)


def test_equal_clicks_are_matched_one_to_one(world: World, tmp_path: Path) -> None:
    """Four lines of the same second and browser, of which two were captured: two are added."""
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    world.click([ClickRecord(START + n, link.id, FIREFOX, "//t.co/abc", n) for n in (1, 2)])
    lines = [line(link, START, FIREFOX, f"203.0.113.{n}") for n in range(4)]
    done = bring_in(world, account, "combined-log", log(tmp_path, *lines))
    assert (done.added, done.counted) == (2, 2)
    assert counted(world)[0] == 4


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        ({"at": START + 1_000}, False),
        ({"at": START - 4_000}, False),
        ({"at": START + 6_000}, True),
        ({"at": START - 6_000}, True),
        ({"user_agent": "curl/8.5"}, True),
        ({"referrer": "-"}, True),
        ({"method": "HEAD"}, True),
    ],
)
def test_a_line_is_a_live_click_by_link_time_agent_and_referrer(
    sqlite_world: World, tmp_path: Path, change: dict[str, object], is_another: bool
) -> None:
    """The server writes whole seconds, when a request begins or ends."""
    world = sqlite_world
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    world.click([ClickRecord(START, link.id, FIREFOX, "//t.co/abc", 1)])
    written = line(link, **{"at": START, **change})  # type: ignore[arg-type]
    done = bring_in(world, account, "combined-log", log(tmp_path, written))
    assert (done.added, done.counted) == (int(is_another), int(not is_another))


def test_a_click_on_another_link_is_another_click(sqlite_world: World, tmp_path: Path) -> None:
    """At the same time, by the same browser."""
    account = sqlite_world.account()
    one, two = sqlite_world.post(account, "http://one.com/ http://two.com/").links
    sqlite_world.click([ClickRecord(START, one.id, FIREFOX, "//t.co/abc", 1)])
    done = bring_in(sqlite_world, account, "combined-log", log(tmp_path, line(two, START)))
    assert (done.added, done.counted) == (1, 0)


def test_two_logs_of_one_click_count_it_once_each(sqlite_world: World, tmp_path: Path) -> None:
    """A cache in front of the proxy has logged it too, from another address."""
    world = sqlite_world
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    world.click([ClickRecord(START, link.id, FIREFOX, "//t.co/abc", 1)])
    paths = [
        log(tmp_path, line(link, START, address=f"203.0.113.{n}"), name=f"{n}.log") for n in (1, 2)
    ]
    done = bring_in(world, account, "combined-log", *paths)
    assert (done.added, done.counted) == (0, 2)


def test_what_a_log_has_brought_in_is_no_live_click(sqlite_world: World, tmp_path: Path) -> None:
    """Two people a second apart, in two logs: neither was captured, both count."""
    world = sqlite_world
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    for n in (1, 2):
        path = log(tmp_path, line(link, START + 1_000 * n, address=f"203.0.113.{n}"))
        assert bring_in(world, account, "combined-log", path).added == 1
    assert counted(world) == (2, 2)


def test_our_own_export_adds_nothing_here(world: World, tmp_path: Path) -> None:
    """Into any account, with and without the installation's name, live clicks and imported."""
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    world.click(
        [
            ClickRecord(START, link.id, FIREFOX, "//t.co/abc", 1),
            ClickRecord(START, link.id, FIREFOX, None, None),
            ClickRecord(START, link.id, FIREFOX, None, None),
            ClickRecord(START + 5, link.id, FIREFOX, None, 4, HEAD),
        ]
    )
    bring_in(world, account, "combined-log", log(tmp_path, line(link, START - 10**9)))
    before = counted(world)
    for handle, without in (("@JessesLinks", ()), ("@other", ()), ("@third", ("installation",))):
        into = account if handle == account.handle else world.account(handle)
        done = bring_in(world, into, "ndjson", an_export(world, tmp_path, *without))
        assert (done.lines, done.added, done.counted, done.links) == (5, 0, 5, 0)
    assert counted(world) == before


def test_an_export_brings_back_what_the_database_has_lost(world: World, tmp_path: Path) -> None:
    """On the link it was for: the database went back to a backup made before those clicks."""
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    world.click([ClickRecord(START + n, link.id, FIREFOX, None, n) for n in range(6)])
    path = an_export(world, tmp_path)
    world.session.connection().execute(clicks.delete().where(clicks.c.clicked_at >= START + 4))
    world.session.commit()
    world.click([ClickRecord(START + 90, link.id, FIREFOX, None, 90)])
    done = bring_in(world, account, "ndjson", path)
    assert (done.added, done.counted, done.links, done.codes_taken) == (2, 4, 0, 0)
    assert counted(world)[0] == 7


def test_clicks_whose_rows_are_deleted_are_counted_still(world: World, tmp_path: Path) -> None:
    """Their sums are kept, so an export of that time adds nothing."""
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    world.click([ClickRecord(START + n, link.id, FIREFOX, None, n) for n in range(3)])
    path = an_export(world, tmp_path)
    settings = world.settings
    later = NOON.replace(year=NOON.year + 1)
    delete_old(world.database.engine, settings.timezone, settings.visitor_period, 30, later)
    assert counted(world)[0] == 0
    done = bring_in(world, account, "ndjson", path)
    assert (done.added, done.counted) == (0, 3)


def test_an_export_of_elsewhere_is_known_when_it_is_made_again(
    world: World, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Rules have changed since, and one click came: it is the only one that is added."""
    with World.at(tmp_path / "other", sqlite_databases()) as elsewhere:
        link = elsewhere.post(elsewhere.account(), "http://one.com/").links[0]
        records = [ClickRecord(START + n, link.id, FIREFOX, None, None) for n in (1, 1, 2)]
        elsewhere.click(records)
        first = an_export(elsewhere, tmp_path, "installation", "seq").rename(tmp_path / "first")
        elsewhere.click([ClickRecord(START + 2, link.id, FIREFOX, None, None)])
        second = an_export(elsewhere, tmp_path)
    rows = [json.loads(row) for row in first.read_text().splitlines()]
    first.write_text("".join(json.dumps({"seq": 900, **row}) + "\n" for row in rows))
    account = world.account()
    assert bring_in(world, account, "ndjson", first).added == 3
    done = bring_in(world, account, "ndjson", second)
    assert (done.added, done.counted, done.links) == (1, 3, 0)


VISIT = {
    "referer": "", "date": "2024-05-10T10:00:00+00:00", "userAgent": FIREFOX,
    "visitedUrl": "https://s.example/abc",
}  # fmt: skip


def pages(folder: Path, name: str, *visits: dict[str, str]) -> Path:
    path = folder / name
    path.write_text(json.dumps({"visits": {"data": visits, "pagination": {}}}))
    return path


def test_two_pages_are_worth_as_much_as_one_file(run: Run, tmp_path: Path) -> None:
    """Two equal visits are two clicks; importing the pages again adds nothing."""
    run("account", "add", "@you", "--network", "x")
    (tmp_path / "links.csv").write_text("Long URL,Short code\nhttp://new.com/,abc\n")
    assert (
        run("import", "links", "csv", str(tmp_path / "links.csv"), "--account", "@you").exit_code
        == 0
    )
    one, two = (str(pages(tmp_path, f"page{n}.json", VISIT)) for n in (1, 2))
    both = str(pages(tmp_path, "both.json", VISIT, VISIT))

    def added(*paths: str) -> int:
        result = run("import", "clicks", "shlink-visits", *paths, "--account", "@you", "--json")
        return int(json.loads(result.output)["added"])

    assert added(one, two) == 2
    assert added(one, two) == added(one) == added(both) == 0
    assert added(two, two) == 0


def test_the_command_says_what_was_counted_live(run: Run, tmp_path: Path) -> None:
    """In numbers; a click that was not loaded yet is loaded first."""
    run("account", "add", "@you", "--network", "x")
    result = run("wrap", "@you", "http://one.com/", "--json")
    code = json.loads(result.output)["links"][0]["code"]
    opened = Installation.open()
    reader = Client(create_wsgi_app(opened), use_cookies=False)
    headers = {"User-Agent": FIREFOX, "Referer": "https://t.co/abc", "Accept-Language": "en"}
    assert reader.get(f"/{code}", headers=headers).status_code == 302
    at = now()
    path = tmp_path / "access.log"
    path.write_text(
        "".join(
            f'203.0.113.{n} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET /{code} HTTP/1.1" 302 0 '
            f'"https://t.co/abc" "{FIREFOX}"\n'
            for n in (1, 2)
        )
    )
    result = run("import", "clicks", "combined-log", str(path), "--account", "@you")
    assert "Clicks added: 1, already known: 0." in result.output
    assert "1 of 2 lines were already counted live." in result.output
    opened.database.close()


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20)), max_size=6),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20)), max_size=6),
)
@settings(max_examples=examples(200))
def test_as_many_as_can_be_are_paired(
    lines: list[tuple[Hashable, int]], told: list[tuple[str, int]]
) -> None:
    """As many as the best of all ways to pair them, each stored click once, all near enough."""
    stored = [Stored(key, at, seq) for seq, (key, at) in enumerate(told)]
    found = pair(lines, stored, 3)
    used = [click.seq for click in found if click is not None]
    assert len(used) == len(set(used)) == best(lines, stored)
    for (key, at), click in zip(lines, found, strict=True):
        assert click is None or (click.key == key and abs(click.at - at) <= 3)


def best(lines: Sequence[tuple[Hashable, int]], stored: Sequence[Stored]) -> int:
    if not lines:
        return 0
    (key, at), *rest = lines
    ways = [best(rest, stored)]
    for index, click in enumerate(stored):
        if click.key == key and abs(click.at - at) <= 3:
            ways.append(1 + best(rest, [*stored[:index], *stored[index + 1 :]]))
    return max(ways)
