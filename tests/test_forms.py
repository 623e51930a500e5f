"""Forms and pages of the owner: found where they stand, and done by one piece of code."""

from importlib import import_module

from browser import Browser, read
from flask import Blueprint
from world import World

from linktrack.audience.accounts import list_accounts
from linktrack.web import blueprints
from linktrack.web.navigation import PAGES


def test_every_blueprint_is_found_once_and_knows_its_module() -> None:
    """A module may offer several; one that imports another's does not offer it again."""
    found = blueprints()
    assert len({each.name for each in found}) == len(found) > 40
    for each in found:
        assert each in vars(import_module(each.import_name)).values()
    names = {each.name for each in found}
    assert {page.blueprint for page in PAGES} <= names
    assert {"own_clicks", "device", "sharing", "shared", "live", "sign_in"} <= names
    assert all(isinstance(each, Blueprint) for each in found)


def test_a_number_of_an_address_is_asked_for_with_a_likely_example(sqlite_world: World) -> None:
    """Days aren't 23,000, as followers may be."""
    browser = Browser.signed_in(sqlite_world)
    sqlite_world.account()
    sqlite_world.session.commit()
    answer = browser.get("/owner/referrers?days=abc")
    assert answer.status_code == 422
    assert "The number of days must be a whole number, such as 28." in read(answer)


def test_a_form_that_fails_changes_nothing_and_is_shown_again(sqlite_world: World) -> None:
    """An account is added before its count is refused: both are undone, what was typed stays."""
    browser = Browser.signed_in(sqlite_world)
    form: dict[str, str | list[str]] = {
        "network": "x", "handle": "@JessesLinks", "role": "you", "followers": "many",
    }  # fmt: skip
    answer = browser.send("/owner/accounts", form)
    assert answer.status_code == 422
    assert "The number of followers must be a whole number" in read(answer)
    assert 'value="@JessesLinks"' in answer.text
    assert not list_accounts(sqlite_world.session)
    sqlite_world.session.rollback()
    answer = browser.send("/owner/accounts", form | {"followers": "5"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/owner/accounts/1")
    assert "@JessesLinks on X is added." in read(browser.get("/owner/accounts/1"))


def test_a_form_of_what_is_not_there_is_not_found(sqlite_world: World) -> None:
    """Also where the page it would be shown on again is that of the missing thing."""
    browser = Browser.signed_in(sqlite_world)
    page = "/owner/accounts"
    for path in (
        "accounts/7/handle", "accounts/7/connection", "posts/7/publish", "queue/7/send",
        "links/none/disable", "people/7/rules", "segments/7", "follow-back/7/on",
        "not-wrapped/7/wrap", "team/7/role", "experiments/7/remove",
    ):  # fmt: skip
        assert browser.send(f"/owner/{path}", {}, form=page).status_code == 404, path
