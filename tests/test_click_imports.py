"""Old clicks of other programs: every click once, on the link it was for, by the rules of today."""

import gzip
import json
import re
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from clicking import FIREFOX, START
from databases import Maker
from files import write
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.calendar.times import parse_moment
from linktrack.clicks.classify.agents import TOLD
from linktrack.clicks.models import agents, clicks
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import EMBEDDED, HEAD
from linktrack.errors import Invalid
from linktrack.ids import SegmentId
from linktrack.links.catalog import add_link
from linktrack.portability.clicks import own_clicks, web_logs
from linktrack.portability.clicks.formats import click_formats
from linktrack.portability.clicks.importing import ImportedClicks, import_clicks
from linktrack.portability.export.exports import Selection, export_rows, ndjson

FORMATS = click_formats(partial(parse_moment, timezone=ZoneInfo("UTC")))
KEY = bytes(32)


def bring_in(world: World, account: Account, form: str, *paths: Path) -> ImportedClicks:
    done = import_clicks(
        world.database,
        world.shortener,
        account.id,
        FORMATS[form],
        paths,
        visitor_key=KEY,
        now=NOON,
    )
    kinds = (
        done.added, done.known, done.counted, done.not_clicks, done.blank, done.broken,
    )  # fmt: skip
    assert done.lines == sum(kinds), "every line is accounted for"
    return done


def account_with_link(world: World, code: str = "ozh") -> Account:
    account = world.account()
    add_link(
        world.session,
        world.shortener,
        account_id=account.id,
        post_id=None,
        destination="https://example.com/",
        at=NOON,
        slug=code,
    )
    world.session.commit()
    return account


def exported(world: World, *fields: str) -> list[tuple[object, ...]]:
    rows = export_rows(world.database.engine, world.shortener, "clicks", Selection())
    return [tuple(row[field] for field in fields) for row in rows]


def an_export(world: World, folder: Path) -> Path:
    rows = export_rows(world.database.engine, world.shortener, "clicks", Selection())
    path = folder / "clicks.ndjson"
    path.write_text("".join(ndjson(rows)))
    return path


YOURLS_LOG = f"""INSERT INTO `yourls_log` VALUES
(1,'2024-05-04 12:00:00','ozh','direct','{FIREFOX}','192.0.2.1','DE'),
(2,'2024-05-04 12:00:01','ozh','https://t.co/abc?x=1','{FIREFOX}','192.0.2.1',''),
(3,'2024-05-04 12:00:02','ozh','direct','Twitterbot/1.0','192.0.2.9','US'),
(4,'2024-05-04 12:00:03','gone','direct','x','192.0.2.9','US'),
(5,'0000-00-00 00:00:00','ozh','direct','x','192.0.2.9','US');
"""

SHLINK_VISITS = {
    "visits": {
        "data": [
            {
                "referer": "https://t.co/abc",
                "date": "2024-05-04T14:00:00+02:00",
                "userAgent": FIREFOX,
                "visitLocation": {"countryCode": "DE", "cityName": "x"},
                "potentialBot": False,
                "visitedUrl": "https://s.test/ozh",
            },
            {"date": "2024-05-04T14:00:00+02:00", "visitedUrl": "https://s.test/gone"},
            {"date": "2024-05-04", "visitedUrl": "https://s.test/ozh"},
            {"date": "2024-05-04T14:00:00+02:00", "userAgent": FIREFOX},
        ],
        "pagination": {"currentPage": 1},
    }
}

GOATCOUNTER = """\
2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,Screen size,\
Location,FirstVisit,Date
/ozh,,false,,Firefox 140,Linux,aaa,0,t.co/abc,h,"1,1",DE-BE,true,2024-05-04T12:00:00Z
/ozh,,false,,Firefox 140,Linux,aaa,0,Newsletter,c,,,false,2024-05-04T12:00:05Z
/ozh,,false,,,,bbb,5,,,,US,true,2024-05-04T12:01:00Z
/other,,false,,Firefox 140,Linux,aaa,0,,,,,false,2024-05-04T12:02:00Z
click-ozh,,true,,Firefox 140,Linux,aaa,0,,,,,false,2024-05-04T12:03:00Z
/ozh,,false,,Firefox 140,Linux,aaa,0,,,,,false,never
"""

