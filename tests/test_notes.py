"""Notes for days: on every chart over time, by page, command and API, and in the export of all."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from audiences import counted
from browser import Browser, read
from commands import Run, good
from drawn import HOSTILE, at, cells, daily, parse, with_class
from filling import EVIL, begun, clicks
from world import NOON, World

from linktrack.charts import Mark, Series, Span, change_chart, time_chart
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.owners.tokens import create_token
from linktrack.owners.viewers import list_owners, set_role
from linktrack.portability.export.everything import export_all
from linktrack.reports.diary.notes import add_note, list_notes

FIRST = date(2026, 9, 1)


def chart(*marks: Mark) -> ElementTree.Element:
    """A line over a hundred days, with marks."""
    return parse(time_chart([Series("Clicks", daily([5.0] * 100, FIRST))], label="C", marks=marks))


def test_marks_stand_at_their_day_in_the_list_and_in_the_table() -> None:
    """A line for each day within the chart; letters in order of days; days outside have none."""
    root = chart(
        Mark(FIRST + timedelta(50), "wording"),
        Mark(FIRST, "begin"),
        Mark(FIRST - timedelta(1), "before"),
        Mark(FIRST + timedelta(100), "after"),
    )
    groups = with_class(root, "noted")
    lines = [line for group in groups for line in group.iter("line")]
    assert [at(line.get("x1")) for line in lines] == pytest.approx([0, 50 / 99 * 100], abs=0.01)
    assert [text.text for group in groups for text in group.iter("text")] == ["A", "B"]
    listed = ["".join(item.itertext()) for item in with_class(root, "marks")[0]]
    assert listed == ["A 1 Sep 2026 begin", "B 21 Oct 2026 wording"]
    table = cells(root)
    assert table[0] == ["Day", "Clicks", "Notes"]
    assert [row for row in table[1:] if row[2] != "\u2013"] == [
        ["1 Sep 2026", "5", "begin"],
        ["21 Oct 2026", "5", "wording"],
    ]


def test_marks_close_together_share_their_letters() -> None:
    """Each day keeps its line; one day's notes are one cell."""
    root = chart(*(Mark(FIRST + timedelta(10 + i // 2), f"note {i}") for i in range(4)))
    (group,) = with_class(root, "noted")
    assert [text.text for text in group.iter("text")] == ["A\u2013D"]
    assert len(list(group.iter("line"))) == 2
    assert [row[2] for row in cells(root)[11:13]] == ["note 0; note 1", "note 2; note 3"]


def test_marks_apart_keep_their_own_letters() -> None:
    """Five days in a hundred are room enough; beside joined letters it takes more."""
    apart = with_class(chart(*(Mark(FIRST + timedelta(i), "x") for i in (10, 15))), "noted")
    assert ["".join(text.text or "" for text in each.iter("text")) for each in apart] == ["A", "B"]
    beside = with_class(chart(*(Mark(FIRST + timedelta(i), "x") for i in (10, 11, 15))), "noted")
    assert [text.text for each in beside for text in each.iter("text")] == ["A\u2013C"]


def test_hostile_notes_are_text_and_charts_without_notes_have_no_column() -> None:
    """Also on the chart of followers, and beyond 26 letters."""
    assert "<script" not in str(ElementTree.tostring(chart(Mark(FIRST, HOSTILE))))
    spans = [Span(FIRST + timedelta(7), 7, 5, 1)]
    drawn = change_chart(spans, label="F", up="came", down="left", marks=[Mark(FIRST, HOSTILE)])
    assert "<script" not in drawn
    assert "Notes" not in [cell for row in cells(chart()) for cell in row]
    many = chart(*(Mark(FIRST + timedelta(i), "x") for i in range(30)))
    assert "A2 27 Sep 2026 x" in "".join(with_class(many, "marks")[0].itertext())


def test_a_note_stands_on_every_chart_over_time(world: World) -> None:
    """One of all accounts on all; one of an account on that account's, named beside others.

    A post's own curve goes by hours since it was posted, so no day stands on it.
    """
    account, other = world.account(), world.account("@other")
    counted(world, account, 1_000)
    counted(world, account, 1_100, days_ago=2)
    post = world.post(account, "https://example.com/", now() - timedelta(days=5))
    world.click(clicks(post, range(5)))
    begun(world, account)
    browser = Browser.signed_in(world)
    day = (now() - timedelta(days=4)).date().isoformat()
    for text, about in ((f"everywhere {EVIL}", ""), ("of one", str(account.id))):
        answer = browser.send("/owner/notes", {"day": day, "text": text, "account": about})
        assert answer.status_code == 303
    browser.send("/owner/notes", {"day": day, "text": "of theirs", "account": str(other.id)})
    code = post.links[0].code
    for address in (
        f"?account={account.id}",
        f"left-out?account={account.id}",
        f"left-out?post={post.id}",
        f"links/{code}",
        "destinations?address=https://example.com/",
        f"followers?account={account.id}",
    ):
        page = browser.get(f"/owner/{address}")
        text = read(page)
        assert EVIL not in page.text
        assert f"everywhere {EVIL}" in text, address
        assert "of one" in text, address
        assert "of theirs" not in text, address
    world.click(clicks(world.post(other, "https://example.org/", now() - timedelta(days=5)), [1]))
    theirs = read(browser.get(f"/owner/?days=365&account={other.id}"))
    assert "of theirs" in theirs
    assert "of one" not in theirs


def test_an_experiment_marks_its_beginning(sqlite_world: World) -> None:
    """By itself, on the charts of its accounts."""
    account = sqlite_world.account()
    post = sqlite_world.post(account, "https://example.com/", NOON)
    sqlite_world.click(clicks(post, range(5)))
    begun(sqlite_world, account)
    page = read(Browser.signed_in(sqlite_world).get("/owner/?from=2026-04-01&to=2026-06-01"))
    assert "A 4 May 2026 Experiment: Pictures" in page


def test_what_cannot_be_a_note_is_said(sqlite_world: World) -> None:
    """Empty, too long, with control characters, or of a day no chart shows: nothing is stored."""
    session = sqlite_world.session
    for text in ("", "   ", "x" * 201, "a\x07b"):
        with pytest.raises(Invalid, match="one line"):
            add_note(session, FIRST, text, None, now())
    for wrong in (date(1900, 1, 1), date(9999, 1, 1)):
        with pytest.raises(Invalid, match="isn't a day"):
            add_note(session, wrong, "x", None, now())
    assert list_notes(session) == []
    browser = Browser.signed_in(sqlite_world)
    answer = browser.send("/owner/notes", {"day": "soon", "text": "kept as typed", "account": ""})
    assert answer.status_code == 422
    assert 'value="kept as typed"' in answer.text
    assert browser.get("/owner/notes?account=77").status_code == 404


def test_notes_are_listed_downloaded_and_removed(sqlite_world: World) -> None:
    """The newest day first; with an account its own and those of all."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    assert "No notes yet" in read(browser.get("/owner/notes"))
    for day, text in (("2026-09-01", "older"), ("2026-09-03", "newer")):
        browser.send("/owner/notes", {"day": day, "text": text, "account": ""})
    page = read(browser.get(f"/owner/notes?account={account.id}"))
    assert page.index("newer") < page.index("older")
    assert browser.get("/owner/notes?format=csv").text.splitlines()[1].split(",")[1] == "2026-09-03"
    told = json.loads(browser.get("/owner/notes?format=json").text)
    assert [each["text"] for each in told] == ["newer", "older"]
    browser.send("/owner/notes/1/remove", {}, form="/owner/notes")
    assert "older" not in read(browser.get("/owner/notes"))
    assert "Removed the note for 2026-09-01: older" in read(browser.get("/owner/activity"))


def test_a_note_for_a_day_ahead_leads_to_no_days_that_are_not_there(sqlite_world: World) -> None:
    """Once its fortnight has begun, it leads to the overview of it."""
    day = now().date() + timedelta(days=20)
    add_note(sqlite_world.session, day, "ahead", None, now())
    sqlite_world.session.commit()
    browser = Browser.signed_in(sqlite_world)
    page = browser.get("/owner/notes").text
    assert "ahead" in page
    assert "The overview of the days around it" not in page
    add_note(sqlite_world.session, day - timedelta(days=10), "soon", None, now())
    sqlite_world.session.commit()
    assert "The overview of the days around it" in browser.get("/owner/notes").text


def test_a_limited_viewer_sees_the_notes_of_their_accounts(sqlite_world: World) -> None:
    """Not those of others, and not their experiments; notes for all accounts are for everybody."""
    world = sqlite_world
    shown, hidden = world.account(), world.account("@hidden")
    for text, about in (("for all", None), ("for shown", shown), ("for hidden", hidden)):
        add_note(world.session, FIRST, text, about, now())
    begun(world, hidden)
    browser = Browser.signed_in(world, "Viewer")
    Browser.signed_in(world, "Jesse")
    owner = next(each for each in list_owners(world.session) if each.name == "Viewer")
    set_role(world.session, owner, "viewer", now(), [shown.id])
    world.session.commit()
    page = read(browser.get("/owner/notes"))
    assert "for all" in page
    assert "for shown" in page
    assert "hidden" not in page
    experiments = browser.get("/owner/experiments")
    assert experiments.status_code == 200
    assert "hidden" not in read(experiments)


def test_notes_by_command(run: Run) -> None:
    """Added for today or a day, listed, removed."""
    good(run("account", "add", "@JessesLinks", "--network", "x"))
    assert (
        good(run("note", "add", "Wording", "--day", "2026-09-01")) == "Note added for 2026-09-01.\n"
    )
    about = ("--account", "@JessesLinks", "--day", "2026-09-02", "--json")
    added = json.loads(good(run("note", "add", "Holiday", *about)))
    assert (added["account"], added["day"]) == ("@JessesLinks", "2026-09-02")
    assert re.findall("Holiday|Wording", good(run("note", "list"))) == ["Holiday", "Wording"]
    good(run("note", "remove", "1"))
    assert run("note", "remove", "1").exit_code == 1
    listed = json.loads(good(run("note", "list", "@JessesLinks", "--json")))
    assert [each["text"] for each in listed] == ["Holiday"]


def test_notes_by_api(sqlite_world: World) -> None:
    """A token of one account writes and removes that account's notes alone."""
    world = sqlite_world
    account = world.account()
    secrets = {
        name: create_token(world.session, name, "write", number, now())
        for name, number in (("all", None), ("one", account.id))
    }
    world.session.commit()
    client = Browser.on(world).client

    def call(token: str, method: str, path: str, **body: str) -> tuple[int, dict[str, Any]]:
        bearer = {"Authorization": f"Bearer {secrets[token]}"}
        answer = client.open(f"/api/v1/{path}", method=method, headers=bearer, json=body or None)
        return answer.status_code, answer.json or {}

    status, made = call("all", "POST", "notes", text="For all", day="2026-09-01")
    assert (status, made["account"]) == (201, None)
    status, mine = call("one", "POST", "notes", text="Mine", account="@JessesLinks")
    assert (status, mine["account"]) == (201, "@JessesLinks")
    assert call("one", "POST", "notes", text="For all")[0] == 403
    assert call("one", "GET", "notes")[0] == 403
    both = call("one", "GET", "notes?account=@JessesLinks")[1]["data"]
    assert both == [mine, made]
    within = call("all", "GET", "notes?from=2026-09-01&to=2026-09-02")[1]["data"]
    assert within == [made]
    assert call("one", "DELETE", f"notes/{made['id']}")[0] == 403
    assert call("all", "DELETE", f"notes/{made['id']}")[0] == 204
    assert call("all", "DELETE", f"notes/{made['id']}")[0] == 404
    assert call("all", "POST", "notes", text=" ")[0] == 422


def test_the_export_of_everything_has_them(sqlite_world: World, tmp_path: Path) -> None:
    """As a table of its own."""
    add_note(sqlite_world.session, FIRST, "kept", None, now())
    sqlite_world.session.commit()
    assert export_all(sqlite_world.database, tmp_path / "all.zip", now())["day_notes"] == 1
