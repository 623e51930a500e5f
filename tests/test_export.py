"""Exports: every fact once, in order, in constant memory, safe to open."""

import csv
import io
import json
import re
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from audiences import follow
from click.testing import CliRunner
from sqlalchemy import event, insert
from world import NOON, World

from linktrack.audience.counts import record_count
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.cli import main
from linktrack.clicks.keeping.sql.clicks import SqlClicks
from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import HEAD
from linktrack.db import to_ms
from linktrack.engagement.models import NetworkPost
from linktrack.engagement.storing import store_reading
from linktrack.errors import Invalid, NotFound, Unavailable
from linktrack.ids import LinkId, SegmentId
from linktrack.links.catalog import change_destination, set_disabled
from linktrack.links.labels import describe
from linktrack.links.posts import Wish, wrap_post
from linktrack.networks.engagement import EngagedPerson
from linktrack.networks.records import PostRecord
from linktrack.portability.export.click_filters import find_wanted
from linktrack.portability.export.exports import (
    KINDS,
    Selection,
    as_csv,
    export_rows,
    ndjson,
    stream,
)
from linktrack.portability.export.steps import STEP, Row
from linktrack.portability.files.output import save
from linktrack.portability.files.spreadsheets import restore
from linktrack.publishing.unwrapped.posts import keep_posts

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
AT = to_ms(NOON)
CONTRACT = [
    "seq",
    "clicked_at",
    "code",
    "destination",
    "account",
    "post",
    "segment",
    "attribution",
    "visitor",
    "referrer_host",
    "source",
    "medium",
    "device",
    "browser",
    "os",
    "country",
    "human",
    "reason",
    "rule",
    "installation",
    "recognised_by",
    "language",
    "option",
]


def rows(world: World, what: str, **selection: object) -> list[Row]:
    chosen = Selection(**selection)  # type: ignore[arg-type]  # a test's own keywords
    return list(export_rows(world.database.engine, world.shortener, what, chosen))


def a_link(world: World) -> LinkId:
    return world.post(world.account(), "Read https://example.com/a").links[0].id


# Clicks


def test_a_click_has_the_fields_of_the_contract_in_their_order(world: World) -> None:
    """A person's click on a link for everybody, in words."""
    account = world.account()
    post = world.post(account, "Read https://example.com/a")
    link = post.links[0]
    world.click([ClickRecord(AT, link.id, FIREFOX, "//t.co/abcdefgh", -2, country="DE")])
    (row,) = rows(world, "clicks")
    assert list(row) == CONTRACT == list(KINDS["clicks"].fields)
    assert row == {
        "seq": row["seq"],
        "clicked_at": "2026-05-04T12:00:00.000Z",
        "code": link.code,
        "destination": "https://example.com/a",
        "account": "@JessesLinks",
        "post": post.id,
        "segment": None,
        "attribution": None,
        "visitor": "fffffffffffffffe",
        "referrer_host": "t.co",
        "source": "X",
        "medium": "social",
        "device": "desktop",
        "browser": "Firefox",
        "os": "Linux",
        "country": "DE",
        "human": True,
        "reason": None,
        "rule": None,
        "installation": world.shortener.codes.installation,
        "recognised_by": None,
        "language": None,
        "option": None,
    }


def test_what_is_not_known_is_null(world: World) -> None:
    """A program without a name, referrer, country and visitor."""
    world.click([ClickRecord(AT + 7, a_link(world), None, None, None)])
    (row,) = rows(world, "clicks")
    assert row["clicked_at"] == "2026-05-04T12:00:00.007Z"
    assert row["medium"] == "none"
    unknown = ("segment", "attribution", "visitor", "referrer_host", "source", "country")
    assert {name: row[name] for name in unknown} == dict.fromkeys(unknown)
    assert (row["human"], row["reason"], row["rule"]) == (False, "no-agent", "no-agent")


def test_the_rule_is_the_agent_s_where_it_decided_and_else_the_reason(world: World) -> None:
    """A preview fetcher is named; a HEAD by the same agent is left out for being one."""
    link_id = a_link(world)
    world.click(
        [
            ClickRecord(AT, link_id, "Twitterbot/1.0", None, 1),
            ClickRecord(AT, link_id, "Twitterbot/1.0", None, 1, flags=HEAD),
        ]
    )
    found = [(row["human"], row["reason"], row["rule"]) for row in rows(world, "clicks")]
    assert found == [(False, "preview", "preview:twitterbot"), (False, "head", "head")]


