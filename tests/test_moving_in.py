"""Moving in loses nothing and invents nothing: what a link is, what it does, and whose clicks."""

import gzip
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from clicking import FIREFOX
from files import write
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.calendar.times import parse_moment
from linktrack.cli import main
from linktrack.links.catalog import add_link, get_link
from linktrack.links.redirects.limiting import LinkLimits, limits_of
from linktrack.links.redirects.lookup import find_target
from linktrack.portability.clicks.formats import click_formats
from linktrack.portability.clicks.importing import ImportedClicks, import_clicks
from linktrack.portability.export.exports import Selection, export_rows
from linktrack.portability.files.addresses import SOURCES
from linktrack.portability.files.numbers import whole_number
from linktrack.portability.links.formats import LINK_FORMATS
from linktrack.portability.links.importing import ImportedLinks, Reading, import_links

UTC_TIMES = partial(parse_moment, timezone=ZoneInfo("UTC"))
FORMATS = click_formats(UTC_TIMES)


def links(
    world: World, account: Account, form: str, path: Path, domain: str | None = None
) -> ImportedLinks:
    return import_links(
        world.database,
        world.shortener,
        account.id,
        LINK_FORMATS[form],
        [path],
        reading=Reading(UTC_TIMES, NOON, domain),
    )


def clicks(
    world: World, account: Account, form: str, path: Path, domain: str | None = None
) -> ImportedClicks:
    return import_clicks(
        world.database,
        world.shortener,
        account.id,
        FORMATS[form],
        [path],
        visitor_key=bytes(32),
        now=NOON,
        domain=domain,
    )


def places(world: World) -> dict[str, str]:
    """Where each code leads."""
    rows = export_rows(world.database.engine, world.shortener, "links", Selection())
    return {str(row["code"]): str(row["destination"]) for row in rows}


def counted(world: World) -> dict[str, int]:
    """How many clicks each destination has."""
    found: dict[str, int] = {}
    for row in export_rows(world.database.engine, world.shortener, "clicks", Selection()):
        found[str(row["destination"])] = found.get(str(row["destination"]), 0) + 1
    return found


def log_line(path: str, second: int = 0, front: str = "") -> str:
    time = f"04/May/2024:14:00:{second:02} +0200"
    return f'{front}192.0.2.{second} - - [{time}] "GET {path} HTTP/1.1" 302 0 "-" "{FIREFOX}"\n'


# What a link is


def test_one_code_on_two_domains_is_two_links(world: World, tmp_path: Path) -> None:
    """The second gets another code and is named; importing again adds neither."""
    account = world.account()
    path = write(
        tmp_path,
        "dub.csv",
        "Short link,Destination URL,Clicks\n"
        "https://one.example/promo,https://example.com/1,100\n"
        "https://two.example/promo,https://example.com/2,20\n"
        "https://one.example/team/book,https://example.com/team,3\n"
        "https://one.example/docs/book,https://example.com/docs,1\n",
    )
    done = links(world, account, "dub", path)
    assert (done.added, done.clicks_before, done.codes_taken, done.shortened) == (4, 124, 2, 2)
    assert [old for old, _ in done.taken] == ["two.example/promo", "one.example/docs/book"]
    assert sorted(places(world).values()) == [
        "https://example.com/1",
        "https://example.com/2",
        "https://example.com/docs",
        "https://example.com/team",
    ]
    again = links(world, account, "dub", path)
    assert (again.added, again.known, again.differing) == (0, 4, 0)
    as_csv = links(world, account, "csv", path)
    assert (as_csv.added, as_csv.known) == (0, 4), "the same addresses in a table of another kind"


def test_two_links_of_one_destination_stay_two(sqlite_world: World, tmp_path: Path) -> None:
    """They are told apart by their domains, even where they lead to one page."""
    account = sqlite_world.account()
    rows = "url,short url\nhttps://e.com/,https://a.example/x\nhttps://e.com/,https://b.example/x\n"
    done = links(sqlite_world, account, "csv", write(tmp_path, "x.csv", rows))
    assert (done.added, done.known, done.codes_taken) == (2, 0, 1)