COMBINED = f"""\
192.0.2.1 - - [04/May/2024:14:00:00 +0200] "GET /ozh HTTP/1.1" 302 0 "https://t.co/abc" "{FIREFOX}"
192.0.2.1 - - [04/May/2024:14:00:00 +0200] "GET /ozh HTTP/1.1" 302 0 "https://t.co/abc" "{FIREFOX}"
2001:db8::1 - jo doe [04/May/2024:14:00:01 +0200] "HEAD /ozh/?x=1 HTTP/1.1" 301 - "-" "curl \\"8\\""
192.0.2.1 - - [04/May/2024:14:00:02 +0200] "GET /style.css HTTP/1.1" 200 9 "-" "{FIREFOX}"
192.0.2.1 - - [04/May/2024:14:00:03 +0200] "GET /gone HTTP/1.1" 302 9 "-" "{FIREFOX}"
192.0.2.1 - - [04/May/2024:14:00:04 +0200] "POST /ozh HTTP/1.1" 302 9 "-" "{FIREFOX}"

nonsense
"""


@pytest.mark.parametrize(
    ("form", "content", "counts", "expected"),
    [
        (
            "yourls-log",
            YOURLS_LOG,
            (3, 0, 2),
            [
                ("12:00:00", None, "DE", True, "Firefox"),
                ("12:00:01", "t.co", None, True, "Firefox"),
                ("12:00:02", None, "US", False, None),
            ],
        ),
        ("shlink-visits", SHLINK_VISITS, (1, 0, 3), [("12:00:00", "t.co", "DE", True, "Firefox")]),
        (
            "goatcounter",
            GOATCOUNTER,
            (3, 2, 1),
            [
                ("12:00:00", "t.co", "DE", True, "Firefox"),
                ("12:00:05", None, None, True, "Firefox"),
                ("12:01:00", None, "US", False, None),
            ],
        ),
        (
            "combined-log",
            COMBINED,
            (3, 3, 1),
            [
                ("12:00:00", "t.co", None, True, "Firefox"),
                ("12:00:00", "t.co", None, True, "Firefox"),
                ("12:00:01", None, None, False, None),
            ],
        ),
    ],
)
def test_clicks_land_on_their_links(
    sqlite_world: World,
    tmp_path: Path,
    form: str,
    content: object,
    counts: tuple[int, ...],
    expected: Sequence[object],
) -> None:
    """With time, referrer and country; importing again adds nothing; the rest is accounted for."""
    account = account_with_link(sqlite_world)
    path = write(tmp_path, "log", content)
    done = bring_in(sqlite_world, account, form, path)
    assert (done.added, done.not_clicks, done.broken) == counts
    rows = exported(
        sqlite_world, "clicked_at", "referrer_host", "country", "human", "browser", "code"
    )
    assert [
        (str(at)[11:19], host, country, human, browser if human else None)
        for at, host, country, human, browser, _ in rows
    ] == expected
    assert {row[-1] for row in rows} == {"ozh"}
    again = bring_in(sqlite_world, account, form, path)
    assert (again.added, again.known, again.links) == (0, done.added, 0)


def test_addresses_make_visitors_and_are_not_kept(world: World, tmp_path: Path) -> None:
    """One address and agent is one visitor; the database holds neither address."""
    account = account_with_link(world)
    bring_in(world, account, "yourls-log", write(tmp_path, "log.sql", YOURLS_LOG))
    with world.database.engine.connect() as connection:
        first, second, other = connection.scalars(select(clicks.c.visitor).order_by(clicks.c.seq))
    assert first == second != other
    assert None not in (first, other)


