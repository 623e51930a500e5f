"""Moving in from other shorteners: codes kept where free, totals kept apart, clashes named."""

import json
import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from files import write
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.calendar.times import parse_moment
from linktrack.cli import main
from linktrack.clicks.models import clicks
from linktrack.errors import Invalid
from linktrack.links.catalog import get_link
from linktrack.links.labels import tags_by_link
from linktrack.links.models import ImportedTotal, Link, LinkLabel, Post
from linktrack.links.own_addresses import remember_address
from linktrack.links.redirects.lookup import find_target
from linktrack.portability.links.fields import normal, read_link
from linktrack.portability.links.formats import LINK_FORMATS
from linktrack.portability.links.importing import ImportedLinks, Reading, import_links
from linktrack.reports.links.link import link_json

READING = Reading(partial(parse_moment, timezone=ZoneInfo("UTC")), NOON)


def bring_in(world: World, account: Account, form: str, *paths: Path) -> ImportedLinks:
    return import_links(
        world.database,
        world.shortener,
        account.id,
        LINK_FORMATS[form],
        paths,
        reading=READING,
    )


def told(world: World) -> list[tuple[object, ...]]:
    """Every link: code, destination, day, title, tags, clicks before."""
    query = (
        select(
            Link.code,
            Link.destination,
            Link.created_at,
            LinkLabel.title,
            Link.id,
            ImportedTotal.clicks,
        )
        .outerjoin(LinkLabel, LinkLabel.link_id == Link.id)
        .outerjoin(ImportedTotal, ImportedTotal.link_id == Link.id)
        .order_by(Link.id)
    )
    with world.database.engine.connect() as connection:
        rows = connection.execute(query).all()
        tags = tags_by_link(connection, [row.id for row in rows])
        return [
            (code, destination, f"{made:%Y-%m-%d}", title, tags[number], total)
            for code, destination, made, title, number, total in rows
        ]


MYSQL_DUMP = r"""-- MySQL dump
/*!40101 SET NAMES utf8 */;
INSERT INTO `other_table` VALUES (1,'INSERT INTO `yourls_url` VALUES (1)');
INSERT INTO `yourls_url` VALUES ('ozh','http://ozh.org/','It''s \'quoted\'; (really)',
 '2014-10-24 16:01:39','127.0.0.1',7),
('two','http://two.com/','Zwei ü','2015-01-02 03:04:05','127.0.0.1',0);
INSERT INTO `yourls_log` VALUES (1,'2014-10-25 00:00:00','ozh','direct','x','192.0.2.1','DE');
"""
BITLY_CSV = """\
Link,Custom Link,Destination URL,Title,Created
bit.ly/3abcde,,https://example.com/a,A,2022-10-24
"""
SHLINK_CSV = """\
createdAt,domain,shortCode,shortUrl,longUrl,title,tags,visits
2023-04-05T06:07:08+00:00,,abc12,https://s.test/abc12,https://example.com/b,,one|two,31
"""
DUB_CSV = """\
link,url,title,description,tags,createdAt
https://dub.sh/d1,https://example.com/d,D,,"a,b",2024-01-01T00:00:00Z
"""