YOURLS = (
    "CREATE TABLE `y_url` (`keyword` varchar(9), `url` text, `title` text, `timestamp` text,"
    " `ip` text, `clicks` int);\n"
    "INSERT INTO `y_url` VALUES ('winter','{url}','T','2024-01-01 10:00:00','127.0.0.1',2);\n"
    "INSERT INTO `y_log` VALUES (1,'2024-02-0{day} 10:00:00','winter','direct','{agent}',"
    "'192.0.2.{day}','DE'),(2,'2024-02-0{day} 11:00:00','winter','direct','{agent}',"
    "'192.0.2.1{day}','DE');\n"
)


def test_two_installations_of_yourls_keep_their_links_and_clicks_apart(
    world: World, tmp_path: Path
) -> None:
    """A dump does not say its domain: where a link leads does, also for the log beside it."""
    account = world.account()
    dumps = [
        write(tmp_path, f"{day}.sql", YOURLS.format(url=f"https://e.com/{day}", day=day, agent="x"))
        for day in (1, 2)
    ]
    first, second = (links(world, account, "yourls", path) for path in dumps)
    assert (first.codes_taken, second.codes_taken, second.added) == (0, 1, 1)
    assert "leads elsewhere than the winter that is here already" in second.notices[0].why
    assert [clicks(world, account, "yourls-log", path).added for path in dumps] == [2, 2]
    assert counted(world) == {"https://e.com/1": 2, "https://e.com/2": 2}
    again = links(world, account, "yourls", dumps[1])
    assert (again.added, again.known) == (0, 1)


def test_the_clicks_of_an_installation_that_was_not_imported_go_to_nobody(
    sqlite_world: World, tmp_path: Path
) -> None:
    """They are broken, and named, where the link of their code leads elsewhere."""
    account = sqlite_world.account()
    one, two = (
        write(tmp_path, f"{day}.sql", YOURLS.format(url=f"https://e.com/{day}", day=day, agent="x"))
        for day in (1, 2)
    )
    links(sqlite_world, account, "yourls", one)
    done = clicks(sqlite_world, account, "yourls-log", two)
    assert (done.added, done.broken) == (0, 2)


def test_a_domain_can_be_said(sqlite_world: World, tmp_path: Path) -> None:
    """Then two dumps of one code are two links, and their logs theirs."""
    account = sqlite_world.account()
    for day, domain in ((1, "a.example"), (2, "b.example")):
        path = write(
            tmp_path, f"{day}.sql", YOURLS.format(url="https://e.com/same", day=day, agent="x")
        )
        assert links(sqlite_world, account, "yourls", path, domain).added == 1
        assert clicks(sqlite_world, account, "yourls-log", path, domain).added == 2
    rows = export_rows(sqlite_world.database.engine, sqlite_world.shortener, "clicks", Selection())
    codes = [row["code"] for row in rows]
    assert sorted(codes.count(code) for code in set(codes)) == [2, 2]


def test_a_row_that_says_something_else_than_what_is_stored_is_named(
    world: World, tmp_path: Path
) -> None:
    """Another destination, another total, a password since: nothing is changed here."""
    account = world.account()
    table = "short link,url,clicks,password\nhttps://a.example/x,https://e.com/{},{},{}\n"
    links(world, account, "dub", write(tmp_path, "1.csv", table.format("one", 5, "")))
    done = links(world, account, "dub", write(tmp_path, "2.csv", table.format("two", 9, "yes")))
    assert (done.added, done.known, done.differing) == (0, 1, 1)
    assert done.notices[0].why == (
        "a.example/x is x here, and leads to https://e.com/two there, and to https://e.com/one "
        "here; counts 9 clicks there, and 5 here; redirects here, though it asked for a password"
    )
    assert places(world) == {"x": "https://e.com/one"}