def test_a_log_of_our_own_domain_knows_versions(world: World, tmp_path: Path) -> None:
    """A computed code is its link's."""
    account = world.account()
    link = world.post(account, "http://one.com/").links[0]
    code = world.shortener.version_code(link.id, SegmentId(5))
    line = COMBINED.splitlines()[0].replace("/ozh", f"/{code}")
    assert bring_in(world, account, "combined-log", write(tmp_path, "log", line)).added == 1
    assert exported(world, "code") == [(link.code,)]


@pytest.mark.parametrize(
    ("asked", "is_click"),
    [
        ("/CODE?x=1#y", True),
        ("//CODE", True),
        ("/CODE%E2%80%9D", True),
        ("/CODE%20", True),
        ("/CODE_", True),
        ("/CODE...", True),
        ("/CODE&amp;utm_source=x", True),
        ("http://go.example.com/CODE).", True),
        ("/CODE+", False),
        ("/CODE/more", False),
        ("/CODE%00", False),
        ("/owner/CODE", False),
        ("/owner.", False),
        ("http://[/CODE", False),
    ],
)
def test_a_log_counts_what_the_lane_would(
    sqlite_world: World, tmp_path: Path, asked: str, is_click: bool
) -> None:
    """What hangs on a code is noise there too; pages are no clicks."""
    account = account_with_link(sqlite_world)
    line = COMBINED.splitlines()[0].replace("/ozh", asked.replace("CODE", "ozh"))
    done = bring_in(sqlite_world, account, "combined-log", write(tmp_path, "log", line))
    assert (done.added, done.not_clicks, done.broken) == (is_click, not is_click, 0)


