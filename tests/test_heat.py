"""When readers click: weekdays and hours of the owner's own time zone."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from browser import Browser, read
from clicking import FIREFOX
from databases import Maker
from sqlalchemy import delete
from world import World

from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.counts.retention import delete_old
from linktrack.clicks.models import account_hours
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.reports.timing.heat import heat_report


def clicked(world: World, moments: list[datetime]) -> Account:
    """An account with a click of another person at each of these moments."""
    account = world.account()
    post = world.post(account, "https://example.com/", datetime(2026, 5, 1, tzinfo=UTC))
    link = post.links[0].id
    world.click(
        [ClickRecord(to_ms(at), link, FIREFOX, "//t.co", i) for i, at in enumerate(moments)]
    )
    return account


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns", "Australia/Eucla"])
def test_clicks_lie_in_the_hours_of_the_owners_zone(
    database_url: str, tmp_path: Path, zone: str
) -> None:
    """Also where its hours begin at a quarter or a half of an hour of UTC."""
    timezone = ZoneInfo(zone)
    moments = [
        datetime(2026, 5, 4 + i % 7, i % 24, minute, tzinfo=timezone)
        for i in range(100)
        for minute in (0, 14, 59)
    ]
    with World.at(tmp_path / "data", database_url, LINKTRACK_TIMEZONE=zone) as world:
        account = clicked(world, moments)
        report = heat_report(world.session, account, DayRange.until(date(2026, 5, 10), 7, timezone))
    expected = [[0] * 24 for _ in range(7)]
    for at in moments:
        expected[at.weekday()][at.hour] += 1
    assert report.clicks == expected
    assert (report.total, report.missing) == (300, 0)


def test_other_days_other_accounts_and_bots_are_not_in_it(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """An hour that a change of clocks has twice counts twice; one that it skips has none."""
    berlin = ZoneInfo("Europe/Berlin")
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    outside = datetime(2026, 10, 24, 21, 59, tzinfo=UTC)
    with World.at(
        tmp_path / "data", sqlite_databases(), LINKTRACK_TIMEZONE="Europe/Berlin"
    ) as world:
        account = clicked(world, [*twice, outside])
        other = world.account("@other")
        post = world.post(other, "https://example.org/", datetime(2026, 5, 1, tzinfo=UTC))
        world.click([ClickRecord(to_ms(twice[0]), post.links[0].id, FIREFOX, "//t.co", 1)])
        bot = "Googlebot/2.1 (+http://www.google.com/bot.html)"
        link = world.post(account, "https://a.com/", datetime(2026, 5, 1, tzinfo=UTC)).links[0].id
        world.click([ClickRecord(to_ms(twice[0]), link, bot, "//t.co", 9)])
        days = DayRange.until(date(2026, 10, 25), 1, berlin)
        report = heat_report(world.session, account, days)
    assert (report.clicks[6][2], report.total) == (2, 2)
    assert report.sentence == "Busiest hour: Sunday 02:00\u201303:00, 2 clicks (100% of 2)."


def test_the_page_shows_them_and_gives_them_as_a_file(sqlite_world: World) -> None:
    """With the sentence, the numbers, and an empty state."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    empty = read(browser.get(f"/owner/timing?account={account.id}"))
    assert "Nobody clicked links of @JessesLinks in these days." in empty
    post = sqlite_world.post(account, "https://example.com/", now())
    sqlite_world.click([ClickRecord(to_ms(now()), post.links[0].id, FIREFOX, "//t.co", 1)])
    page = browser.get("/owner/timing?days=7")
    assert "1 click (100% of 1)" in read(page)
    assert page.text.count('class="h0"') == 7 * 24 - 1 + 1  # one more in the scale
    told = json.loads(browser.get("/owner/timing?days=7&table=clicks&format=json").text)
    assert len(told) == 7 * 24
    assert sum(each["clicks"] for each in told) == 1
    csv = browser.get("/owner/timing?days=7&table=clicks&format=csv").text
    assert csv.startswith("weekday,hour,clicks")


def test_hours_outlive_their_clicks(sqlite_databases: Maker, tmp_path: Path) -> None:
    """Of clicks that were deleted before hours were counted, the page says how many there were."""
    with World.at(tmp_path / "data", sqlite_databases()) as world:
        clicked(world, [datetime(2026, 5, 4, 12, tzinfo=UTC)])
        world.session.close()
        delete_old(world.database.engine, ZoneInfo("UTC"), "month", 90, now())
        browser = Browser.signed_in(world)
        page = read(browser.get("/owner/timing?from=2026-05-01&to=2026-05-31"))
        assert "1 click (100% of 1)" in page
        with world.database.engine.begin() as connection:
            connection.execute(delete(account_hours))
        page = read(browser.get("/owner/timing?from=2026-05-01&to=2026-05-31"))
        assert "The hour of 1 more click is unknown" in page