@pytest.mark.parametrize("form", ["combined-log", "goatcounter"])
@pytest.mark.parametrize("short", ["summer", "https://s.example/summer"])
def test_a_renamed_code_is_followed_by_every_importer_of_clicks(
    world: World, tmp_path: Path, form: str, short: str
) -> None:
    """The code was taken here: old clicks on it go to the link that came with it."""
    account = world.account()
    add_link(
        world.session,
        world.shortener,
        account_id=account.id,
        post_id=None,
        destination="https://e.com/ours",
        at=NOON,
        slug="summer",
    )
    world.session.commit()
    table = write(tmp_path, "l.csv", f"url,short url\nhttps://e.com/theirs,{short}\n")
    assert links(world, account, "csv", table).codes_taken == 1
    content = {
        "combined-log": log_line("/summer"),
        "goatcounter": "2Path,Session,Referrer,Referrer scheme,Date\n"
        "/summer,a,,,2024-05-04T12:00:00Z\n",
    }[form]
    done = clicks(world, account, form, write(tmp_path, "log", content))
    assert done.added == 1
    assert done.unclear[0].startswith("summer → ")
    assert counted(world) == {"https://e.com/theirs": 1}
    if form == "combined-log":  # our own domain's log, then
        ours = log_line("/summer", 7)
        done = clicks(world, account, form, write(tmp_path, "2", ours), "go.jessestay.com")
        assert (done.added, done.unclear) == (1, [])
        assert counted(world)["https://e.com/ours"] == 1


def test_what_a_row_says_of_its_domain_goes_before_what_is_said_for_the_file(
    sqlite_world: World, tmp_path: Path
) -> None:
    """And one domain is one, however it is written."""
    account = sqlite_world.account()
    table = (
        "url,short url,code\nhttps://e.com/1,https://B\u00fccher.example/x,x\n"
        "https://e.com/2,https://xn--bcher-kva.example:443/x/,x\nhttps://e.com/3,,x\n"
    )
    done = links(sqlite_world, account, "csv", write(tmp_path, "x.csv", table), "c.example")
    assert (done.added, done.known, done.differing) == (2, 1, 1)
    assert done.taken[0][0] == "c.example/x"


def test_every_source_of_links_is_looked_through() -> None:
    """A format whose links are not among them would lose its clicks."""
    assert set(SOURCES) >= {*LINK_FORMATS, *(form.links_of for form in FORMATS.values())}


# What a link does


@pytest.mark.parametrize(
    ("form", "fields", "why"),
    [
        ("kutt", {"password": True}, "it asked for a password"),
        ("kutt", {"banned": True}, "it was off there"),
        ("kutt", {"expire_in": "soon"}, "when it ends cannot be read ('soon')"),
        ("shlink", {"meta": {"maxVisits": 3}}, "it was limited to 3 clicks"),
        ("shlink", {"hasRedirectRules": True}, "it led to several places, by rules"),
        ("shlink", {"deviceLongUrls": {"ios": "x", "android": None}}, "it led to several places"),
        ("dub", {"ios": "https://apps.example/"}, "it led to several places, by rules"),
        ("csv", {"Password": "yes"}, "it asked for a password"),
        ("csv", {"Password": "$2b$10$abcdefghijk"}, "it asked for a password"),
        ("shlink", {"meta": {"validSince": "one day"}}, "when it begins cannot be read"),
        ("csv", {"Active": "false"}, "it was off there"),
    ],
)
def test_what_was_protected_comes_in_disabled_and_named(
    sqlite_world: World, tmp_path: Path, form: str, fields: dict[str, object], why: str
) -> None:
    """Whatever linktrack cannot do: never an open link to what was not open."""
    account = sqlite_world.account()
    path = write(tmp_path, "x.json", {"data": [{"code": "x1", "url": "https://e.com/", **fields}]})
    done = links(sqlite_world, account, form, path)
    assert (done.added, done.disabled, done.broken) == (1, 1, 0)
    assert done.notices[0].why.startswith(f"x1 is disabled: {why}")
    target = find_target(sqlite_world.database.engine, sqlite_world.shortener.codes, "x1")
    assert target is not None
    assert target.location is None


