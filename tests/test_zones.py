"""Days of every time zone, where its clocks change: each moment is in one day, and sums add up."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import pytest
from clicking import FIREFOX
from databases import Maker
from examples import examples
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from world import World

from linktrack.calendar.days import QUARTER, Days
from linktrack.clicks.models import account_days, link_days, link_totals
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.portability.export.visitor_keys import import_key

BEGIN: Final = datetime(1993, 1, 1, tzinfo=UTC)
END: Final = datetime(2038, 1, 1, tzinfo=UTC)
ZONES: Final = sorted(available_timezones() - {"localtime", "Factory"})


@cache
def changes(name: str) -> list[datetime]:
    """Return the moments at which a zone's offset becomes another one, to the second."""
    zone, found = ZoneInfo(name), []
    at, step = BEGIN, timedelta(days=14)
    offset = at.astimezone(zone).utcoffset()
    while at < END:
        if (at + step).astimezone(zone).utcoffset() != offset:
            low, high = at, at + step
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                if middle.astimezone(zone).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            found.append(high.replace(microsecond=0))
            offset = high.astimezone(zone).utcoffset()
            at = high
        else:
            at += step
    return found


@st.composite
def changing(draw: st.DrawFn) -> tuple[str, datetime]:
    """Draw a zone and one of its changes; a zone without any and a moment."""
    name = draw(st.sampled_from(ZONES))
    return name, draw(st.sampled_from(changes(name) or [datetime(2026, 3, 29, 1, tzinfo=UTC)]))


def around(change: datetime) -> list[int]:
    """Return moments before and after a change: each quarter of two days, and the last before."""
    middle = to_ms(change) // QUARTER * QUARTER
    quarters = [middle + number * QUARTER for number in range(-96, 97)]
    return sorted({*quarters, *(each - 1 for each in quarters)})


def is_put_back_past_midnight(name: str, change: datetime) -> bool:
    """Whether a day begins twice: its first minute comes before the last hour of the day before."""
    before = (change - timedelta(seconds=1)).astimezone(ZoneInfo(name))
    return before.hour == 0 and change.astimezone(ZoneInfo(name)).date() < before.date()


@settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))
@given(changing())
def test_each_moment_is_in_the_day_that_its_clock_shows(drawn: tuple[str, datetime]) -> None:
    """And between the beginnings of that day and of the next one."""
    name, change = drawn
    zone, days = ZoneInfo(name), Days(ZoneInfo(name))
    twice = is_put_back_past_midnight(name, change)
    last = None
    for moment in around(change):
        day = days.day(moment)
        shown = datetime.fromtimestamp(moment / 1000, zone).date().toordinal()
        if twice:
            assert abs(day - shown) <= 1
            continue
        assert day == shown, (name, change)
        assert days.start_of(day) <= moment < days.start_of(day + 1), (name, change)
        assert last is None or last <= day
        last = day


def test_days_begin_twice_only_where_that_is_known() -> None:
    """In the east of Canada clocks were put back a minute past midnight, until 2011."""
    found = {
        (name, change.year) for name in ZONES for change in changes(name)
        if is_put_back_past_midnight(name, change)
    }  # fmt: skip
    assert {name for name, _ in found} <= {
        "America/Goose_Bay", "America/Moncton", "America/St_Johns", "Canada/Newfoundland",
    }  # fmt: skip
    assert max(year for _, year in found) < 2012


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Fakaofo", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
    ],
)
def test_a_day_that_does_not_exist_is_empty(name: str, missing: date) -> None:
    """It begins when the next one does, and no moment is in it."""
    days, day = Days(ZoneInfo(name)), missing.toordinal()
    assert days.start_of(day) == days.start_of(day + 1)
    start = days.start_of(day - 1)
    seen = {days.day(start + number * QUARTER) for number in range(4 * 48)}
    assert seen >= {day - 1, day + 1}
    assert day not in seen


@pytest.mark.slow
@settings(
    max_examples=examples(12),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    changing(),
    st.lists(st.tuples(st.integers(-100, 100), st.integers(0, 3)), min_size=1, max_size=40),
    st.lists(st.sampled_from([-40, -1, 1, 365]), max_size=2),
    st.integers(1, 40),
)
def test_sums_by_day_are_the_totals_whatever_the_clock_does(
    sqlite_databases: Maker,
    tmp_path_factory: pytest.TempPathFactory,
    drawn: tuple[str, datetime],
    clicked: list[tuple[int, int]],
    jumps: list[int],
    batch: int,
) -> None:
    """Clicks around a change of clocks, by a clock that jumps by days meanwhile, in any batches."""
    name, change = drawn
    data: Path = tmp_path_factory.mktemp("zone") / "data"
    with (
        sqlite_databases.lend() as url,
        World.at(data, url, LINKTRACK_TIMEZONE=name) as world,
    ):
        account = world.account()
        import_key(data, account.id)
        link = world.post(account, "http://one.com/", change - timedelta(days=1)).links[0].id
        records, ahead = [], 0
        for number, (quarters, visitor) in enumerate(clicked):
            if jumps and number % 10 == 9:
                ahead += jumps[number // 10 % len(jumps)] * 86_400_000
            moment = to_ms(change) + quarters * QUARTER + ahead
            records.append(ClickRecord(moment, link, FIREFOX, "//t.co", visitor))
        for first in range(0, len(records), batch):
            world.click(records[first : first + batch])
        expected = Counter(Days(ZoneInfo(name)).day(each.clicked_at) for each in records)
        with world.database.engine.connect() as connection:
            rows = connection.execute(select(link_days.c.day, link_days.c.clicks)).all()
            assert {row.day: row.clicks for row in rows} == expected
            uniques = connection.scalar(select(func.sum(link_days.c.unique_clicks)))
            total = connection.execute(select(link_totals)).one()
            assert (total.clicks, total.unique_clicks) == (len(records), uniques)
            of_account = connection.scalar(select(func.sum(account_days.c.clicks)))
            assert of_account == len(records)
