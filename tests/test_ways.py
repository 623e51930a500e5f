"""By which ways it is known who clicked: unique clicks by month, exact, and said in words."""

from datetime import datetime, timedelta

import pytest
from audiences import counted
from browser import Browser, read
from click.testing import CliRunner
from clicking import FIREFOX, people
from commands import good
from sqlalchemy import delete
from world import NOON, World

from linktrack.audience.hello import Said, count_hello
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.cli import main
from linktrack.clicks.models import account_ways
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.reports.people.segments import segments_report
from linktrack.reports.people.ways import Ways, ways_json
from linktrack.reports.sentences import ways as in_words

DAY = timedelta(days=1)
END = NOON + 90 * DAY  # 2 August


def ways(world: World, account: Account, since: datetime | None = None) -> Ways:
    report = segments_report(
        world.session, account, window="7d", settings=world.settings, now=END, since=since
    )
    return report.ways


def three_months(world: World) -> Account:
    """May: 20 people, 4 by a version; June: none; July: 10, of whom 6 said hello."""
    account = world.account()
    segment = add_segment(world.session, account, "chat", 100, NOON)
    world.session.commit()
    post = world.post(account, "http://one.com/", NOON, segments=("chat",))
    people(world, post, 0, 16)
    people(world, post, 20, 24, segment_id=segment.id, attribution="variant")
    july = world.post(account, "http://two.com/", NOON + 70 * DAY)
    people(world, july, 100, 104)
    people(world, july, 110, 111, segment_id=segment.id, attribution="recognised")
    people(world, july, 120, 125, segment_id=segment.id, attribution="recognised-network")
    for _ in range(3):
        count_hello(world.session, NOON.date(), "home", Said(segment, "network"), None)
    count_hello(world.session, NOON.date(), "home", Said(segment), None)
    world.session.commit()
    return account


def test_each_month_says_how_it_is_known_who_clicked(world: World) -> None:
    """Months without a click are told, too; the one that goes on is not over."""
    found = ways(world, three_months(world))
    by = {"personal": 0, "version": 0, "hello_button": 0, "hello_network": 0}
    nothing = {"unique_clicks": 0, "attributed": 0, "share": None, "by": by}
    assert ways_json(found) == {
        "months": [
            {
                "month": "2026-05", "is_over": True, "unique_clicks": 20, "attributed": 4,
                "share": 0.2, "by": {**by, "version": 4},
            },
            {"month": "2026-06", "is_over": True, **nothing},
            {
                "month": "2026-07", "is_over": True, "unique_clicks": 10, "attributed": 6,
                "share": 0.6, "by": {**by, "hello_button": 1, "hello_network": 5},
            },
            {"month": "2026-08", "is_over": False, **nothing},
        ],
        "hellos": {"button": 1, "network": 3},
    }  # fmt: skip
    newest, hellos = in_words(found)
    assert newest == (
        "In July 2026 we can tell who for 60% of 10 unique clicks: 1 by a hello with the button, "
        "5 by a hello with the network."
    )
    assert hellos == (
        "1 browser said hello by the button and 3 by sign-in with the network, and didn't take it "
        "back. People who say hello click more than others, so they aren't the average of their "
        "segment."
    )


def test_a_short_range_has_twelve_months_all_the_same(sqlite_world: World) -> None:
    """A range chooses posts; what changed is seen over a year."""
    found = ways(sqlite_world, three_months(sqlite_world), since=END - 7 * DAY)
    assert [f"{month.first:%m}" for month in found.months] == ["05", "06", "07", "08"]


def test_a_person_s_first_click_says_how_they_are_known(world: World) -> None:
    """Whichever is loaded first; a click on a link of its own post counts once more."""
    account = three_months(world)
    post = world.post(account, "http://three.com/ http://four.com/", NOON + 71 * DAY)
    at = to_ms(NOON + 72 * DAY)
    first, second = (link.id for link in post.links)

    def known() -> tuple[int, int | None]:
        july = ways(world, account).months[2]
        assert july.by is not None
        return july.unique_clicks, july.by.hello_network

    said = {"segment_id": 1, "attribution": "recognised-network"}
    world.click([ClickRecord(at, first, FIREFOX, None, 7, **said)])  # type: ignore[arg-type]
    world.session.commit()
    assert known() == (11, 6)
    world.click([ClickRecord(at + 5, second, FIREFOX, None, 7)])
    world.session.commit()
    assert known() == (11, 6)
    world.click([ClickRecord(at - 5, second, FIREFOX, None, 7)])
    world.session.commit()
    assert known() == (11, 5)


def test_months_that_were_not_counted_by_way_are_not_known(sqlite_world: World) -> None:
    """As of clicks that were deleted before linktrack counted ways: null, never 0."""
    account = three_months(sqlite_world)
    sqlite_world.session.execute(delete(account_ways).where(account_ways.c.month < 2026 * 12 + 6))
    sqlite_world.session.commit()
    may, june, july, _ = ways_json(ways(sqlite_world, account))["months"]
    assert (may["unique_clicks"], may["attributed"], may["share"], may["by"]) == (20, *[None] * 3)
    assert (june["attributed"], july["attributed"]) == (0, 6)


def test_the_page_the_file_and_the_command_say_the_same(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chart, a table, a file to download, and what helps where nobody can be told."""
    world = sqlite_world
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)
    account = three_months(world)
    counted(world, account, 1_000)
    browser = Browser.signed_in(world)
    address = f"/owner/segments?account={account.id}&from=2026-05-01&to=2026-08-02"
    answer = browser.get(address)
    page = read(answer)
    assert "In July 2026 we can tell who for 60% of 10 unique clicks" in page
    assert "July 2026: 60% known 10 0 1 5 4 May 2026: 20% known 20 4 0 0 16" in page
    assert "July 2026: 60% known, hello: network: 5" in answer.text
    lines = browser.get(f"{address}&format=csv&table=ways").text.splitlines()
    assert lines[0] == (
        "month,is_over,unique_clicks,attributed,share,personal,version,hello_button,hello_network"
    )
    assert lines[3] == "2026-07,true,10,6,0.6,0,0,1,5"
    told = good(CliRunner().invoke(main, ["report", "segments", "@JessesLinks"]))
    (row,) = (line for line in told.splitlines() if line.startswith("2026-07"))
    assert row.split() == ["2026-07", "10", "6", "60%", "0", "0", "1", "5"]
    assert "aren't the average of their segment" in told
    world.account("@quiet")
    other = read(browser.get("/owner/segments?account=2"))
    assert "Nobody has clicked yet. There are three ways to know" in other