@pytest.mark.parametrize(
    ("form", "name", "content", "expected"),
    [
        (
            "yourls",
            "dump.sql",
            MYSQL_DUMP,
            [
                ("ozh", "http://ozh.org/", "2014-10-24", "It's 'quoted'; (really)", [], 7),
                ("two", "http://two.com/", "2015-01-02", "Zwei ü", [], 0),
            ],
        ),
        (
            "yourls",
            "list.json",
            {
                "links": {
                    "link_1": {
                        "keyword": "ozh",
                        "url": "http://ozh.org/",
                        "title": "Ozh",
                        "timestamp": "2014-10-24 16:01:39",
                        "clicks": "12",
                    }
                }
            },
            [("ozh", "http://ozh.org/", "2014-10-24", "Ozh", [], 12)],
        ),
        (
            "bitly",
            "page.json",
            {
                "links": [
                    {
                        "created_at": "2022-10-24T10:40:37+0000",
                        "id": "bit.ly/3abcde",
                        "link": "https://bit.ly/3abcde",
                        "custom_bitlinks": ["https://bit.ly/mine"],
                        "long_url": "https://example.com/a",
                        "title": "A",
                        "archived": False,
                        "tags": ["news", "x"],
                    }
                ],
                "pagination": {"next": ""},
            },
            [
                ("mine", "https://example.com/a", "2022-10-24", "A", ["news", "x"], None),
                ("3abcde", "https://example.com/a", "2022-10-24", "A", ["news", "x"], None),
            ],
        ),
        (
            "bitly",
            "export.csv",
            BITLY_CSV,
            [("3abcde", "https://example.com/a", "2022-10-24", "A", [], None)],
        ),
        (
            "shlink",
            "shlink.csv",
            SHLINK_CSV,
            [("abc12", "https://example.com/b", "2023-04-05", None, ["one", "two"], 31)],
        ),
        (
            "shlink",
            "pages.json",
            {
                "shortUrls": {
                    "data": [
                        {
                            "shortCode": "abc12",
                            "shortUrl": "https://s.test/abc12",
                            "longUrl": "https://example.com/b",
                            "dateCreated": "2023-04-05T06:07:08+02:00",
                            "tags": ["one"],
                            "title": "B",
                            "visitsSummary": {"total": 31, "nonBots": 20, "bots": 11},
                            "domain": None,
                        }
                    ],
                    "pagination": {"currentPage": 1},
                }
            },
            [("abc12", "https://example.com/b", "2023-04-05", "B", ["one"], 31)],
        ),
        (
            "kutt",
            "kutt.json",
            {
                "total": 1,
                "data": [
                    {
                        "id": "5a1b",
                        "address": "kutt1",
                        "banned": False,
                        "created_at": "2020-02-03T04:05:06.000Z",
                        "link": "https://kutt.it/kutt1",
                        "target": "https://example.com/c",
                        "description": "C",
                        "visit_count": 4,
                    }
                ],
            },
            [("kutt1", "https://example.com/c", "2020-02-03", "C", [], 4)],
        ),
        (
            "dub",
            "dub.csv",
            DUB_CSV,
            [("d1", "https://example.com/d", "2024-01-01", "D", ["a", "b"], None)],
        ),
        (
            "csv",
            "any.csv",
            "\ufeffLong URL;Short code\nhttps://example.com/e;e1\n",
            [("e1", "https://example.com/e", "2026-05-04", None, [], None)],
        ),
    ],
)
def test_links_come_with_their_codes_titles_tags_and_totals(
    sqlite_world: World, tmp_path: Path, form: str, name: str, content: object, expected: object
) -> None:
    """Each format's own shape; importing the file again adds nothing."""
    account = sqlite_world.account()
    path = write(tmp_path, name, content)
    done = bring_in(sqlite_world, account, form, path)
    assert (done.broken, done.broken_lines) == (0, [])
    assert told(sqlite_world) == expected
    again = bring_in(sqlite_world, account, form, path)
    assert (again.added, again.known) == (0, done.added)
    assert told(sqlite_world) == expected


def test_imported_totals_are_never_counted_clicks(world: World, tmp_path: Path) -> None:
    """They stand beside the counted ones, with the date before which they were counted."""
    account = world.account()
    done = bring_in(world, account, "yourls", write(tmp_path, "dump.sql", MYSQL_DUMP))
    assert (done.added, done.clicks_before) == (2, 7)
    link = get_link(world.session, world.shortener.codes, "ozh")
    told_link = link_json(world.session, world.shortener, link, NOON)
    assert (told_link["clicks"], told_link["unique_clicks"]) == (0, 0)
    assert told_link["imported"] == [
        {"source": "yourls", "clicks": 7, "before": "2026-05-04T12:00:00Z"}
    ]
    assert world.session.scalar(select(func.count()).select_from(clicks)) == 0
    post = world.session.get(Post, link.post_id)
    assert post is not None
    assert (post.state, post.posted_at) == (
        "published",
        datetime(2014, 10, 24, 16, 1, 39, tzinfo=UTC),
    )


def test_a_code_that_is_taken_is_named_with_the_new_one(world: World, tmp_path: Path) -> None:
    """The other link keeps it; what is kept for our own pages is not given out."""
    account = world.account()
    bring_in(world, account, "csv", write(tmp_path, "1.csv", "url,code\nhttp://one.com/,same\n"))
    rows = "url,code\nhttp://two.com/,same\nhttp://three.com/,owner\nhttp://four.com/,free\n"
    done = bring_in(world, account, "shlink", write(tmp_path, "2.csv", rows))
    assert (done.added, done.codes_taken) == (3, 2)
    assert [old for old, _ in done.taken] == ["same", "owner"]
    engine, codes = world.database.engine, world.shortener.codes
    for (_, new), destination in zip(
        done.taken, ("http://two.com/", "http://three.com/"), strict=True
    ):
        target = find_target(engine, codes, new)
        assert target is not None
        assert target.location == destination


