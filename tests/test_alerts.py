"""Alerts: found in the counts, told once for each episode, and never for what is unknown."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from browser import Browser, read
from clicking import FIREFOX
from databases import Maker
from receiving import Receiver
from servers import answer, command, environment, serving
from services import a_link
from sqlalchemy import insert, select
from waiting import wait_until
from world import NOON, World

from linktrack.audience.counts import DatedCount, record_counts
from linktrack.audience.models import Account
from linktrack.clicks.capture.journal import SUFFIX
from linktrack.clicks.models import account_hours
from linktrack.clicks.records import ClickRecord
from linktrack.db import Database, to_ms
from linktrack.engagement.models import EngagementCount, NetworkPost
from linktrack.reports.alerts.models import Alert
from linktrack.reports.alerts.watch import UNWATCHED, AlertWatch
from linktrack.reports.alerts.words import sentence_of
from linktrack.settings import LOOPBACK, load_settings
from linktrack.webhooks.catalog import add_webhook
from linktrack.webhooks.dispatch import Dispatcher
from linktrack.webhooks.recipients import Address, Wish, add_recipient

KEY = bytes(range(32))
TODAY = NOON.toordinal()


class Watching:
    """Looks every ten minutes, by a clock that the test moves."""

    def __init__(self, world: World, at: datetime = NOON) -> None:
        self.world, self.now = world, at
        self.watch = AlertWatch(world.database, lambda: self.now)

    def until(self, at: datetime) -> list[str]:
        """Look until a moment; return the kinds of what is new."""
        found: list[Alert] = []
        while self.now < at:
            found += self.watch.look()
            self.now += timedelta(minutes=10)
        return [alert.kind for alert in found]

    def look(self) -> list[str]:
        """Look once."""
        return [alert.kind for alert in self.watch.look()]


def fill(
    world: World, account: Account, by_hour: int, days: Sequence[int], until: int = 24
) -> None:
    """Let an account have had so many clicks in every hour of these days."""
    rows = [
        {"account_id": account.id, "day": day, "hour": hour, "clicks": by_hour}
        for day in days
        for hour in range(until)
    ]
    world.session.execute(insert(account_hours), rows)
    world.session.commit()


@pytest.fixture
def busy(world: World) -> Account:
    """An account with twenty clicks in every hour of half a year, until noon."""
    account = world.account()
    fill(world, account, 20, range(TODAY - 183, TODAY))
    fill(world, account, 20, [TODAY], until=12)
    return account


def clicks(world: World, account: Account, number: int, at: datetime) -> None:
    """Let people click."""
    post = world.post(account, "http://one.com/", at)
    link = post.links[0].id
    world.click(
        [
            ClickRecord(to_ms(at) + i * (3_300_000 // number), link, FIREFOX, None, visitor=i)
            for i in range(number)
        ]
    )


def test_a_spike_is_told_once_while_it_goes_on_and_again_after_a_calm_day(
    world: World, busy: Account
) -> None:
    """While the hour goes on; what is usual stays untold."""
    watching = Watching(world)
    clicks(world, busy, 30, NOON)
    assert watching.look() == []
    clicks(world, busy, 5, NOON)
    assert watching.look() == ["clicks.spike"]
    assert watching.until(NOON + timedelta(minutes=50)) == []
    world.session.expire_all()
    alert = world.session.scalars(select(Alert)).one()
    assert (alert.since, alert.count, alert.usual) == (NOON, 35, 30)
    assert sentence_of(alert, world.settings.timezone) == (
        "35 clicks between 12:00 and 13:00 on 4 May 2026; up to 30 would be usual."
    )
    assert alert.ended_at is None
    fill(world, busy, 20, [TODAY + 1, TODAY + 2])
    world.session.commit()
    later = NOON + timedelta(days=1, hours=6)
    fresh = Watching(world, later)
    assert fresh.look() == []
    world.session.expire_all()
    assert world.session.scalars(select(Alert.ended_at)).one() is not None
    clicks(world, busy, 60, later)
    assert fresh.look() == ["clicks.spike"]


def test_silence_is_told_once_the_hours_without_clicks_were_watched(
    world: World, busy: Account
) -> None:
    """Three hours of a busy account; not before somebody has watched all three."""
    watching = Watching(world)
    assert watching.until(NOON + timedelta(hours=3)) == []
    assert watching.until(NOON + timedelta(hours=3, minutes=20)) == ["clicks.drop"]
    assert watching.until(NOON + timedelta(hours=9)) == []
    world.session.expire_all()
    alert = world.session.scalars(select(Alert)).one()
    assert (alert.since, alert.until, alert.count) == (NOON, NOON + timedelta(hours=3), 0)


@pytest.mark.parametrize("pause", [UNWATCHED + timedelta(minutes=1), timedelta(hours=20)])
def test_hours_in_which_nobody_watched_are_unknown(
    world: World, busy: Account, pause: timedelta
) -> None:
    """The database was away, or the service was off: it begins anew."""
    watching = Watching(world)
    assert watching.until(NOON + timedelta(hours=2)) == []
    watching.now += pause
    again = watching.now
    assert watching.until(again + timedelta(hours=2, minutes=30)) == []
    assert watching.until(again + timedelta(hours=4, minutes=10)) == ["clicks.drop"]


def test_clicks_that_wait_to_be_loaded_are_not_missing(world: World, busy: Account) -> None:
    """What is judged ends where the oldest waiting click was made."""
    watching = Watching(world)
    waiting = world.settings.journals / f"waiting{SUFFIX}"
    waiting.parent.mkdir(parents=True, exist_ok=True)
    waiting.write_text(f'{{"t":{to_ms(NOON)},"l":1}}\n')
    assert watching.until(NOON + timedelta(hours=6)) == []
    waiting.unlink()
    assert watching.look() == ["clicks.drop"]


def test_lost_clicks_are_not_missing(sqlite_world: World) -> None:
    """An hour in which the disk was full is unknown."""
    world = sqlite_world
    account = world.account()
    fill(world, account, 20, range(TODAY - 183, TODAY + 1))
    begin = NOON + timedelta(days=1)
    watching = Watching(world, begin)
    lost = world.settings.journals / "lost-clicks"
    lost.parent.mkdir(parents=True, exist_ok=True)
    lost.write_text(f"{3:020d} {to_ms(begin + timedelta(hours=2)):014d}\n")
    assert watching.until(begin + timedelta(hours=4)) == []


def counts(world: World, account: Account, net: Sequence[int]) -> None:
    """Record a count a day, the last at noon of today, that rose by so many."""
    count, found = 23_000, []
    for i, change in enumerate(net):
        count += change
        found.append(DatedCount(NOON - timedelta(days=len(net) - 1 - i), count))
    record_counts(world.session, account, found, "entered", now=NOON)
    world.session.commit()


@pytest.mark.parametrize(
    ("last", "kinds"), [(12, []), (-14, []), (90, ["followers.rise"]), (-1_345, ["followers.fall"])]
)
def test_a_count_that_rises_or_falls_beyond_its_days_is_told(
    world: World, last: int, kinds: list[str]
) -> None:
    """Once, though it is looked at again and again."""
    account = world.account()
    counts(world, account, [[8, -6, 10, -9][i % 4] for i in range(120)] + [last])
    watching = Watching(world)
    assert watching.until(NOON + timedelta(hours=5)) == kinds
    if last == -1_345:
        world.session.expire_all()
        sentence = sentence_of(world.session.scalars(select(Alert)).one(), world.settings.timezone)
        assert sentence == (
            "1,345 followers fewer from 12:00 on 3 May 2026 to 12:00 on 4 May 2026; up to "
            f"{world.session.scalars(select(Alert.usual)).one()} would be usual."
        )


def test_old_counts_are_no_news(world: World) -> None:
    """A network that could not be read for days has no new count, and nothing is said."""
    account = world.account()
    counts(world, account, [[8, -6, 10, -9][i % 4] for i in range(120)] + [-1_345])
    assert Watching(world, NOON + timedelta(days=2)).look() == []


def likes(world: World, account: Account, by_day: Sequence[int]) -> None:
    """Let a post a day be made, and gain so many likes on that day; the last day is today."""
    for i, number in enumerate(by_day):
        at = NOON - timedelta(days=len(by_day) - 1 - i)
        post = NetworkPost(
            account_id=account.id,
            network_id=f"post-{i}",
            posted_at=at - timedelta(hours=4),
            read_at=NOON,
            readings=0,
        )
        world.session.add(post)
        world.session.flush()
        for counted_at, count in ((at - timedelta(hours=3), 0), (at, number)):
            world.session.add(
                EngagementCount(network_post_id=post.id, kind=1, counted_at=counted_at, count=count)
            )
    world.session.commit()


def test_a_day_with_far_more_or_fewer_likes_is_told(world: World) -> None:
    """Of a day that was watched from its beginning, and of each account by its own likes."""
    last_days = {"@as_usual": [30, 40], "@many": [30, 300], "@none": [0, 0]}
    names = {}
    for handle, numbers in last_days.items():
        account = world.account(handle)
        names[account.id] = handle
        likes(world, account, [[28, 34, 40, 31][i % 4] for i in range(120)] + numbers)
    assert Watching(world).look() == [], "nobody watched yesterday"
    world.session.rollback()
    watching = Watching(world, NOON - timedelta(days=1, hours=13))
    watching.watch.look()
    told = watching.until(NOON + timedelta(minutes=20))
    assert sorted(told) == ["engagement.drop", "engagement.spike"]
    alerts = world.session.scalars(select(Alert))
    assert {names[alert.account_id]: alert.kind for alert in alerts} == {
        "@many": "engagement.spike",
        "@none": "engagement.drop",
    }


def test_an_alert_is_told_by_mail_chat_and_webhook_and_shown(
    sqlite_world: World, receiver: Receiver
) -> None:
    """Each is sent it once, with the page to look at; page, API and command show it too."""
    world = sqlite_world
    account = world.account()
    fill(world, account, 20, range(TODAY - 183, TODAY))
    to = Address("apprise", "JSON", f"json://127.0.0.1:{receiver.port}/x")
    add_recipient(world.session, KEY, Wish(to, ["alert.raised"]), NOON)
    add_webhook(
        world.session, KEY, receiver.url, ["alert.raised"], None, now=NOON, allowed=LOOPBACK
    )
    other = world.account("@other")
    only = Wish(to, ["alert.raised"], other.id)
    add_recipient(world.session, KEY, only, NOON)
    world.session.commit()
    clicks(world, account, 99, NOON)
    watching = Watching(world, NOON + timedelta(minutes=1))
    assert watching.look() == ["clicks.spike"]
    at = NOON + timedelta(minutes=2)
    dispatcher = Dispatcher(world.database, world.shortener, KEY, LOOPBACK, lambda: at)
    assert [dispatcher.dispatch(), dispatcher.dispatch()] == [2, 0]
    chat, program = sorted(receiver.events(), key=lambda told: "type" in told and "data" in told)
    assert chat["title"] == "@JessesLinks: far more clicks than usual"
    assert str(chat["message"]).startswith("99 clicks between 12:00 and 13:00 on 4 May 2026; up to")
    assert f"https://go.jessestay.com/owner/timing?account={account.id}" in str(chat["message"])
    assert program["type"] == "alert.raised"
    data = program["data"]
    assert isinstance(data, dict)
    assert (data["kind"], data["count"], data["since"]) == (
        "clicks.spike",
        99,
        "2026-05-04T12:00:00Z",
    )


def test_the_page_shows_the_alerts_of_the_last_days(sqlite_world: World) -> None:
    """With what would have been usual."""
    world = sqlite_world
    account = world.account()
    at = datetime.now(UTC).replace(microsecond=0)
    world.session.add(
        Alert(
            account_id=account.id, kind="followers.fall", since=at - timedelta(days=1), until=at,
            count=1_345, usual=37, noticed_at=at, seen_at=at,
        )
    )  # fmt: skip
    world.session.commit()
    page = read(Browser.signed_in(world).get("/owner/notifications"))
    assert "@JessesLinks : far more followers left than usual" in page
    assert "1,345 followers fewer from" in page
    assert "up to 37 would be usual." in page


@pytest.mark.slow
def test_a_running_service_tells_of_a_spike(
    sqlite_databases: Maker, tmp_path: Path, receiver: Receiver
) -> None:
    """From clicks on a short link to the message: within a minute, of fifteen promised."""
    environ = environment(
        tmp_path / "data", sqlite_databases(), LINKTRACK_WEBHOOK_NETWORKS="127.0.0.0/8"
    )
    path = a_link(environ)
    database = Database(load_settings(environ))
    today = datetime.now(UTC).toordinal()
    with database.session(writes=True) as session:
        number = session.scalars(select(Account.id)).one()
        rows = [
            {"account_id": number, "day": today - i, "hour": 9, "clicks": 3} for i in range(1, 120)
        ]
        session.execute(insert(account_hours), rows)
        session.commit()
    database.close()
    to = f"json://127.0.0.1:{receiver.port}/x"
    command(environ, "notify", "add", to, "--message", "alert.raised")
    with serving(environ, tmp_path / "log") as server:
        for i in range(40):
            server.request(path, User_Agent=f"{FIREFOX} {i}", Accept_Language="en")
        wait_until(lambda: receiver.heard, 90)
    assert "far more clicks than usual" in str(receiver.events()[0]["title"])
    (alert,) = answer(environ, "notify", "alerts")
    assert (alert["kind"], alert["ended_at"]) == ("clicks.spike", None)