def test_a_version_s_click_has_the_version_s_code_and_segment(world: World) -> None:
    """Its code leads back to the link and the segment it was made for."""
    account = world.account()
    segment = add_segment(world.session, account, "community", 120, NOON)
    link = world.post(account, "Read https://example.com/a", segments=("community",)).links[0]
    world.click([ClickRecord(AT, link.id, FIREFOX, None, 1, 0, segment.id, attribution="variant")])
    (row,) = rows(world, "clicks")
    assert (row["segment"], row["attribution"]) == ("community", "variant")
    bearer = world.shortener.codes.read(str(row["code"]))
    assert bearer is not None
    assert (bearer.link_id, bearer.segment_id) == (link.id, segment.id)


def test_a_recognised_click_says_by_what(world: World) -> None:
    """By the reader's own button or by the network; both are `recognised`, and can be chosen."""
    link_id = a_link(world)
    said = (None, "recognised", "recognised-network")
    world.click(
        [ClickRecord(AT, link_id, FIREFOX, None, 1, 0, SegmentId(7), attribution=how)
         for how in said]
    )  # fmt: skip
    recognised = [("recognised", "button"), ("recognised", "network")]
    found = [(row["attribution"], row["recognised_by"]) for row in rows(world, "clicks")]
    assert found == [(None, None), *recognised]
    for asked, expected in (
        ({"attribution": "recognised"}, recognised),
        ({"recognised_by": "button"}, recognised[:1]),
        ({"recognised_by": "network"}, recognised[1:]),
        ({"recognised_by": "network", "attribution": "variant"}, []),
    ):
        wanted = find_wanted(world.session, world.shortener.codes, asked, None)
        world.session.rollback()
        chosen = rows(world, "clicks", wanted=wanted)
        assert [(row["attribution"], row["recognised_by"]) for row in chosen] == expected


def test_a_click_s_destination_is_where_the_link_led_then(world: World) -> None:
    """Leading a link elsewhere does not rewrite the past."""
    link = world.post(world.account(), "Read https://example.com/a").links[0]
    world.session.refresh(link)
    change_destination(
        world.session, world.shortener, link, "https://example.com/b", NOON + timedelta(hours=1)
    )
    world.session.commit()
    hour = 3_600_000
    world.click(
        [ClickRecord(AT + after * hour, link.id, FIREFOX, None, 1) for after in (-1, 0, 1, 2)]
    )
    led_to = [str(row["destination"])[-1] for row in rows(world, "clicks")]
    # Nothing is known of the time before the link was made: it is told as it is now.
    assert led_to == ["b", "a", "b", "b"]


def test_an_export_goes_on_behind_any_click(world: World) -> None:
    """Taken in pieces it is the same as taken whole, whatever is loaded in between."""
    link_id = a_link(world)
    world.click([ClickRecord(AT + n, link_id, FIREFOX, None, n) for n in range(5)])
    first = rows(world, "clicks")
    world.click([ClickRecord(AT - 1, link_id, FIREFOX, None, 9)])
    rest = rows(world, "clicks", after=first[2]["seq"])
    assert first[:3] + rest == rows(world, "clicks")
    assert len(rest) == 3


def test_a_range_holds_its_beginning_and_not_its_end(world: World) -> None:
    """Clicks are chosen by when they were clicked."""
    link_id = a_link(world)
    world.click([ClickRecord(AT + n * 1000, link_id, FIREFOX, None, n) for n in range(4)])
    second = timedelta(seconds=1)
    found = rows(world, "clicks", since=NOON + second, until=NOON + 3 * second)
    assert [str(row["clicked_at"])[17:19] for row in found] == ["01", "02"]


def test_an_account_s_clicks_are_its_own(world: World) -> None:
    """Exporting one account leaves out all others."""
    first = world.post(world.account("@one"), "https://example.com/a").links[0]
    other = world.account("@two")
    second = world.post(other, "https://example.com/a").links[0]
    world.click([ClickRecord(AT, link.id, FIREFOX, None, 1) for link in (first, second)])
    (row,) = rows(world, "clicks", account_id=other.id)
    assert (row["account"], row["code"]) == ("@two", second.code)