def test_our_own_export_comes_in_elsewhere(
    world: World, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """The same clicks: why they are left out, what their agents were, and who was whom."""
    account = world.account("@first")
    link = world.post(account, "http://one.com/").links[0]
    world.click(
        [
            ClickRecord(START - 9, link.id, FIREFOX, "//t.co", 1, country="DE"),
            ClickRecord(START - 8, link.id, FIREFOX, None, -1),
            ClickRecord(START - 7, link.id, "Twitterbot/1.0", None, 2),
            ClickRecord(START - 6, link.id, None, None, 3),
            ClickRecord(START - 5, link.id, FIREFOX, None, 4, HEAD),
            ClickRecord(START - 4, link.id, FIREFOX, None, None),
            ClickRecord(START - 3, link.id, FIREFOX, None, 5, EMBEDDED),
        ]
    )
    fields = (
        "clicked_at", "destination", "visitor", "referrer_host", "medium", "device", "browser",
        "os", "country", "human", "reason", "rule",
    )  # fmt: skip
    path = an_export(world, tmp_path)
    with World.at(tmp_path / "other", sqlite_databases()) as elsewhere:
        other = elsewhere.account("@second")
        done = bring_in(elsewhere, other, "ndjson", path)
        assert (done.added, done.links, done.broken) == (7, 1, 0)
        assert exported(elsewhere, *fields) == exported(world, *fields)
        assert bring_in(elsewhere, other, "ndjson", path).known == 7
        with elsewhere.database.engine.connect() as connection:
            versions = connection.execute(select(agents.c.user_agent, agents.c.rules_version)).all()
    assert versions
    for user_agent, version in versions:  # no rule is ever applied to what was only told
        assert (version == TOLD) == user_agent.startswith("linktrack export: ")


def test_visits_of_yourls_plugin_are_of_the_link_their_file_is_named_after(
    sqlite_world: World, tmp_path: Path
) -> None:
    """The JSON does not say; a file whose name is no code here loses nothing silently."""
    account = account_with_link(sqlite_world)
    visits = [
        {
            "click_time": "2024-05-04 12:00:00",
            "referrer": referrer,
            "user_agent": FIREFOX,
            "ip_address": "192.0.2.1",
            "country_code": "DE",
        }
        for referrer in ("direct", "https://t.co/abc", "direct")
    ]
    content = json.dumps({"statusCode": 200, "message": "success", "result": [*visits, 5]})
    path = write(tmp_path, "ozh.json", content)
    done = bring_in(sqlite_world, account, "yourls-log", path)
    assert (done.added, done.broken) == (3, 1)
    found = exported(sqlite_world, "clicked_at", "referrer_host", "country", "code")
    assert found == [
        ("2024-05-04T12:00:00.000Z", host, "DE", "ozh") for host in (None, "t.co", None)
    ]
    again = bring_in(sqlite_world, account, "yourls-log", path)
    assert (again.added, again.known) == (0, 3)
    other = bring_in(sqlite_world, account, "yourls-log", write(tmp_path, "visits.json", content))
    assert (other.added, other.broken) == (0, 4)
    assert "visits" in other.broken_lines[-1].why, other.broken_lines


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_file_of_another_kind_is_one_sentence(
    sqlite_world: World, tmp_path: Path, form: str
) -> None:
    """Nothing of the files before it is imported either."""
    account = account_with_link(sqlite_world)
    good = {
        "yourls-log": YOURLS_LOG,
        "shlink-visits": SHLINK_VISITS,
        "goatcounter": GOATCOUNTER,
        "combined-log": COMBINED,
    }.get(form)
    paths = [write(tmp_path, "good", good)] if good else []
    for content in ("a poem\nof two lines\n", ""):
        with pytest.raises(Invalid):
            bring_in(sqlite_world, account, form, *paths, write(tmp_path, "bad", content))
    with pytest.raises(Invalid, match="cannot be read"):
        bring_in(sqlite_world, account, form, *paths, tmp_path / "absent")
    assert exported(sqlite_world, "seq") == []


@given(st.binary())
def test_any_line_is_a_click_or_one_clause(line: bytes) -> None:
    """Nothing but `ValueError` is ever raised."""
    for parse in (web_logs.parse_line, own_clicks.parse_line):
        try:
            parse(line, NOON.timestamp())
        except ValueError as error:
            said = str(error)
        else:
            said = "it is fine"
        assert said.startswith("it")


def test_real_web_logs_are_read(sqlite_world: World, shared_data: Path) -> None:
    """Every line is in the format; redirects of known codes are clicks, all else is not."""
    account = account_with_link(sqlite_world, "reset")
    path = shared_data / "weblogs" / "elastic_apache_logs.log.gz"
    done = bring_in(sqlite_world, account, "combined-log", path)
    lines = gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines()
    assert done.lines == len(lines) == 10_000
    whole = sum(line.count('"') == 6 for line in lines)
    assert done.broken <= len(lines) - whole
    wanted = re.compile(r'"(?:GET|HEAD) /reset/?(?:\?\S*)? HTTP/[\d.]+" 30[12378] ')
    assert done.added == sum(bool(wanted.search(line)) for line in lines)


def test_the_json_of_an_import_names_the_lines(sqlite_world: World, tmp_path: Path) -> None:
    """A link that is not here is said, with what to do."""
    account = account_with_link(sqlite_world)
    done = bring_in(sqlite_world, account, "yourls-log", write(tmp_path, "log.sql", YOURLS_LOG))
    why = {line.line: line.why for line in done.broken_lines}
    assert json.dumps(why[5]).count("import the links first") == 1
    assert "click_time" in why[6]


def test_lines_of_a_log_made_to_be_slow_are_read_at_once() -> None:
    """Ten lines of brackets took 8 s: each bracket was tried as the one before a time."""
    line = b"1.2.3.4 - " + b"[" * 19_900
    begun = time.process_time()
    for _ in range(10):
        with pytest.raises(ValueError, match="combined format"):
            web_logs.parse_line(line, 0)
    assert time.process_time() - begun < 3
