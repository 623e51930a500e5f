"""What needs the owner: judged once, and said alike in the top bar, on pages and by the doctor."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from audiences import followers
from browser import Browser, read
from clicking import people
from communing import asks, opened
from world import NOON, World

from linktrack.audience.counts import STALE, record_count
from linktrack.audience.models import Account, StoredCredential
from linktrack.calendar.ranges import DayRange
from linktrack.db import now, to_ms
from linktrack.links.posts import Wish, wrap_post
from linktrack.publishing.models import Sending
from linktrack.reports.overview import account_cards
from linktrack.upkeep.health.attention import Need, missing, pressing, waiting
from linktrack.web.overview.needs import address


def in_trouble(world: World) -> Account:
    """All that can need the owner but a full disk and a strange proxy; one of the posts failed."""
    session = world.session
    account = world.account()
    bare = world.account("@bare")
    followers(world, account, 100, days=-91)
    journals = world.settings.journals
    journals.mkdir(parents=True, exist_ok=True)
    line = f'{{"t":{to_ms(NOON) - 61_000},"l":1}}\n'
    (journals / f"{'a' * 32}.journal").write_text(line)
    session.add(
        StoredCredential(account_id=bare.id, sealed="x", connected_at=NOON, problem="Gone.")
    )
    for number in range(5):
        at = NOON - timedelta(hours=number + 1)
        wish = Wish(f"Planned https://{number}.org/", state="scheduled", posted_at=at)
        made = wrap_post(session, world.shortener, account, wish, at - timedelta(days=1))
        assert made is not None
        if number == 0:
            session.add(
                Sending(
                    post_id=made.id, state="failed", due_at=at, key="k", attempts=1,
                    in_doubt=False, problem="No.", changed_at=at,
                )
            )  # fmt: skip
    world.post(account, "Early https://example.com/", NOON - timedelta(days=95))
    session.commit()
    return account


def all_needs(world: World, accounts: list[Account], at: datetime) -> Iterator[Need]:
    yield from pressing(world.session, world.settings, at)
    yield from waiting(world.session, world.settings, [each.id for each in accounts], at)
    days = DayRange.until(at.date(), 100, ZoneInfo("UTC"))
    yield from missing(account_cards(world.session, accounts, days, "7d", now=at), days)


def test_each_need_names_a_page_that_there_is(sqlite_world: World) -> None:
    """Endpoints are names in a room that knows no Flask: every one of them leads somewhere."""
    account = in_trouble(sqlite_world)
    bare = next(each for each in sqlite_world.session.query(Account) if each.handle == "@bare")
    found = list(all_needs(sqlite_world, [account, bare], NOON))
    assert [(need.sentence, need.label) for need in found] == [
        (
            (
                "Clicks have waited for more than a minute to be counted. None of them is lost; "
                "linktrack doctor, on the server, says what to do."
            ),
            "",
        ),
        ("A post could not be published.", "See why"),
        (
            "The follower count of @JessesLinks is from 2 Feb 2026, older than 90 days.",
            "Record a new one",
        ),
        ("@bare: Gone.", "Connect"),
        ("@bare has no follower count: without one there is no rate.", "Record it"),
        *(
            (f"The scheduled time of “Planned https://{number}.org/” has passed. Was it posted?",
             "Mark it as posted")
            for number in (4, 3, 2)
        ),
        ("So has the time of 1 more.", "All scheduled posts"),
        (
            (
                "1 post of @JessesLinks in these days is older than its first follower count, so "
                "it has no rate."
            ),
            "Record an earlier count",
        ),
    ]  # fmt: skip
    browser = Browser.signed_in(sqlite_world)
    with browser.client.application.test_request_context():
        places = [address(need.place) for need in found if need.place is not None]
    assert len(places) == len(found) - 1
    for place in places:
        assert browser.get(place).status_code == 200, place


def test_who_asks_to_join_is_on_the_overview_before_anything_was_clicked(
    sqlite_world: World,
) -> None:
    """An account that only has a community posts nothing."""
    account = opened(sqlite_world)
    asks(sqlite_world, account)
    sqlite_world.session.commit()
    browser = Browser.signed_in(sqlite_world)
    page = browser.get("/owner/")
    assert "1 person asks to join @jessestay" in read(page)
    assert f'requests?account={account.id}"' in page.text


@pytest.mark.parametrize("days", [89, 91])
def test_an_old_count_is_old_everywhere_at_once(sqlite_world: World, days: int) -> None:
    """The top bar, the overview's card of the account, and the account's own page agree."""
    account = sqlite_world.account()
    at = now() - timedelta(days=days)
    record_count(sqlite_world.session, account, 100, at, "entered", now=now())
    post = sqlite_world.post(account, "https://example.com/", now() - timedelta(days=1))
    sqlite_world.session.commit()
    people(sqlite_world, post, 0, 3)
    browser = Browser.signed_in(sqlite_world)
    is_old = days > STALE.days
    shown = read(browser.get("/owner/"))
    assert ("older than 90 days." in shown) is is_old
    assert shown.count("The follower count of @JessesLinks is from") == is_old
    assert (" stale " in shown) is is_old
    assert ("Nothing else." in shown) is is_old
    assert ("Nothing: follower counts are fresh" in shown) is not is_old
    page = read(browser.get(f"/owner/accounts/{account.id}/settings/followers"))
    assert ("The newest count is older than 90 days." in page) is is_old


def test_the_page_needs_you_says_what_waits_too(sqlite_world: World) -> None:
    """What the overview says beside its figures is there as well; what failed is shown."""
    in_trouble(sqlite_world)
    page = Browser.signed_in(sqlite_world).get("/owner/needs-you")
    assert "@bare has no follower count" in read(page)
    assert "Was it posted?" in read(page)
    assert "A post could not be published." not in read(page)
    assert "Could not be published" in read(page)


def test_old_counts_of_many_accounts_are_one_need(sqlite_world: World) -> None:
    """Three are named, the others counted."""
    for number in range(5):
        followers(sqlite_world, sqlite_world.account(f"@a{number}"), 100, days=-91)
    (need,) = pressing(sqlite_world.session, sqlite_world.settings, NOON)
    assert need.sentence == "No follower count of the last 90 days: @a0, @a1, @a2 and 2 more."