def varied(world: World) -> Account:
    """Make an account whose clicks differ in everything one may ask for: seven, by code."""
    account = world.account()
    segment = add_segment(world.session, account, "community", 120, NOON)
    one = world.post(account, "https://example.com/a", segments=("community",)).links[0]
    two = world.post(account, "https://example.com/b").links[0]
    world.click(
        [
            ClickRecord(AT, one.id, FIREFOX, "//t.co", 1),
            ClickRecord(AT, one.id, PHONE, None, 2),
            ClickRecord(
                AT, one.id, FIREFOX, "//t.co", 3, segment_id=segment.id, attribution="variant"
            ),
            ClickRecord(AT, two.id, FIREFOX, "https://www.google.com/", 4),
            ClickRecord(AT, two.id, "Twitterbot/1.0", None, 5),
            ClickRecord(AT, two.id, FIREFOX, None, 6, flags=HEAD),
        ]
    )
    return account


@pytest.mark.parametrize(
    ("asked", "seqs"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"link": "CODE"}, [1, 2, 3]),
        ({"post": "2"}, [4, 5, 6]),
        ({"segment": "community"}, [3]),
        ({"segment": "-"}, [1, 2, 4, 5, 6]),
        ({"attribution": "variant"}, [3]),
        ({"attribution": "-", "link": "CODE"}, [1, 2]),
        ({"source": "X"}, [1, 3]),
        ({"source": "-", "human": "true"}, [2]),
        ({"medium": "search"}, [4]),
        ({"device": "mobile"}, [2]),
        ({"human": "false"}, [5, 6]),
        ({"reason": "head"}, [6]),
        ({"reason": "burst"}, []),
        ({"source": "X", "segment": "-", "medium": "social"}, [1]),
    ],
)
def test_clicks_are_narrowed_by_what_is_asked(
    world: World, asked: dict[str, str], seqs: list[int]
) -> None:
    """All of it must hold, and the rest of an export goes on behind any click as ever."""
    account = varied(world)
    code = rows(world, "links")[0]["code"]
    asked = {name: str(code) if value == "CODE" else value for name, value in asked.items()}
    for account_id in (None, account.id):
        wanted = find_wanted(world.session, world.shortener.codes, asked, account_id)
        world.session.rollback()
        found = rows(world, "clicks", wanted=wanted, account_id=account_id)
        assert [row["seq"] for row in found] == seqs
        behind = rows(world, "clicks", wanted=wanted, account_id=account_id, after=2)
        assert [row["seq"] for row in behind] == [seq for seq in seqs if seq > 2]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"reason": "human"}, "'reason' must be one of"),
        ({"human": "yes"}, "'human' must be one of true, false"),
        ({"medium": "post"}, "'medium' must be one of"),
        ({"segment": "nobody"}, "There is no segment 'nobody'"),
        ({"source": "nowhere"}, "No click has come from the source 'nowhere'"),
        ({"link": "nothing"}, "There is no link with the code 'nothing'"),
        ({"post": "99"}, "There is no post"),
        ({"post": "first"}, "'post' must be the number"),
        ({"post": "99999999999"}, "'post' must be the number"),
    ],
)
def test_a_filter_for_what_is_not_there_is_refused(
    world: World, asked: dict[str, str], sentence: str
) -> None:
    """An empty file would look like an answer."""
    varied(world)
    with pytest.raises((Invalid, NotFound), match=re.escape(sentence)):
        find_wanted(world.session, world.shortener.codes, asked, None)