@pytest.mark.parametrize(
    ("form", "fields", "limits"),
    [
        (
            "kutt",
            {"expire_in": "2024-02-01T10:00:00.000Z"},
            LinkLimits(expires_at=datetime(2024, 2, 1, 10, tzinfo=UTC)),
        ),
        (
            "shlink",
            {
                "meta": {
                    "validSince": "2030-01-01T00:00:00Z",
                    "validUntil": "2031-01-01T00:00:00Z",
                    "maxVisits": 3,
                },
                "visitsSummary": {"total": 2},
            },
            LinkLimits(
                valid_from=datetime(2030, 1, 1, tzinfo=UTC),
                expires_at=datetime(2031, 1, 1, tzinfo=UTC),
                most_clicks=3,
                used_clicks=2,
            ),
        ),
        (
            "dub",
            {"password": "open sesame", "expiredUrl": "https://e.com/over"},
            LinkLimits(has_password=True, ended_to="https://e.com/over"),
        ),
        (
            "csv",
            {"valid_from": "", "most_clicks": "9", "used_clicks": "9", "has_password": "false"},
            LinkLimits(most_clicks=9, used_clicks=9),
        ),
    ],
)
def test_what_limited_a_link_there_limits_it_here(
    world: World, tmp_path: Path, form: str, fields: dict[str, object], limits: LinkLimits
) -> None:
    """Its times, its clicks with those that are used, its password if the file has it."""
    path = write(tmp_path, "x.json", {"data": [{"code": "x1", "url": "https://e.com/", **fields}]})
    done = links(world, world.account(), form, path)
    assert (done.added, done.disabled, done.broken, done.notices) == (1, 0, 0, [])
    link = get_link(world.session, world.shortener.codes, "x1")
    assert limits_of(world.session, link) == limits
    target = find_target(world.database.engine, world.shortener.codes, "x1")
    assert target is not None
    assert target.plan is not None
    assert target.plan.limits is not None


def test_an_address_for_afterwards_that_is_none_is_named(
    sqlite_world: World, tmp_path: Path
) -> None:
    """The link comes in without it."""
    item = {"code": "x1", "url": "https://e.com/", "expiredUrl": "nowhere"}
    done = links(sqlite_world, sqlite_world.account(), "dub", write(tmp_path, "x.json", [item]))
    assert (done.added, done.unread) == (1, 1)
    assert "isn't an address to lead to afterwards" in done.notices[0].why


@pytest.mark.parametrize(
    "fields",
    [
        {"password": False, "expire_in": None, "banned": False},
        {"password": "", "meta": {"validSince": "2020-01-01T00:00:00Z", "maxVisits": None}},
        {"deviceLongUrls": {"ios": None}, "hasRedirectRules": False, "active": True},
        {"expiresAt": "0000-00-00 00:00:00", "geo": None, "archived": False},
    ],
)
def test_what_was_open_stays_open(
    sqlite_world: World, tmp_path: Path, fields: dict[str, object]
) -> None:
    """Fields that say no are no protection; a forwarded query goes on being forwarded."""
    account = sqlite_world.account()
    item = {"code": "x1", "url": "https://e.com/", "forwardQuery": True, **fields}
    done = links(sqlite_world, account, "shlink", write(tmp_path, "x.json", [item]))
    assert (done.added, done.disabled, done.notices) == (1, 0, [])
    target = find_target(sqlite_world.database.engine, sqlite_world.shortener.codes, "x1")
    assert target is not None
    assert (target.location, target.forward_query) == ("https://e.com/", True)


def test_all_addresses_of_a_bitly_link_answer(world: World, tmp_path: Path) -> None:
    """Its own and every back-half, as links of one post."""
    account = world.account()
    item = {
        "id": "brand.example/3xYz",
        "link": "https://brand.example/3xYz",
        "custom_bitlinks": ["https://brand.example/sale", "https://brand.example/verkauf"],
        "long_url": "https://shop.example/sale",
    }
    path = write(tmp_path, "b.json", {"links": [item]})
    done = links(world, account, "bitly", path)
    assert (done.added, done.aliases, done.codes_taken) == (1, 2, 0)
    assert places(world) == dict.fromkeys(("sale", "verkauf", "3xYz"), "https://shop.example/sale")
    rows = export_rows(world.database.engine, world.shortener, "links", Selection())
    assert len({row["post"] for row in rows}) == 1
    again = links(world, account, "bitly", path)
    assert (again.added, again.known, again.aliases) == (0, 1, 0)
    item["custom_bitlinks"] = [*item["custom_bitlinks"], "https://brand.example/new"]
    later = links(world, account, "bitly", write(tmp_path, "b2.json", {"links": [item]}))
    assert [notice.why for notice in later.notices] == [
        "brand.example/sale is sale here, and has the address brand.example/new there, and not here"
    ]
    log = write(tmp_path, "log", log_line("/verkauf", 1) + log_line("/3xYz", 2))
    assert clicks(world, account, "combined-log", log, "brand.example").added == 2


