"""An account's pages: its figures, what to do first, and its settings in groups."""

from datetime import timedelta

import pytest
from browser import Browser, read
from filling import filled
from world import World

from linktrack.audience.accounts import list_accounts
from linktrack.calendar.ranges import DayRange
from linktrack.db import now
from linktrack.reports.figures.words import thousandths
from linktrack.reports.overview import account_cards
from linktrack.reports.people.presence import presence

Form = dict[str, str | list[str]]


@pytest.mark.parametrize(
    ("written", "network", "handle"),
    [
        ("@joe.bsky.social", "bluesky", "@joe.bsky.social"),
        ("https://bsky.app/profile/joe.example.com", "bluesky", "@joe.example.com"),
        ("@joe@example.social", "mastodon", "@joe@example.social"),
        ("joe", "x", "@joe"),
        ("My weekly letter", "other", "My weekly letter"),
    ],
)
def test_the_network_is_that_of_the_handle(
    sqlite_world: World, written: str, network: str, handle: str
) -> None:
    """Nobody is told that a Bluesky handle cannot be one on X, which the form had preselected."""
    browser = Browser.signed_in(sqlite_world)
    assert browser.send("/owner/accounts", {"handle": written, "network": ""}).status_code == 303
    (account,) = list_accounts(sqlite_world.session)
    assert (account.network, account.handle) == (network, handle)


def test_a_chosen_network_is_taken_as_it_is(sqlite_world: World) -> None:
    """And what cannot be a handle there is refused, with what was typed."""
    browser = Browser.signed_in(sqlite_world)
    form: Form = {"handle": "@joe.bsky.social", "network": "x"}
    answer = browser.send("/owner/accounts", form)
    assert answer.status_code == 422
    assert 'value="@joe.bsky.social"' in answer.text


def test_after_adding_an_account_the_next_step_is_clear(sqlite_world: World) -> None:
    """One button; without a count, that is said as well; both go once they are done."""
    browser = Browser.signed_in(sqlite_world)
    added = browser.send("/owner/accounts", {"handle": "@joe.bsky.social", "network": ""})
    page = browser.get(added.location or "")
    said = read(page)
    assert "Next step Write a post for @joe.bsky.social" in said
    assert 'class="button" href="/owner/compose?account=1">Write the first post' in page.text
    assert "Record a follower count" in said
    assert "<textarea" not in page.text
    form: Form = {"count": "500"}
    counted = browser.send("/owner/accounts/1/counts", form, form="/owner/accounts/1")
    assert counted.location == "/owner/accounts/1/settings/followers"
    (account,) = list_accounts(sqlite_world.session)
    assert "Without a follower count" not in read(browser.get("/owner/accounts/1"))
    sqlite_world.post(account, "https://example.com/")
    assert "Next step" not in read(browser.get("/owner/accounts/1"))


def test_an_accounts_page_says_what_the_reports_say(world: World) -> None:
    """Followers, clicks, rate, posts and real audience, of the same days."""
    account, posts = filled(world, posts=6, days=10)
    timezone = world.settings.timezone
    days = DayRange.until(now().astimezone(timezone).date(), 28, timezone)
    (card,) = account_cards(world.session, [account], days, "7d", now=now())
    found = presence(world.session, account, period="month", timezone=timezone, now=now())
    page = read(Browser.signed_in(world).get(f"/owner/accounts/{account.id}?days=28"))
    assert f"Followers Who came and left {card.followers:,}" in page
    assert f"Clicks By day {card.clicks:,}" in page
    assert f"unique clicks {card.unique_clicks:,}" in page
    assert card.cpf.cpf.value is not None
    assert f"per 1,000 {thousandths(card.cpf.cpf.value)}" in page
    assert found.sentence in page
    assert f"posts {card.cpf.posts}" in page
    assert all(f"Number {number}" in page for number in range(5))
    assert len(posts) == 6


def test_handles_lead_to_the_figures(sqlite_world: World) -> None:
    """From the overview, the accounts, a comparison and the connections."""
    account, _ = filled(sqlite_world, posts=2)
    sqlite_world.account("@other", role="me")
    browser = Browser.signed_in(sqlite_world)
    for page in ("", "accounts", "connections"):
        assert f'href="/owner/accounts/{account.id}"' in browser.get(f"/owner/{page}").text, page


def test_settings_are_in_groups_each_with_its_forms(sqlite_world: World) -> None:
    """And a form that fails is shown again in its group, one that is done leads back to it."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    page = f"/owner/accounts/{account.id}"
    forms = {
        "": ("handle", "role"),
        "/followers": ("counts",),
        "/links": ("card", "utm"),
        "/segments": ("segments",),
    }
    for group, names in forms.items():
        text = browser.get(f"{page}/settings{group}").text
        for each in (form for several in forms.values() for form in several):
            assert (f'action="{page}/{each}"' in text) is (each in names), (group, each)
    for name, fields, group in (
        ("counts", {"count": "5"}, "/followers"),
        ("card", {"card": "ours"}, "/links"),
        ("utm", {"utm_source": "x"}, "/links"),
        ("segments", {"name": "friends"}, "/segments"),
        ("role", {"role": "me"}, ""),
    ):
        sent: Form = dict(fields)
        answer = browser.send(f"{page}/{name}", sent, form=page)
        assert (answer.status_code, answer.location) == (303, f"{page}/settings{group}"), name
    failed = browser.send(f"{page}/utm", {"utm_source": "x" * 101}, form=page)
    assert failed.status_code == 422
    assert 'aria-current="page">Links' in failed.text
    assert browser.get(f"{page}/settings/everything").status_code == 404


def test_a_removed_account_can_be_restored_from_its_page(sqlite_world: World) -> None:
    """It says what that means; its figures stay."""
    account, _ = filled(sqlite_world, posts=1, days=2)
    browser = Browser.signed_in(sqlite_world)
    page = f"/owner/accounts/{account.id}"
    assert browser.send(f"{page}/remove", {}).status_code == 303
    assert "Its links keep working." in read(browser.get(page))
    assert browser.send(f"{page}/restore", {}, form=page).status_code == 303
    sqlite_world.session.expire_all()
    assert list_accounts(sqlite_world.session)[0].created_at < now() + timedelta(seconds=1)
