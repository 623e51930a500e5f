"""Two people at once: who would save over another's change is told, and nothing is lost."""

from typing import Any

import pytest
from browser import Browser, field, read
from doorways import Caller, click_link, problem
from world import NOON, World

from linktrack.audience.segments import add_segment


@pytest.fixture
def call(world: World) -> Caller:
    return Caller(world)


def changing(world: World, call: Caller) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return each kind of thing that has a version: its path, and two changes that differ."""
    account = world.account()
    world.session.commit()
    wish = {"account": "@JessesLinks", "text": "http://one.com/ first", "state": "draft"}
    draft = call("POST", "/posts", wish).get_json()
    post, code = draft["id"], draft["links"][0]["code"]
    segment = call(
        "POST", f"/accounts/{account.id}/segments", {"segment": "community", "size": 3}
    ).get_json()
    person = call("POST", "/people", {"name": "Ann"}).get_json()
    return [
        (f"/accounts/{account.id}", {"role": "me"}, {"handle": "@elsewhere"}),
        (f"/posts/{post}", {"text": "second http://one.com/"}, {"text": "third http://one.com/"}),
        (f"/links/{code}", {"destination": "http://two.com/"}, {"disabled": True}),
        (f"/segments/{segment['id']}", {"segment": "friends"}, {"size": 9}),
        (f"/people/{person['id']}", {"hosts": ["ann.org"]}, {"public": True}),
    ]


def test_a_change_from_an_older_state_is_refused(call: Caller, world: World) -> None:
    """Two programs read the same thing: the second to write is told, and nothing of it is done."""
    for path, one, other in changing(world, call):
        tag = call("GET", path).headers["ETag"]
        done = call("PATCH", path, one, If_Match=tag)
        assert done.status_code == 200, done.text
        assert done.headers["ETag"] != tag
        before = call("GET", path).get_json()
        assert "Somebody has changed this" in problem(call("PATCH", path, other, If_Match=tag), 412)
        assert call("GET", path).get_json() == before
        newer = call("GET", path).headers["ETag"]
        assert newer == done.headers["ETag"]
        assert call("PATCH", path, other, If_Match=f'"else", W/{newer}').status_code == 200, path
        assert call("PATCH", path, one, If_Match="*").status_code == 200
        assert call("PATCH", path, other).status_code == 200


def test_a_click_is_no_change_that_an_edit_would_undo(call: Caller, world: World) -> None:
    """The whole ETag is another one then, but it stands for the same version."""
    account = world.account()
    world.post(account, "http://one.com/")
    code = call("GET", "/links").get_json()["data"][0]["code"]
    tag = call("GET", f"/links/{code}").headers["ETag"]
    click_link(world, code, 1)
    assert call("GET", f"/links/{code}").headers["ETag"] != tag
    wish = {"destination": "http://two.com/"}
    assert call("PATCH", f"/links/{code}", wish, If_Match=tag).status_code == 200
    assert call("PATCH", f"/links/{code}", wish, If_Match=tag).status_code == 412


def test_what_is_deleted_is_what_was_read(call: Caller, world: World) -> None:
    """Where nothing shows the thing alone there is no version, which is said."""
    world.account()
    person = call("POST", "/people", {"name": "Ann"}).get_json()
    path = f"/people/{person['id']}"
    tag = call("GET", path).headers["ETag"]
    call("PATCH", path, {"hosts": ["ann.org"]})
    assert problem(call("DELETE", path, If_Match=tag), 412)
    assert call("DELETE", path, If_Match=call("GET", path).headers["ETag"]).status_code == 204
    note = call("POST", "/notes", {"day": "2026-10-10", "text": "n"}).get_json()
    said = problem(call("DELETE", f"/notes/{note['id']}", If_Match=tag), 422)
    assert "leave the If-Match out" in said


def test_who_saves_over_anothers_change_sees_it_first(world: World) -> None:
    """Both have the page open; the second is told what the first has saved, and decides."""
    account = world.account()
    code = world.post(account, "http://one.com/").links[0].code
    world.session.commit()
    browser = Browser.signed_in(world)
    page, path = f"/owner/links/{code}", f"/owner/links/{code}/destination"
    version = field(browser.get(page).text, path, "made_from")
    first: dict[str, str | list[str]] = {"destination": "http://mine.com/", "made_from": version}
    second = {**first, "destination": "http://theirs.com/"}
    assert browser.send(path, first, form=page).status_code == 303
    told = browser.send(path, second, form=page)
    assert told.status_code == 422
    assert "It is now: Destination: http://mine.com/" in read(told)
    assert 'value="http://theirs.com/"' in told.text, "what was typed is still there"
    assert "http://theirs.com/" not in read(browser.get(f"/{code}+"))
    again = {**second, "made_from": field(told.text, path, "made_from")}
    assert browser.send(path, again, form=page).status_code == 303
    assert "http://theirs.com/" in read(browser.get(page))


def test_every_form_that_replaces_carries_its_version(world: World) -> None:
    """A change made from an older version is refused, whichever form it is."""
    account = world.account()
    wish = {"account": "@JessesLinks", "text": "http://one.com/ first", "state": "draft"}
    draft = Caller(world)("POST", "/posts", wish).get_json()["id"]
    code = world.post(account, "http://two.com/").links[0].code
    segment = add_segment(world.session, account, "community", 120, NOON)
    world.session.commit()
    browser = Browser.signed_in(world)
    settings = f"/owner/accounts/{account.id}/settings"
    forms: list[tuple[str, str, dict[str, str | list[str]]]] = [
        (
            f"/owner/links/{code}",
            f"/owner/links/{code}/destination",
            {"destination": "http://a.b/"},
        ),
        (f"/owner/links/{code}", f"/owner/links/{code}/card", {"title": "T", "words": ""}),
        (settings, f"/owner/accounts/{account.id}/handle", {"handle": "@other"}),
        (settings, f"/owner/accounts/{account.id}/role", {"role": "me"}),
        (f"{settings}/links", f"/owner/accounts/{account.id}/utm", {"utm_source": "s"}),
        (f"{settings}/links", f"/owner/accounts/{account.id}/card", {"card": "ours"}),
        (f"/owner/posts/{draft}", f"/owner/queue/{draft}/text", {"text": "so http://one.com/"}),
        (f"/owner/posts/{draft}", f"/owner/posts/{draft}/publish", {"posted_at": ""}),
        (f"/owner/segments/{segment.id}", f"/owner/segments/{segment.id}", {"name": "us"}),
    ]
    for page, form, typed in forms:
        shown = browser.get(page).text.replace('class="stack">', f'class="stack" action="{page}">')
        typed["made_from"] = field(shown, form, "made_from")
        assert browser.send(form, typed, form=page).status_code == 303, form
        told = browser.send(form, typed, form=page)
        assert (told.status_code, "while you had it open" in told.text) == (422, True), form