@pytest.mark.parametrize(
    "cell",
    [
        '"https://b.example/sale,https://b.example/x"',
        "https://b.example/sale | b.example/x",
        "\"['https://b.example/sale', 'https://b.example/x']\"",
    ],
)
def test_several_back_halves_in_one_cell_are_several(
    sqlite_world: World, tmp_path: Path, cell: str
) -> None:
    """However a table lists them."""
    account = sqlite_world.account()
    table = f"link,long_url,custom_bitlinks\nbit.ly/3x,https://e.com/,{cell}\n"
    done = links(sqlite_world, account, "bitly", write(tmp_path, "b.csv", table))
    assert (done.added, done.aliases) == (1, 2)
    assert set(places(sqlite_world)) == {"sale", "x", "3x"}


def test_the_clicks_of_one_address_do_not_measure_a_link_of_several(
    world: World, tmp_path: Path
) -> None:
    """Its shortener counted all of them together."""
    account = world.account()
    table = (
        "link,long_url,custom_bitlinks,clicks\n"
        "https://b.example/3x,https://e.com/,https://b.example/sale,3\n"
    )
    links(world, account, "bitly", write(tmp_path, "b.csv", table))
    first = write(tmp_path, "1.log", log_line("/3x", 1))
    done = clicks(world, account, "combined-log", first, "b.example")
    assert (done.added, done.measured, done.lacking) == (1, 0, 1)
    others = write(tmp_path, "2.log", log_line("/sale", 2) + log_line("/sale", 3))
    done = clicks(world, account, "combined-log", others, "b.example")
    assert (done.added, done.measured, done.lacking) == (2, 1, 0)


# Whose clicks


@pytest.mark.parametrize("front", ["s.example:443 ", "s.example ", "_:80 ", "10.0.0.1:8080 "])
def test_a_virtual_host_in_front_is_not_the_address(
    sqlite_world: World, tmp_path: Path, front: str
) -> None:
    """Apache's vhost_combined: as many people as without it, and its domain is the link's."""
    account = sqlite_world.account()
    table = write(tmp_path, "l.csv", "url,short url\nhttps://e.com/,https://s.example/abc\n")
    links(sqlite_world, account, "csv", table)
    lines = "".join(log_line("/abc", second, front) for second in range(1, 6))
    done = clicks(sqlite_world, account, "combined-log", write(tmp_path, "log", lines))
    rows = export_rows(sqlite_world.database.engine, sqlite_world.shortener, "clicks", Selection())
    assert (done.added, len({row["visitor"] for row in rows})) == (5, 5)


def test_another_sites_log_has_no_clicks_on_our_links(sqlite_world: World, tmp_path: Path) -> None:
    """One log of several hosts: only the links' own domain counts, with its whole path."""
    account = sqlite_world.account()
    table = write(
        tmp_path,
        "l.csv",
        "url,short url\nhttps://e.com/1,https://s.example/abc\n"
        "https://e.com/2,https://t.example/abc\nhttps://e.com/3,https://s.example/team/book\n",
    )
    links(sqlite_world, account, "csv", table)
    lines = [
        log_line("/abc", 1, "s.example:443 "),
        log_line("/abc", 2, "t.example:443 "),
        log_line("/abc", 3, "blog.example:443 "),
        log_line("https://t.example/abc", 4),
        log_line("/team/book", 5, "s.example:443 "),
        log_line("/other/book", 6, "s.example:443 "),
    ]
    done = clicks(sqlite_world, account, "combined-log", write(tmp_path, "log", "".join(lines)))
    assert (done.added, done.not_clicks) == (4, 2)
    assert counted(sqlite_world) == {
        "https://e.com/1": 1,
        "https://e.com/2": 2,
        "https://e.com/3": 1,
    }


def test_a_log_counts_a_code_in_other_capitals_as_a_redirect_does(
    sqlite_world: World, tmp_path: Path
) -> None:
    """Where one link only can be meant."""
    account = sqlite_world.account()
    table = "url,code\nhttps://e.com/1,One\nhttps://e.com/2,two\nhttps://e.com/3,TWO\n"
    links(sqlite_world, account, "csv", write(tmp_path, "l.csv", table))
    log = log_line("/ONE", 1) + log_line("/Two", 2) + log_line("/two", 3)
    done = clicks(sqlite_world, account, "combined-log", write(tmp_path, "log", log))
    assert (done.added, done.not_clicks) == (2, 1)
    assert counted(sqlite_world) == {"https://e.com/1": 1, "https://e.com/2": 1}


