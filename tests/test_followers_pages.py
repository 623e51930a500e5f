"""Followers as a person meets them: the page, its chart, and the commands."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from browser import TOKEN, Browser, read
from click.testing import CliRunner, Result
from werkzeug.test import TestResponse
from world import World

from linktrack.audience.counts import record_count
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account
from linktrack.audience.rosters import list_rosters, take_roster
from linktrack.charts import Span, change_chart
from linktrack.cli import main
from linktrack.db import now, writing
from linktrack.networks.records import FollowerRecord
from linktrack.owners.access import find_owner
from linktrack.owners.tokens import create_token
from linktrack.owners.viewers import set_role
from linktrack.reports.people.followers import DayLine
from linktrack.web.audience.follower_charts import came_and_left

KEY = b"k" * 32


def take(world: World, account: Account, days_ago: int, people: range) -> None:
    take_roster(
        world.session, account, [FollowerRecord(str(one)) for one in people],
        now() - timedelta(days=days_ago), "test",
        forgotten=Forgotten("x", KEY, frozenset()), now=now(),
    )  # fmt: skip
    world.session.commit()


def test_the_page_shows_who_came_and_what_a_day_cost(world: World) -> None:
    """As the report of every other door has it."""
    account = world.account()
    take(world, account, 40, range(1_000))
    take(world, account, 20, range(100, 1_010))
    day = (now() - timedelta(days=30)).date()
    browser = Browser.signed_in(world)
    answer = browser.get(f"/owner/followers?account={account.id}&event={day}")
    page = read(answer)
    assert "From 2 follower lists" in page
    assert "of 1,000 followers before" in page
    assert "of 1,000 followers before, 100 had left within 30 days." in page
    assert "10.0% (8.3 to 12.0)" in page
    assert re.search(r"\b10 0 100 -90 20\b", page)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", answer.text)


def test_the_page_of_counts_alone_says_so(sqlite_world: World) -> None:
    """Who came and who left is unknown."""
    account = sqlite_world.account()
    for days_ago, count in ((20, 23_000), (10, 17_000)):
        at = now() - timedelta(days=days_ago)
        record_count(sqlite_world.session, account, count, at, "entered", now=now())
    sqlite_world.session.commit()
    page = read(Browser.signed_in(sqlite_world).get("/owner/followers"))
    assert "From totals only" in page
    assert "-6,000" in page


def test_empty_pages_help(sqlite_world: World) -> None:
    """Without an account, without a list, with a day that is none."""
    browser = Browser.signed_in(sqlite_world)
    assert "Add an account to get started" in read(browser.get("/owner/followers"))
    sqlite_world.account()
    page = read(browser.get("/owner/followers"))
    assert "linktrack followers import @JessesLinks FILE" in page
    wrong = browser.get("/owner/followers?event=never")
    assert wrong.status_code == 422
    assert "'never' isn't a date or time" in read(wrong)
    assert browser.get("/owner/followers?account=99").status_code == 404
    strange = read(browser.get("/owner/followers?event=2026-01-01"))
    assert "so nothing is known" in strange


def test_bars_are_as_wide_as_the_time_they_speak_of() -> None:
    """Equal areas are equal numbers; the table has what is drawn."""
    start = date(2026, 5, 1)
    spans = [
        Span(start + timedelta(days=10), 10, 50, 20),
        Span(start + timedelta(days=20), 5, 50, 0),
    ]
    chart = change_chart(spans, label="A <b>", unit="people", up="came", down="left")
    root = ElementTree.fromstring(chart)
    plot = next(one for one in root.iter("svg") if one.get("role") == "img")
    assert plot.get("aria-label") == "A <b>, 1 May 2026 to 21 May 2026: 100 came, 20 left."
    bars = [
        [float((bar.get(name) or "").rstrip("%")) for name in ("x", "width", "height")]
        for bar in plot.iter("rect")
    ]
    assert [bar[:2] for bar in bars] == [[0, 50], [0, 50], [75, 25]]
    assert bars[0][1] * bars[0][2] == pytest.approx(bars[2][1] * bars[2][2], rel=0.01)
    assert bars[0][2] == pytest.approx(bars[1][2] * 2.5, rel=0.01)
    cells = [cell.text for cell in root.iter("td")]
    assert cells == ["10", "50", "20", "5", "50", "0"]
    assert 'class="empty"' in change_chart([], label="x", up="a", down="b")


Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on an installation of its own."""
    monkeypatch.setenv("LINKTRACK_DATA", str(sqlite_world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", sqlite_world.settings.database)
    sqlite_world.account()
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_followers_by_command(run: Run, tmp_path: Path) -> None:
    """Take two lists, ask what a day cost, export, and forget somebody."""
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("id\n" + "\n".join(map(str, range(1, 1001))))
    second.write_text("id\n" + "\n".join(map(str, range(201, 1001))))
    done = run("followers", "import", "@JessesLinks", str(first), "--at", "2026-05-01", "--json")
    assert json.loads(done.stdout)["size"] == 1000
    assert run("followers", "import", "@JessesLinks", str(second), "--at", "2026-05-02").stdout == (
        "@JessesLinks: 800 followers on 2 May 2026, 00:00.\n"
        "Since the list before: 0 came, 0 came back, 200 left.\n"
    )
    again = run("followers", "import", "@JessesLinks", str(second), "--at", "2026-05-02")
    assert "is already known" in again.stdout
    report = run("report", "followers", "@JessesLinks", "--event", "2026-05-01T12:00", "--json")
    event = json.loads(report.stdout)["event"]
    assert (event["left_1d"], event["share"]) == (200, 0.2)
    told = run("report", "followers", "@JessesLinks", "--event", "2026-05-01T12:00").stdout
    assert "20.0% (17.6 to 22.6)" in told
    assert "-200" in told
    assert run("forget", "follower", "555").exit_code == 0
    exported = run("export", "followers").stdout.splitlines()
    assert len(exported) == 999
    assert "555" not in {json.loads(line)["id"] for line in exported}
    assert [line["size"] for line in json.loads(
        run("followers", "list", "@JessesLinks", "--json").stdout
    )] == [999, 799]  # fmt: skip
    wrong = run("forget", "follower", "555")
    assert (wrong.exit_code, "There is no follower '555'" in wrong.stderr) == (1, True)


def test_a_cut_off_list_by_command(run: Run, tmp_path: Path) -> None:
    """It changes nothing without --yes."""
    path = tmp_path / "a.csv"
    path.write_text("id\n" + "\n".join(map(str, range(100))))
    run("followers", "import", "@JessesLinks", str(path), "--at", "2026-05-01")
    path.write_text("id\n1\n")
    command = ("followers", "import", "@JessesLinks", str(path), "--at", "2026-05-02")
    wrong = run(*command)
    assert wrong.exit_code == 1
    assert "has 100: if that is right, add --yes." in wrong.stderr
    assert len(json.loads(run("followers", "list", "@JessesLinks", "--json").stdout)) == 1
    assert run(*command, "--yes").exit_code == 0


def test_sync_of_what_cannot_be_read_is_said(run: Run) -> None:
    """X shows nobody's followers."""
    wrong = run("sync", "@JessesLinks")
    assert wrong.exit_code == 1
    assert "X doesn't show followers without a password" in wrong.stderr
    assert "no account on Bluesky or Mastodon" in run("sync").stdout


def sent(content: str, name: str = "list.csv") -> tuple[io.BytesIO, str]:
    """A file as a browser sends it."""
    return io.BytesIO(content.encode()), name


def upload(browser: Browser, account: Account, **fields: object) -> TestResponse:
    """Send the form that takes a follower list."""
    token = TOKEN.search(browser.get("/owner/followers").text)
    assert token is not None
    data = {"csrf_token": token[1], "account": str(account.id), **fields}
    return browser.client.post("/owner/followers", data=data)


def test_a_list_is_taken_from_a_file_on_the_page(world: World) -> None:
    """Dated as the form says; the same again is said to be known; who came stands on the page."""
    account = world.account()
    browser = Browser.signed_in(world)
    first = sent("id,handle\n1,ann\n2,bob\n")
    assert upload(browser, account, file=first, taken_at="2026-11-01T10:00").status_code == 303
    assert "Imported 2 followers." in read(browser.get("/owner/followers"))
    again = sent("id,handle\n1,ann\n2,bob\n")
    upload(browser, account, file=again, taken_at="2026-11-01T10:00")
    assert "This list is already known: 2 people." in read(browser.get("/owner/followers"))
    upload(browser, account, file=sent("id\n1\n3\n"), taken_at="2026-11-03T10:00")
    page = read(browser.get("/owner/followers?from=2026-10-25&to=2026-11-10"))
    assert "From 2 follower lists" in page
    assert re.search(r"3 Nov 2026 1 0 1 0 2\b", page)


def zipped(content: bytes, name: str) -> tuple[io.BytesIO, str]:
    """A ZIP file with one member, as a browser sends it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return io.BytesIO(packed.getvalue()), "list.zip"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"id\n" + b"7\n" * 20_000_000, "list.csv", "200,000 people"),
        (b"[" + b" " * 40_000_000 + b"]", "list.json", "32 MB when it is unpacked"),
    ],
    ids=["rows", "bytes"],
)
def test_a_small_file_that_unpacks_to_a_large_one_is_refused_early(
    sqlite_world: World, content: bytes, name: str, said: str
) -> None:
    """It is not read to its end: 1.5 MB once held up everybody who writes for 133 s."""
    account = sqlite_world.account()
    answer = upload(Browser.signed_in(sqlite_world), account, file=zipped(content, name))
    assert answer.status_code == 422
    assert said in read(answer)


def test_a_list_is_read_before_the_write_lock_is_taken(sqlite_world: World) -> None:
    """A file is judged, and the page with its error made, while somebody else is writing."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    with writing(sqlite_world.database.engine):
        answer = upload(browser, account, file=sent("no,columns\n1,2\n"))
        assert answer.status_code == 422
        assert "Import it anyway" in read(answer)


def test_a_list_sent_by_api_is_read_before_the_write_lock_is_taken(sqlite_world: World) -> None:
    """What is wrong with it is said while somebody else is writing."""
    account = sqlite_world.account()
    secret = create_token(sqlite_world.session, "lists", "write", None, now())
    sqlite_world.session.commit()
    client = Browser.on(sqlite_world).client
    with writing(sqlite_world.database.engine):
        answer = client.post(
            f"/api/v1/accounts/{account.id}/rosters",
            json={"followers": [{"name": "no id"}]},
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == 422
        assert "neither an id nor a handle" in answer.text


def test_a_file_that_is_no_list_is_said_and_changes_nothing(sqlite_world: World) -> None:
    """With the form as it was; what looks wrong can be taken all the same."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    for wrong in ({}, {"file": sent("")}, {"file": sent("no,columns\n1,2\n")}):
        answer = upload(browser, account, **wrong)
        assert answer.status_code == 422, wrong
        assert 'role="alert"' in answer.text
        assert "Import it anyway" in read(answer)
    binary = io.BytesIO(b"\x00\xff\x00\xfe" * 50), "../../etc/passwd.zip"
    assert upload(browser, account, file=binary).status_code == 422
    assert upload(browser, account, file=sent("", "list.c\0sv")).status_code == 422
    assert list(list_rosters(sqlite_world.session, account.id)) == []


def test_a_person_is_forgotten_on_the_page_and_by_api(sqlite_world: World) -> None:
    """Removed from the list, kept out of the next; who is not there is said."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    upload(browser, account, file=sent("id,handle\n1,ann\n2,bob\n3,cat\n"))
    form = {"account": str(account.id), "follower": "@ann"}
    done = browser.send("/owner/followers/forget", {**form}, form="/owner/followers")
    assert done.status_code == 303
    assert "Forgotten." in read(browser.get("/owner/followers"))
    gone = browser.send("/owner/followers/forget", {**form}, form="/owner/followers")
    assert gone.status_code == 422
    assert "There is no follower" in read(gone)
    secret = create_token(sqlite_world.session, "t", "write", None, now())
    sqlite_world.session.commit()
    for status in (204, 404):
        answer = browser.client.post(
            "/api/v1/forgotten-followers",
            json={"follower": "@bob"},
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == status
    (roster,) = list_rosters(sqlite_world.session, account.id)
    assert roster.size == 1


def test_the_same_name_on_another_network_is_not_forgotten(sqlite_world: World) -> None:
    """Numbers and handles are a network's own."""
    account, letter = sqlite_world.account(), sqlite_world.account("Letter", "other", None)
    browser = Browser.signed_in(sqlite_world)
    for each in (account, letter):
        upload(browser, each, file=sent("id,handle\n1,ann\n2,bob\n"))
    form = {"account": str(account.id), "follower": "1"}
    browser.send("/owner/followers/forget", {**form}, form="/owner/followers")
    lists = [list(list_rosters(sqlite_world.session, each.id)) for each in (account, letter)]
    assert [[roster.size for roster in some] for some in lists] == [[1], [2]]


def fallen(world: World) -> Account:
    """An account that fell 100 days ago, from 1,000 to 700 followers and back to 730, in lists."""
    account = world.account()
    for days_ago in (140, 130, 120, 110, 101):
        take(world, account, days_ago, range(1_000))
    take(world, account, 100, range(300, 1_000))
    take(world, account, 95, range(300, 1_000))
    for days_ago in (80, 40, 3):
        take(world, account, days_ago, range(270, 1_000))
    return account


def test_the_page_begins_with_the_line_and_the_jump(world: World) -> None:
    """In a range that holds it, with what it cost filled in, and its day first in the table."""
    account = fallen(world)
    browser = Browser.signed_in(world)
    answer = browser.get(f"/owner/followers?account={account.id}")
    page = read(answer)
    day = (now() - timedelta(days=100)).date()
    told = f"On {day.day} {day:%B %Y} you lost 300 in a day (30%); 30 were regained within 30 days."
    assert told in page
    assert "730 on" in page
    assert f'name="event" required value="{day}"' in answer.text
    assert "of 1,000 followers before, 300 had left within one day" in page
    first = day - timedelta(days=14)
    assert f'value="{first}"' in answer.text
    table = page.partition("Days that stand out come first")[2]
    assert re.search(rf"Within days {day.day} {day:%b %Y} stands out 0 0 300 -300 1\b", table)


def test_owners_see_by_name_who_came_and_left(world: World) -> None:
    """Fifty on a page, each of them once; a viewer sees none of them."""
    account = fallen(world)
    browser = Browser.signed_in(world)
    where = f"/owner/followers/moves?account={account.id}&days=365"

    def names(way: str) -> list[list[str]]:
        pages, address = [], f"{where}&way={way}"
        while True:
            text = browser.get(address).text
            pages.append(re.findall(r'href="https://(?:x|twitter)\.com/[^"]*?(\d+)"', text))
            older = re.search(r'href="([^"]*)#who" rel="next"', text)
            if older is None:
                return pages
            address = older[1].replace("&amp;", "&")

    left = names("left")
    assert [len(page) for page in left] == [50] * 6
    assert sorted(sum(left, []), key=int) == [str(number) for number in range(300)]
    assert sorted(sum(names("returned"), []), key=int) == [str(n) for n in range(270, 300)]
    assert "Nobody came in these days" in read(browser.get(f"{where}&way=came"))
    followers = f"/owner/followers?account={account.id}&days=365"
    assert "/owner/followers/moves?" in browser.get(followers).text
    viewer = Browser.signed_in(world, "Vera")
    set_role(world.session, find_owner(world.session, "Vera"), "viewer", now())
    world.session.commit()
    assert "followers/moves" not in viewer.get(followers).text
    assert viewer.get(where).status_code == 403
    assert browser.get(f"{where}&after=x").status_code == 422


def test_long_ranges_go_by_weeks() -> None:
    """Two years of days are no hedge of bars, and their sums stay the same."""
    days = [
        DayLine(date(2025, 1, 1) + timedelta(days=n), 3, 0, 1, 2, 1.0, is_jump=False)
        for n in range(700)
    ]
    drawn = came_and_left(days, "@a", [])
    assert drawn.count("<g><title>") == 100
    assert "21 came, 7 left" in drawn
    assert came_and_left(days[:100], "@a", []).count("<g><title>") == 100