def test_broken_rows_are_named_and_the_others_imported(world: World, tmp_path: Path) -> None:
    """A row without an address, with javascript:, of our own domain; FTP is off.

    Without a time that can be read a link comes in, and that is named.
    """
    account = world.account()
    rows = [
        "url,code,created",
        "javascript:alert(1),a,",
        ",b,",
        "https://go.jessestay.com/x,c,",
        "http://one.com/,d,soon",
        "http://two.com/,,",
        "ftp://example.com/file,f,",
        "http://three.com/,g,",
    ]
    done = bring_in(world, account, "csv", write(tmp_path, "x.csv", "\n".join(rows)))
    assert (done.rows, done.added, done.broken, done.disabled) == (7, 3, 4, 1)
    assert [line.line for line in done.broken_lines] == [2, 3, 4, 6]
    assert [row[0] for row in told(world)] == ["d", "f", "g"]
    assert done.unread == 1
    assert [(line.line, line.why) for line in done.notices] == [
        (5, "d came in without that: 'soon' isn't a time"),
        (7, "f is disabled: it led to no web page"),
    ]


@pytest.mark.parametrize(
    ("form", "content", "says"),
    [
        ("csv", "code,color\na,red\n", "Long URL"),
        ("csv", "", "Long URL"),
        ("yourls", "CREATE TABLE x;", "yourls_url"),
        ("kutt", '{"data": [', "isn't JSON"),
        ("csv", '"url,code\nx,y', "quotation mark"),
    ],
)
def test_a_file_of_another_kind_is_one_sentence(
    sqlite_world: World, tmp_path: Path, form: str, content: str, says: str
) -> None:
    """And nothing is changed."""
    account = sqlite_world.account()
    with pytest.raises(Invalid, match=says):
        bring_in(sqlite_world, account, form, write(tmp_path, "file", content))
    with pytest.raises(Invalid, match="cannot be read"):
        bring_in(sqlite_world, account, form, tmp_path / "absent")
    assert told(sqlite_world) == []


@given(st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.lists(st.text())))
def test_any_object_is_a_link_or_one_clause(fields: dict[str, object]) -> None:
    """Nothing else is ever raised."""
    named = {normal(name): value for name, value in fields.items()} | {"url": fields.get("u", "x")}
    said = "it is a link"
    try:
        assert read_link(named, READING.parse_time, NOON).address.code
    except ValueError as error:
        said = str(error)
    assert re.match("it |'|\"", said)


def test_a_real_yourls_dump_moves_in(world: World, shared_data: Path) -> None:
    """1,000 links: codes answer with their destinations, and the totals are the dump's."""
    path = shared_data / "imports" / "yourls_url_public.sql"
    account = world.account()
    done = bring_in(world, account, "yourls", path)
    assert (done.rows, done.added, done.broken, done.codes_taken) == (1000, 1000, 0, 0)
    lines = path.read_text("utf-8").splitlines()
    total = sum(int(line.rpartition(", ")[2].rstrip(");")) for line in lines)
    assert done.clicks_before == total > 100
    assert world.session.scalar(select(func.sum(ImportedTotal.clicks))) == total
    world.session.rollback()
    engine, codes = world.database.engine, world.shortener.codes
    for line in lines[::37]:
        keyword, url = line.partition("VALUES('")[2].split("', '")[:2]
        target = find_target(engine, codes, keyword)
        assert target is not None
        assert target.location == url.replace("''", "'")
    again = bring_in(world, account, "yourls", path)
    assert (again.added, again.known) == (0, 1000)


def test_the_command_says_what_it_did(sqlite_world: World, tmp_path: Path) -> None:
    """In words, or as JSON."""
    sqlite_world.account()
    env = {
        "LINKTRACK_DATA": str(sqlite_world.settings.data),
        "LINKTRACK_DATABASE": sqlite_world.settings.database,
    }
    path = str(write(tmp_path, "a.csv", "url,code\nhttp://one.com/,owner\n,x\n"))
    arguments = ["import", "links", "csv", path, "--account", "@JessesLinks"]
    said = CliRunner().invoke(main, arguments, env=env)
    assert said.exit_code == 1
    assert said.stderr == (
        "Error: Not everything was understood (broken rows: 1), as listed above; everything "
        "else was imported.\n"
    )
    assert "Links added, each in a post of its own: 1, already known: 0." in said.stdout
    assert "owner is " in said.stdout
    assert "a.csv, line 3: it has no long address." in said.stdout
    again = json.loads(CliRunner().invoke(main, [*arguments, "--json"], env=env).stdout)
    assert (again["added"], again["known"], again["broken"]) == (0, 1, 1)


def test_a_destination_of_a_base_address_of_before_leads_back_here(
    sqlite_world: World, tmp_path: Path
) -> None:
    """Its links are ours still: a row that leads there would be a loop."""
    remember_address(sqlite_world.session, "https://old.example:8443", NOON)
    sqlite_world.session.commit()
    rows = "url,code\nhttps://old.example:8443/x,one\nhttps://old.example/x,two\n"
    done = bring_in(sqlite_world, sqlite_world.account(), "csv", write(tmp_path, "a.csv", rows))
    assert (done.added, done.broken) == (1, 1)
    assert "our own links" in done.broken_lines[0].why