@pytest.mark.parametrize(
    ("name", "scheme", "medium"),
    [
        ("Google", "g", "search"),
        ("Yandex", "g", "search"),
        ("Hacker News", "g", "social"),
        ("Email", "g", "email"),
        ("RSS", "g", "news"),
        ("Telegram Messenger", "g", "messaging"),
        ("com.slack", "o", "messaging"),
        ("www.reddit.com", "g", "social"),
        ("twitter.com/search?q=https%3A%2F%2Ft.co%2Fabc", "h", "social"),
        ("summer-news", "c", "none"),
        ("Nobody Knows", "g", "none"),
    ],
)
def test_goatcounters_names_of_referrers_are_understood(
    sqlite_world: World, tmp_path: Path, name: str, scheme: str, medium: str
) -> None:
    """It groups hosts under names; campaigns are no sites."""
    account = sqlite_world.account()
    links(sqlite_world, account, "csv", write(tmp_path, "l.csv", "url,code\nhttps://e.com/,abc\n"))
    table = (
        f"2Path,Session,Referrer,Referrer scheme,Date\n/abc,a,{name},{scheme},2024-05-04T12:00Z\n"
    )
    assert clicks(sqlite_world, account, "goatcounter", write(tmp_path, "g", table)).added == 1
    (row,) = export_rows(
        sqlite_world.database.engine, sqlite_world.shortener, "clicks", Selection()
    )
    assert row["medium"] == medium