def test_a_filter_that_few_fulfil_reads_in_short_steps(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps that find nothing are gone over to the last click, and no further."""
    monkeypatch.setattr(SqlClicks, "most_numbers", 2)
    varied(world)
    wanted = find_wanted(world.session, world.shortener.codes, {"reason": "head"}, None)
    world.session.rollback()
    assert [row["seq"] for row in rows(world, "clicks", wanted=wanted)] == [6]
    assert [row["seq"] for row in rows(world, "clicks")] == [1, 2, 3, 4, 5, 6]
    assert rows(world, "clicks", after=6) == []
    with pytest.raises(Invalid, match="Only clicks are narrowed"):
        rows(world, "links", wanted=wanted)


def many_clicks(world: World, number: int) -> None:
    """Store clicks as fast as the database takes them, with one agent and referrer."""
    link_id = a_link(world)
    world.click([ClickRecord(AT, link_id, FIREFOX, "//t.co", 1)])
    row = {
        "clicked_at": AT,
        "link_id": link_id,
        "segment_id": 0,
        "attribution": 0,
        "agent_id": 1,
        "referrer_id": 1,
        "reason": 0,
        "flags": 0,
    }
    with world.database.engine.begin() as connection:
        connection.execute(insert(clicks), [row | {"visitor": n} for n in range(number - 1)])


def test_more_than_one_step_is_exported_whole_and_in_order(world: World) -> None:
    """Every click once, at a length that is no multiple of a step, and at one that is."""
    many_clicks(world, 2 * STEP)
    found = [row["seq"] for row in rows(world, "clicks")]
    assert len(found) == 2 * STEP == len(set(found))
    assert found == sorted(found, key=lambda seq: int(str(seq)))
    assert len(rows(world, "clicks", after=found[0])) == 2 * STEP - 1


def test_no_connection_is_held_while_rows_are_being_taken(world: World) -> None:
    """Whoever reads slowly keeps nobody from writing, and no old state of the database alive."""
    many_clicks(world, STEP + 1)
    engine = world.database.engine
    out = 0

    def count(change: int) -> None:
        nonlocal out
        out += change

    event.listen(engine, "checkout", lambda *_: count(1))
    event.listen(engine, "checkin", lambda *_: count(-1))
    taken = 0
    for _ in export_rows(engine, world.shortener, "clicks", Selection()):
        assert out == 0
        taken += 1
    assert taken == STEP + 1


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_clicks(sqlite_world: World) -> None:
    """Six steps take no more room than two."""
    many_clicks(sqlite_world, 6 * STEP)

    def peak(rows_taken: int) -> int:
        lines = stream(
            sqlite_world.database.engine, sqlite_world.shortener, "clicks", "ndjson", Selection()
        )
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        taken = 0
        for block in lines:
            taken += block.count("\n")
            if taken >= rows_taken:
                break
        assert taken >= rows_taken
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        peak(STEP)  # what is made once
        few = peak(2 * STEP)
        many = peak(6 * STEP)
    finally:
        tracemalloc.stop()
    assert many < 1.3 * few


# The other kinds


def test_links_posts_counts_and_segments_are_exported(world: World) -> None:
    """What the owner made, with the accounts' handles."""
    account = world.account()
    add_segment(world.session, account, "community", 120, NOON)
    add_segment(world.session, account, "press", None, NOON)
    record_count(world.session, account, 23000, NOON, "entered", now=NOON)
    post = world.post(account, "See https://example.com/a and https://example.com/b")
    first, second = post.links
    set_disabled(world.session, second, True, NOON + timedelta(hours=1))
    describe(world.session, first, NOON, title="A story", tags=["talks", "2026"])
    world.session.commit()
    assert rows(world, "links") == [
        {
            "id": first.id,
            "code": first.code,
            "domain": None,
            "short_url": f"https://go.jessestay.com/{first.code}",
            "destination": "https://example.com/a",
            "account": "@JessesLinks",
            "post": post.id,
            "created_at": "2026-05-04T12:00:00Z",
            "disabled_at": None,
            "title": "A story",
            "tags": ["talks", "2026"],
            "note": None,
            "valid_from": None,
            "expires_at": None,
            "most_clicks": None,
            "used_clicks": None,
            "has_password": False,
            "ended_to": None,
        },
        {
            "id": second.id,
            "code": second.code,
            "domain": None,
            "short_url": f"https://go.jessestay.com/{second.code}",
            "destination": "https://example.com/b",
            "account": "@JessesLinks",
            "post": post.id,
            "created_at": "2026-05-04T12:00:00Z",
            "disabled_at": "2026-05-04T13:00:00Z",
            "title": None,
            "tags": [],
            "note": None,
            "valid_from": None,
            "expires_at": None,
            "most_clicks": None,
            "used_clicks": None,
            "has_password": False,
            "ended_to": None,
        },
    ]
    assert rows(world, "posts") == [
        {
            "id": post.id,
            "account": "@JessesLinks",
            "state": "published",
            "posted_at": "2026-05-04T12:00:00Z",
            "text": post.text,
            "written": "See https://example.com/a and https://example.com/b",
            "format": "plain",
            "links": [first.code, second.code],
            "created_at": "2026-05-04T12:00:00Z",
            "measured_from": None,
        }
    ]
    assert rows(world, "counts") == [
        {
            "account": "@JessesLinks",
            "network": "x",
            "counted_at": "2026-05-04T12:00:00Z",
            "count": 23000,
            "source": "entered",
        }
    ]
    assert rows(world, "segments") == [
        {"account": "@JessesLinks", "position": 1, "segment": "community", "size": 120},
        {"account": "@JessesLinks", "position": 2, "segment": "press", "size": None},
    ]
    for what, kind in KINDS.items():
        for row in rows(world, what):
            assert tuple(row) == kind.fields


def test_ranges_choose_posts_by_posting_and_counts_by_counting(world: World) -> None:
    """A draft without a time lies in no range."""
    account = world.account()
    day = timedelta(days=1)
    for days in range(3):
        world.post(account, f"https://example.com/{days}", NOON - days * day)
        record_count(world.session, account, days, NOON - days * day, "entered", now=NOON)
    draft = Wish("https://example.com/draft", state="draft")
    wrap_post(world.session, world.shortener, account, draft, NOON)
    world.session.commit()
    chosen = {"since": NOON - day, "until": NOON}
    assert [row["written"] for row in rows(world, "posts", **chosen)] == ["https://example.com/1"]
    assert [row["count"] for row in rows(world, "counts", **chosen)] == [1]
    assert len(rows(world, "posts")) == 4
    assert [row["count"] for row in rows(world, "counts")] == [2, 1, 0]


def test_every_kind_keeps_to_its_account(world: World) -> None:
    """Nothing of another account is given away."""
    mine, other = world.account("@mine"), world.account("@other")
    for account in (mine, other):
        world.post(account, "https://example.com/a")
        add_segment(world.session, account, "community", 1, NOON)
        record_count(world.session, account, 1, NOON, "entered", now=NOON)
    world.session.commit()
    for what in ("links", "posts", "counts", "segments"):
        assert [row["account"] for row in rows(world, what, account_id=mine.id)] == ["@mine"]
        assert len(rows(world, what)) == 2


@pytest.mark.parametrize(
    ("what", "selection"),
    [
        ("passwords", Selection()),
        ("clicks", Selection(since=NOON, until=NOON)),
        ("counts", Selection(after=5)),
        ("clicks", Selection(after=-1)),
        ("clicks", Selection(after=2**63)),
    ],
)
def test_what_cannot_be_exported_is_refused_at_once(
    sqlite_world: World, what: str, selection: Selection
) -> None:
    """Before the first row is asked for, so that a door can still say so."""
    with pytest.raises(Invalid):
        export_rows(sqlite_world.database.engine, sqlite_world.shortener, what, selection)


def test_what_was_not_wrapped_is_exported_whole(world: World) -> None:
    """Posts without links and reposts too, in order of their numbers, from any of them on."""
    account, other = world.account("@mine"), world.account("@other")
    posts = [
        PostRecord("7", NOON, False, "two https://a.example https://b.example",
                   ("https://a.example", "https://b.example")),
        PostRecord("8", NOON, True, "RT @x: hi", ()),
        PostRecord("9", NOON, False, "no link", ()),
    ]  # fmt: skip
    keep_posts(world.session, account, posts, "go.jessestay.com")
    keep_posts(world.session, other, posts[2:], "go.jessestay.com")
    world.session.commit()
    found = rows(world, "not-wrapped", account_id=account.id)
    assert [row["network_id"] for row in found] == ["7", "8", "9"]
    assert [row["repost"] for row in found] == [False, True, False]
    assert [row["addresses"] for row in found] == [list(post.addresses) for post in posts]
    assert tuple(found[0]) == KINDS["not-wrapped"].fields
    number = found[0]["id"]
    assert isinstance(number, int)
    rest = rows(world, "not-wrapped", account_id=account.id, after=number)
    assert rest == found[1:]
    assert len(rows(world, "not-wrapped")) == 4


# As text


def test_csv_reads_back_as_the_rows_it_was_made_of(sqlite_world: World) -> None:
    """Numbers untouched, free text defused, codes parted by spaces, nothing as an empty cell."""
    account = sqlite_world.account("=cmd()", network="other")
    add_segment(sqlite_world.session, account, '-1, "two"', 120, NOON)
    post = sqlite_world.post(account, "@you see\nhttps://example.com/a https://example.com/b")

    def table(what: str) -> tuple[list[str], list[str]]:
        lines = as_csv(rows(sqlite_world, what), what)
        header, row = csv.reader(io.StringIO("".join(lines), newline=""))
        return header, row

    header, row = table("posts")
    assert header == list(KINDS["posts"].fields)
    cells = dict(zip(header, row, strict=True))
    assert cells["id"] == str(post.id)
    assert cells["written"] == "'" + post.written
    assert restore(cells["text"]) == post.text
    assert cells["links"].split(" ") == [link.code for link in post.links]
    assert table("segments")[1] == ["'=cmd()", "1", '\'-1, "two"', "120"]
    sqlite_world.click([ClickRecord(AT, post.links[0].id, None, None, None)])
    header, row = table("clicks")
    cells = dict(zip(header, row, strict=True))
    assert (cells["human"], cells["segment"], cells["reason"]) == ("false", "", "no-agent")


@pytest.mark.parametrize("what", list(KINDS))
def test_an_empty_export_has_a_header_in_csv_and_no_line_in_ndjson(
    sqlite_world: World, what: str
) -> None:
    """A program that reads it finds the columns it knows."""
    engine, shortener = sqlite_world.database.engine, sqlite_world.shortener
    text = "".join(stream(engine, shortener, what, "csv", Selection()))
    assert text == ",".join(KINDS[what].fields) + "\r\n"
    assert list(stream(engine, shortener, what, "ndjson", Selection())) == []


def test_ndjson_has_one_object_on_each_line_whatever_the_text(sqlite_world: World) -> None:
    """No character of a text is taken for the end of a line, by any reader."""
    account = sqlite_world.account()
    text = "one\ntwo\u2028three\x85four https://example.com/a"
    sqlite_world.post(account, text)
    lines = "".join(ndjson(rows(sqlite_world, "posts"))).splitlines()
    assert [json.loads(line)["written"] for line in lines] == [text]


# As files


def broken(text: str) -> Iterator[str]:
    yield text
    raise OSError(28, "No space left on device")


def test_a_file_that_cannot_be_written_whole_is_not_touched(tmp_path: Path) -> None:
    """The old one stays, the half one goes, and the reason is one sentence."""
    path = tmp_path / "clicks.csv"
    path.write_text("old")
    with pytest.raises(Unavailable, match="No space left on device"):
        save(path, broken("new"))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_export_command(sqlite_world: World, tmp_path: Path) -> None:
    """To standard output and to a file, whole and in part."""
    link_id = a_link(sqlite_world)
    sqlite_world.click([ClickRecord(AT + n, link_id, FIREFOX, None, n) for n in range(3)])
    env = {
        "LINKTRACK_DATA": str(sqlite_world.settings.data),
        "LINKTRACK_DATABASE": sqlite_world.settings.database,
    }
    result = CliRunner().invoke(main, ["export", "clicks"], env=env)
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [1, 2, 3]
    path = tmp_path / "out.csv"
    arguments = ["export", "clicks", "--format", "csv", "--output", str(path)]
    later = CliRunner().invoke(main, [*arguments, "--from", "2026-05-05"], env=env)
    assert (later.exit_code, later.output) == (0, "")
    assert path.read_bytes().count(b"\n") == 1
    CliRunner().invoke(main, [*arguments, "--account", "@JessesLinks"], env=env)
    assert path.read_bytes().count(b"\n") == 4
    only = ["export", "clicks", "--only", "human=true", "--only", "source=-"]
    assert CliRunner().invoke(main, only, env=env).stdout.count("\n") == 3
    wrong = CliRunner().invoke(main, ["export", "clicks", "--only", "color=red"], env=env)
    assert (wrong.exit_code, "isn't a filter" in wrong.stderr) == (1, True)
    unknown = CliRunner().invoke(main, ["export", "clicks", "--account", "@nobody"], env=env)
    assert unknown.exit_code == 1
    assert unknown.stdout == ""
    assert unknown.stderr.count("\n") == 1


def test_engagement_is_exported_with_the_followers_who_are_named(world: World) -> None:
    """A row for each post and kind; names are null where the network tells none, and not empty."""
    account = world.account("@me.test", "bluesky")
    follow(world, account, [{}, {}])
    likes = [EngagedPerson("like", "2"), EngagedPerson("like", "stranger")]
    for number, people in enumerate((likes, None)):
        post = NetworkPost(account_id=account.id, network_id=f"n{number}", posted_at=NOON)
        world.session.add(post)
        world.session.flush()
        store_reading(world.session, post, {"like": 2, "reply": 0, "view": 9}, people, NOON)
    world.session.commit()
    found = rows(world, "engagement", account_id=account.id)
    assert [(row["network_id"], row["kind"], row["count"], row["followers"]) for row in found] == [
        ("n0", "like", 2, ["2"]), ("n0", "reply", 0, []), ("n0", "view", 9, None),
        ("n1", "like", 2, None), ("n1", "reply", 0, None), ("n1", "view", 9, None),
    ]  # fmt: skip
    assert tuple(found[0]) == KINDS["engagement"].fields
    assert rows(world, "engagement", after=found[0]["id"]) == found[3:]
    assert rows(world, "engagement", since=NOON + timedelta(days=1)) == []
