"""What was left out of whole months is counted by user agent: the same as their single clicks."""

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from clicking import counts
from sqlalchemy import delete
from world import World

from linktrack.calendar.ranges import DayRange
from linktrack.clicks.counts.retention import delete_old
from linktrack.clicks.facet_models import account_agent_months
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import HEAD, OWNER
from linktrack.db import to_ms
from linktrack.reports.sources.left_out import LeftOut, deleted_before, left_out, of_accounts
from linktrack.reports.sources.left_out_agents import Months

ZONE = ZoneInfo("Pacific/Auckland")  # half a day ahead: months begin on another day in UTC
FIRST = datetime(2026, 1, 20, tzinfo=ZONE)
AGENTS = ("Twitterbot/1.0", "Googlebot/2.1", "curl/8.0", "Mozilla/5.0 (X11; Linux) Firefox/140.0")
RANGES = (
    (date(2026, 1, 1), date(2026, 6, 30)),
    (date(2026, 1, 25), date(2026, 4, 30)),
    (date(2026, 2, 1), date(2026, 2, 28)),
    (date(2026, 2, 2), date(2026, 3, 30)),  # no whole month
    (date(2026, 2, 10), date(2026, 4, 3)),
    (date(2026, 5, 20), date(2026, 6, 30)),
)


@pytest.fixture
def places(world: World) -> list[int]:
    """Five months of clicks on two accounts; an agent was last seen in the second month."""
    accounts = [world.account("@one"), world.account("@two")]
    links = [
        link.id
        for account in accounts
        for link in world.post(account, f"http://{account.handle[1:]}.com/", FIRST).links
    ]
    chance = random.Random(11)
    drawn = [
        ClickRecord(
            to_ms(FIRST + timedelta(hours=chance.uniform(0, 3_400))),
            chance.choice(links),
            chance.choice(AGENTS),
            None,
            chance.choice([None, 1, 2, 3]),
            chance.choice([0, 0, 0, HEAD, OWNER]),
        )
        for _ in range(600)
    ]
    early = ClickRecord(to_ms(FIRST + timedelta(days=20)), links[0], "Wget/1.21", None, 9)
    store = ClickStore(world.database.engine, ZONE)
    with store.transaction() as connection:
        store.append(connection, [*drawn, early])
    return [account.id for account in accounts]


def found(
    world: World,
    account_ids: list[int],
    days: DayRange,
    *,
    counted: bool,
    reason: str | None = None,
) -> LeftOut:
    session = world.session
    session.rollback()
    which = of_accounts(session, account_ids, days)
    months = Months.within(account_ids, days, deleted_before(session)) if counted else None
    return left_out(session, which, 0, reason, months=months)


def test_counts_by_month_say_the_same_as_single_clicks(world: World, places: list[int]) -> None:
    """For any days, one account or all, one reason or all; agents with when they came last."""
    for first, last in RANGES:
        days = DayRange(first, last, ZONE)
        for accounts, reason in ((places, None), (places[:1], "preview"), (places[1:], "owner")):
            right = found(world, accounts, days, counted=False, reason=reason)
            assert found(world, accounts, days, counted=True, reason=reason) == right
            assert right.total > 0
    whole = found(world, places, DayRange(*RANGES[0], ZONE), counted=True)
    assert min(whole.agents, key=lambda line: line.last_at).user_agent == "Wget/1.21"


def test_whole_months_are_read_from_their_counts(world: World, places: list[int]) -> None:
    """And only those: what is at both ends of the days is read from single clicks."""
    february, odd = DayRange(*RANGES[2], ZONE), DayRange(*RANGES[3], ZONE)
    assert found(world, places, february, counted=True).total > 0
    right = found(world, places, odd, counted=False)
    with world.database.engine.begin() as connection:
        connection.execute(delete(account_agent_months))
    assert found(world, places, february, counted=True).total == 0
    assert found(world, places, odd, counted=True) == right


def test_months_that_lost_clicks_are_read_from_those_that_are_left(
    world: World, places: list[int]
) -> None:
    """Their counts stay, but nothing else on the page is of clicks that are deleted."""
    before = counts(world)["account_agent_months"]
    now = FIRST + timedelta(days=100)
    assert delete_old(world.database.engine, ZONE, "month", 60, now) > 0
    assert counts(world)["account_agent_months"] == before
    for first, last in RANGES:
        days = DayRange(first, last, ZONE)
        right = found(world, places, days, counted=False)
        assert found(world, places, days, counted=True) == right