def goatcounter_zip(folder: Path, counts: Sequence[object], name: str = "export.zip") -> Path:
    path = folder / name
    documents: dict[str, Sequence[object]] = {
        "paths.jsonl": [
            {"id": 1, "path": "/abc", "title": "A"},
            {"id": 2, "path": "click", "event": True},
        ],
        "refs.jsonl": [
            {"id": 1, "ref": "", "ref_scheme": "o"},
            {"id": 7, "ref": "Google", "ref_scheme": "g"},
        ],
        "hit_stats.jsonl": counts,
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("info.json", '{"export_version": "1.0"}')
        for file, rows in documents.items():
            archive.writestr(file, "".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_goatcounters_json_export_is_read(world: World, tmp_path: Path) -> None:
    """A count of three is three clicks of that hour; a later export adds what has come since."""
    account = world.account()
    links(world, account, "csv", write(tmp_path, "l.csv", "url,code\nhttps://e.com/,abc\n"))
    hour = "2024-05-04T12:00:00Z"
    rows: list[object] = [
        {"hour": hour, "path_id": 1, "ref_id": 7, "count": 3},
        {"hour": hour, "path_id": 2, "ref_id": 1, "count": 5},
        {"hour": hour, "path_id": 9, "ref_id": 1, "count": 5},
        "nonsense",
    ]
    done = clicks(world, account, "goatcounter", goatcounter_zip(tmp_path, rows))
    assert (done.added, done.not_clicks, done.broken) == (3, 1, 2)
    grown = [{"hour": hour, "path_id": 1, "ref_id": 7, "count": 4}]
    again = clicks(world, account, "goatcounter", goatcounter_zip(tmp_path, grown, "2.zip"))
    assert (again.added, again.known) == (1, 3)
    found = [
        (row["human"], row["visitor"], row["source"])
        for row in export_rows(world.database.engine, world.shortener, "clicks", Selection())
    ]
    assert found == [(True, None, "Google")] * 4


def test_a_damaged_zip_file_costs_only_what_is_behind_the_damage(
    sqlite_world: World, tmp_path: Path
) -> None:
    """What was read before is imported, and the damage is named."""
    account = sqlite_world.account()
    links(sqlite_world, account, "csv", write(tmp_path, "l.csv", "url,code\nhttps://e.com/,abc\n"))
    rows = [{"hour": "2024-05-04T12:00:00Z", "path_id": 1, "ref_id": 7, "count": 1}] * 5
    path = goatcounter_zip(tmp_path, rows)
    content = bytearray(path.read_bytes())
    at = content.index(b'"count": 1}\n', content.index(b"hit_stats.jsonl"))
    content[at + 9] = ord("2")  # its sum is another now
    path.write_bytes(content)
    done = clicks(sqlite_world, account, "goatcounter", path)
    assert done.broken == 1
    assert "damaged" in done.broken_lines[0].why


# Files as they are


@pytest.mark.parametrize(
    "content",
    [
        b"Long URL,Short code\nhttps://example.com/e,x1\n",
        b"\xef\xbb\xbfLong URL,Short code\r\nhttps://example.com/e,x1\r\n",
        b"sep=;\r\nLong URL;Short code\r\nhttps://example.com/e;x1\r\n",
        b'"sep=|"\nLong URL|Short code\nhttps://example.com/e|x1\n',
        b"Long URL\tShort code\rhttps://example.com/e\tx1\r",
        "Long URL\tShort code\r\nhttps://example.com/e\tx1\r\n".encode("utf-16"),
        "Long URL,Short code\nhttps://example.com/e,x1\n".encode("utf-16-be"),
        b"\n\nLong URL,Short code,\nhttps://example.com/e,x1,,\n\n",
        gzip.compress(b"Long URL,Short code\nhttps://example.com/e,x1\n", mtime=0),
    ],
)
def test_one_table_however_it_was_saved(
    sqlite_world: World, tmp_path: Path, content: bytes
) -> None:
    """Marks, encodings, separators and ends of lines of all programs."""
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    done = links(sqlite_world, sqlite_world.account(), "csv", path)
    assert (done.added, done.broken, done.unread) == (1, 0, 0)
    assert places(sqlite_world) == {"x1": "https://example.com/e"}


def test_a_broken_row_costs_no_other(sqlite_world: World, tmp_path: Path) -> None:
    """A comma without quotes, a quote without an end, bytes of another encoding."""
    rows = [
        b"Long URL,Short code",
        b"https://example.com/a,b,x1",
        b"https://example.com/2,x2",
        b'"https://example.com/3,x3',
        b"https://example.com/4,x4",
        b"https://example.com/\xfc,x5",
        b"https://example.com/6,x6",
    ]
    path = tmp_path / "x.csv"
    path.write_bytes(b"\n".join(rows) + b"\n")
    done = links(sqlite_world, sqlite_world.account(), "csv", path)
    assert [(line.line, line.why.partition(":")[0]) for line in done.broken_lines] == [
        (2, "it has 3 cells, and the first line names 2"),
        (4, "a quotation mark opens here and is not closed"),
        (6, "its addresses are not text in UTF-8"),
    ]
    assert sorted(places(sqlite_world)) == ["x2", "x4", "x6"]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12", 12),
        ("1,234", 1234),
        ("1 234", 1234),
        ("1\u202f234", 1234),
        ("1’234’567", 1234567),
        ("1.234.567", 1234567),
        ("12.0", 12),
        ("1,234.00", 1234),
        ("1.2K", 1200),
        ("1,2 k", 1200),
        ("3M", 3000000),
        ("1.234", None),
        ("-5", None),
        ("12.5", None),
        ("1,23", None),
        ("many", None),
        ("9" * 29, None),
    ],
)
def test_numbers_as_people_write_them(written: str, number: int | None) -> None:
    """What can be read in two ways is not read."""
    assert whole_number(written) == number


# What is not understood makes the exit status 1, after the rest was done

TABLE = "Long URL,Short code\nhttps://example.com/1,x1\nhttps://example.com/2,x2\n"
JSON_LINES = '{"code": "x1", "url": "https://example.com/1"}\n{"code": "x2", "url": "https://example.com/2"}\n'
DUMP = (
    "INSERT INTO `y_url` VALUES ('x1','https://example.com/1','','2024-01-01 10:00:00','',1),\n"
    "('x2','https://example.com/2','','2024-01-01 10:00:00','',1);\n"
)
VISITS = "".join(
    json.dumps(
        {
            "visitedUrl": f"https://s/x{number}",
            "date": f"2024-05-04T14:00:0{number}Z",
            "userAgent": "x",
        }
    )
    + "\n"
    for number in (1, 2)
)
LOG_DUMP = (
    "INSERT INTO `y_log` VALUES (1,'2024-05-04 12:00:00','x1','direct','x','192.0.2.1','DE'),\n"
    "(2,'2024-05-04 12:00:00','x2','direct','x','192.0.2.1','DE');\n"
)
VIEWS = (
    "2Path,Session,Referrer,Referrer scheme,Date\n/x1,a,,,2024-05-04T12:00:00Z\n"
    "/x2,a,,,2024-05-04T12:00:00Z\n"
)
FEED = "".join(
    json.dumps({"h": f"x{number}", "u": "https://example.com/", "t": 1714824000, "hc": 1714824000})
    + "\n"
    for number in (1, 2)
)
OWN = "".join(
    json.dumps(
        {
            "seq": number,
            "code": f"x{number}",
            "clicked_at": "2024-05-04T12:00:00Z",
            "destination": "https://example.com/",
        }
    )
    + "\n"
    for number in (1, 2)
)
GOOD = {
    ("links", "csv"): TABLE,
    ("links", "dub"): TABLE,
    ("links", "bitly"): JSON_LINES,
    ("links", "kutt"): JSON_LINES,
    ("links", "shlink"): JSON_LINES,
    ("links", "yourls"): DUMP,
    ("clicks", "yourls-log"): LOG_DUMP,
    ("clicks", "shlink-visits"): VISITS,
    ("clicks", "goatcounter"): VIEWS,
    ("clicks", "combined-log"): log_line("/x1", 1) + log_line("/x2", 2),
    ("clicks", "bitly-feed"): FEED,
    ("clicks", "ndjson"): OWN,
}


