"""The first account: made by the first text, and named when somebody says who follows there."""

import pytest
from browser import Browser, made_post, read
from clicking import FIREFOX, START
from world import NOON, World

from linktrack.audience.accounts import list_accounts
from linktrack.audience.counts import list_counts
from linktrack.audience.first_account import (
    UNNAMED,
    first_account,
    is_unnamed,
    name_account,
)
from linktrack.clicks.records import ClickRecord
from linktrack.errors import Invalid
from linktrack.networks.handles import read_handle
from linktrack.owners.models import Owner
from linktrack.reports.sources.first_click import awaited


@pytest.mark.parametrize(
    ("written", "network", "handle"),
    [
        ("@JessesLinks", "x", "@JessesLinks"),
        ("JessesLinks", "x", "@JessesLinks"),
        ("https://x.com/JessesLinks", "x", "@JessesLinks"),
        ("twitter.com/JessesLinks?lang=en", "x", "@JessesLinks"),
        ("@jo.bsky.social", "bluesky", "@jo.bsky.social"),
        ("jo.example", "bluesky", "@jo.example"),
        ("https://bsky.app/profile/jo.bsky.social", "bluesky", "@jo.bsky.social"),
        ("@jo@social.example", "mastodon", "@jo@social.example"),
        ("https://social.example/@jo", "mastodon", "@jo@social.example"),
        ("https://social.example/@jo@other.example", "mastodon", "@jo@other.example"),
        ("My weekly letter", "other", "My weekly letter"),
    ],
)
def test_a_handle_or_a_profiles_address_says_which_network_it_is_of(
    written: str, network: str, handle: str
) -> None:
    """As people type or paste them."""
    assert read_handle(written) == (network, handle)


def test_a_named_network_is_taken_as_it_is() -> None:
    """A handle that cannot be one there is refused."""
    assert read_handle("Weekly", "other") == ("other", "Weekly")
    with pytest.raises(Invalid, match="cannot be a handle"):
        read_handle("two words", "x")


def test_an_account_without_a_name_keeps_its_links_and_clicks_when_it_gets_one(
    world: World,
) -> None:
    """Its follower count holds from the beginning, so that the first post has it."""
    session = world.session
    account = first_account(session, NOON)
    assert account is not None
    assert is_unnamed(account)
    post = world.post(account, "https://example.com/", NOON)
    (link,) = post.links
    world.click([ClickRecord(START + 1, link.id, FIREFOX, "//t.co", 1)])
    name_account(session, account, "@jo@social.example", NOON, followers=23_000)
    session.commit()
    assert (account.network, account.handle, account.card) == (
        "mastodon",
        "@jo@social.example",
        "ours",
    )
    assert [count.count for count in list_counts(session, account.id)] == [23_000]
    assert post.account_id == account.id
    found = awaited(session, [link.id])
    assert found.first is not None
    assert (found.first.by, found.first.source) == ("Firefox on Linux", "X")
    with pytest.raises(Invalid, match="has a name already"):
        name_account(session, account, "@other", NOON)
    assert first_account(session, NOON) is None


def test_nobody_loses_anything_when_the_name_is_wrong(sqlite_world: World) -> None:
    """The page comes back with a sentence; a short password leaves the account as it is."""
    browser = Browser.signed_in(sqlite_world)
    made = browser.send("/owner/compose", {"text": "https://example.com/", "state": "draft"})
    (account,) = list_accounts(sqlite_world.session)
    assert account.handle == UNNAMED
    fields: dict[str, str | list[str]] = {
        "account": str(account.id),
        "post": "1",
        "handle": "@JessesLinks",
        "followers": "about 20",
    }
    for wrong, said in (
        ({}, "must be a whole number"),
        ({"followers": "20", "password": "short"}, "A password needs"),
        ({"followers": "20", "timezone": "Berlin"}, "LINKTRACK_TIMEZONE"),
        ({"followers": "20", "handle": "two words", "network": "x"}, "cannot be a handle"),
    ):
        answer = browser.send(
            "/owner/compose/made/account", {**fields, **wrong}, form=str(made.location)
        )
        assert answer.status_code == 422
        assert said in read(answer)
        assert "1 short link, ready to post" in read(answer)
    good = {
        **fields,
        "followers": "20",
        "timezone": "Europe/Berlin",
        "password": "correct horse battery",
    }
    answer = browser.send("/owner/compose/made/account", good, form=str(made.location))
    assert answer.location == made.location
    sqlite_world.session.rollback()
    assert account.handle == "@JessesLinks"
    assert sqlite_world.session.query(Owner).one().password_hash is not None
    page = read(browser.get(made.location))
    assert "Who follows you there?" not in page
    assert "Times are in Europe/Berlin" in page
    assert browser.get(made_post(made)).status_code == 200