def test_every_format_is_tried() -> None:
    """A new one gets its example here."""
    assert {name for what, name in GOOD if what == "links"} == set(LINK_FORMATS)
    assert {name for what, name in GOOD if what == "clicks"} == set(FORMATS)


@pytest.mark.parametrize(("what", "form"), GOOD)
@pytest.mark.parametrize("harm", ["none", "cut", "empty", "other", "broken"])
def test_what_each_importer_says_of_a_damaged_file(
    sqlite_world: World, tmp_path: Path, what: str, form: str, harm: str
) -> None:
    """Cut in the middle, empty, of another kind, with a broken row: 1, a sentence, and the rest."""
    sqlite_world.account()
    good = GOOD[what, form]
    lines = good.splitlines(keepends=True)
    content = {
        "none": good,
        "cut": good[: len(good) - len(lines[-1]) // 2 - 3],
        "empty": "",
        "other": "a poem\nof two lines\n",
        "broken": "".join([*lines[:-1], _broken(lines[-1]), lines[-1]]),
    }[harm]
    env = {
        "LINKTRACK_DATA": str(sqlite_world.settings.data),
        "LINKTRACK_DATABASE": sqlite_world.settings.database,
        "LINKTRACK_BASE_URL": "https://go.jessestay.com",
    }

    def run(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(
            main, ["import", *arguments, "--account", "@JessesLinks"], env=env
        )
        return done.exit_code, done.stdout, done.stderr

    if what == "clicks" and form not in ("bitly-feed", "ndjson"):
        run("links", "csv", str(write(tmp_path, "links.csv", TABLE)))
    status, said, wrong = run(what, form, str(write(tmp_path, "file", content)))
    assert "Traceback" not in said + wrong
    if harm == "none":
        assert (status, wrong) == (0, "")
        assert "added, each in a post of its own: 2" in said or "Clicks added: 2" in said
        return
    assert status == 1, said
    assert wrong.startswith("Error: ")
    assert wrong.count("\n") == 1
    if harm in ("cut", "broken"):
        added = 1 if harm == "cut" else 2
        assert (
            f"added, each in a post of its own: {added}" in said or f"Clicks added: {added}" in said
        )
        assert "file, line " in said
    else:
        assert wrong.startswith("Error: file ")


def _broken(line: str) -> str:
    """Return a line like this one, but broken."""
    if line.startswith("("):
        return "('x3',\n"[:-2] + ", 5),\n"
    return '"x3\n' if line[0] not in "{1" else "{nonsense\n"


def test_a_texts_mark_of_its_encoding_is_not_part_of_it(sqlite_world: World) -> None:
    """Windows' Notepad begins files with one."""
    sqlite_world.account()
    env = {
        "LINKTRACK_DATA": str(sqlite_world.settings.data),
        "LINKTRACK_DATABASE": sqlite_world.settings.database,
        "LINKTRACK_BASE_URL": "https://go.jessestay.com",
    }
    text = "\ufeffhttps://example.com/bom2\n".encode()
    done = CliRunner().invoke(main, ["wrap", "@JessesLinks", "-"], env=env, input=text)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("https://go.jessestay.com/")
