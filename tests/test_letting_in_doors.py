"""Letting people in as an owner meets it, at every door; and leaving, as a member does."""

from typing import Any

import pytest
from asked import request_of
from browser import Browser, read
from click.testing import CliRunner, Result
from communing import opened
from doorways import Caller
from sqlalchemy import select
from world import World

from linktrack.cli import main
from linktrack.community.feed_addresses import member_token, renew_addresses
from linktrack.community.models import JoinRequest, Member, MemberStep
from linktrack.db import now
from linktrack.keys import load_keys
from linktrack.upkeep.health.attention import Need, waiting

WORDS = "I keep bees, and I <b>read</b> you every morning."
REQUESTS = "/owner/community/requests"
MEMBERS = "/owner/community/members"


def asks(world: World, name: str = "ann", mail: str | None = None) -> int:
    """Somebody asks to join; return the number of the request."""
    account = opened(world, "@we", "x")
    request = request_of(world, account, name, "77", mail=mail, introduction=WORDS, at=now())
    number = request.id
    world.session.rollback()
    return number


def only(world: World, table: type[Any]) -> Any:
    world.session.rollback()
    world.session.expire_all()
    found = world.session.scalars(select(table)).one()
    world.session.expunge(found)
    world.session.rollback()
    return found


def needs(world: World) -> list[Need]:
    found = waiting(world.session, world.settings, [], now())
    world.session.rollback()
    return [
        need for need in found if need.place and need.place.endpoint[:7] in ("request", "members")
    ]


def test_an_owner_lets_somebody_in_with_two_taps(world: World) -> None:
    """From the list to the request, and in; what no program does is there to be ticked."""
    number = asks(world)
    browser = Browser.signed_in(world)
    assert needs(world) == []
    listed = browser.get(REQUESTS)
    assert f'href="{REQUESTS}/{number}"' in listed.text
    page = browser.get(f"{REQUESTS}/{number}")
    assert "Let in" in read(page)
    done = browser.send(f"{REQUESTS}/{number}/let-in", {}, f"{REQUESTS}/{number}")
    assert done.status_code == 303
    shown = browser.get(done.location)
    assert "@ann is a member now." in read(shown)
    assert "Accept their follow request by hand" in read(shown)
    assert 'href="https://x.com/i/user/77"' in shown.text
    assert "/feed/" in read(shown)
    assert "<b>read</b>" not in shown.text
    assert [need.sentence for need in needs(world)] == [
        "3 steps of letting people into @we wait for you."
    ]
    again = browser.send(f"{REQUESTS}/{number}/let-in", {}, f"{REQUESTS}/{number}")
    assert again.location == done.location
    for step in ("accept", "follow", "welcome"):
        ticked = browser.send(f"{done.location}/tick", {"step": step}, done.location)
        assert ticked.status_code == 303
    assert needs(world) == []
    wrong = browser.send(f"{done.location}/tick", {"step": "dance"}, done.location)
    assert wrong.status_code == 422
    assert "There is no step" in read(wrong)
    members = browser.get(MEMBERS)
    assert "1 member, the newest first." in read(members)


def test_an_owner_declines_with_a_word_or_leaves_it_for_later(world: World) -> None:
    """The word is there to be copied where there is no mail; a week later all of it is gone."""
    number = asks(world)
    page = f"{REQUESTS}/{number}"
    browser = Browser.signed_in(world)
    assert browser.send(f"{page}/later", {}, page).status_code == 303
    assert only(world, JoinRequest).state == "later"
    done = browser.send(f"{page}/decline", {"word": "Come back in spring."}, page)
    assert done.status_code == 303
    shown = read(browser.get(page))
    assert "Tell them:" in shown
    assert "Come back in spring." in shown
    assert [need.sentence for need in needs(world)] == [
        "Somebody whom you declined to join @we was not told yet."
    ]
    assert browser.send(f"{page}/told", {}, page).status_code == 303
    assert needs(world) == []
    kept = only(world, JoinRequest)
    assert (kept.state, kept.word_state, kept.decided_by) == ("declined", "done", "Jesse")
    too_late = browser.send(f"{page}/later", {}, page)
    assert too_late.status_code == 422
    assert "decided already" in read(too_late)


def test_a_step_in_doubt_is_shown_and_tried_again_only_if_asked(sqlite_world: World) -> None:
    """The need says that it may have been done."""
    world = sqlite_world
    number = asks(world, mail="ann@example.org")
    browser = Browser.signed_in(world)
    at = browser.send(f"{REQUESTS}/{number}/let-in", {}, f"{REQUESTS}/{number}").location
    member = only(world, Member)
    step = world.session.get_one(MemberStep, (member.id, "welcome"))
    step.state, step.problem = "in_doubt", "It may have arrived."
    world.session.commit()
    assert "One step of letting people into @we may or may not have been done." in [
        need.sentence for need in needs(world)
    ]
    assert "It may have arrived." in read(browser.get(at))
    assert browser.send(f"{at}/again", {"step": "welcome"}, at).status_code == 303
    world.session.expire_all()
    assert world.session.get_one(MemberStep, (member.id, "welcome")).state == "due"
    world.session.rollback()
    refused = browser.send(f"{at}/again", {"step": "follow"}, at)
    assert refused.status_code == 422


def test_an_owner_removes_a_member(world: World) -> None:
    """And the page is gone."""
    number = asks(world)
    browser = Browser.signed_in(world)
    at = browser.send(f"{REQUESTS}/{number}/let-in", {}, f"{REQUESTS}/{number}").location
    removed = browser.send(f"{at}/remove", {}, at)
    assert removed.status_code == 303
    assert "Removed, with everything about them." in read(browser.get(removed.location))
    assert browser.get(at).status_code == 404
    assert world.session.scalars(select(JoinRequest)).all() == []


def test_a_member_leaves_with_one_button_and_without_signing_in(world: World) -> None:
    """The page names nobody, opening it changes nothing, and afterwards it has ended."""
    number = asks(world)
    owner = Browser.signed_in(world)
    owner.send(f"{REQUESTS}/{number}/let-in", {}, f"{REQUESTS}/{number}")
    member = only(world, Member)
    markers = load_keys(world.settings.data).markers()
    token = member_token(markers, "member", member)
    reader = Browser.on(world)
    for _ in range(2):
        page = reader.get(f"/leave/{token}")
        assert "Leave the community of @we?" in read(page)
        assert "ann" not in page.text
        assert page.headers["Cache-Control"] == "private, no-store"
        assert "Set-Cookie" not in page.headers
    assert reader.get(f"/leave/{member_token(markers, 'feed', member)}").status_code == 404
    assert only(world, Member).id == member.id
    left = reader.client.post(f"/leave/{token}")
    assert left.status_code == 200
    assert "You’ve left" in read(left)
    assert world.session.scalars(select(Member)).all() == []
    world.session.rollback()
    assert reader.get(f"/leave/{token}").status_code == 410
    assert reader.client.post(f"/leave/{token}").status_code == 410


def test_a_renewed_address_leaves_with_the_new_one(sqlite_world: World) -> None:
    """Whoever has the old one can do nothing."""
    world = sqlite_world
    number = asks(world)
    owner = Browser.signed_in(world)
    owner.send(f"{REQUESTS}/{number}/let-in", {}, f"{REQUESTS}/{number}")
    markers = load_keys(world.settings.data).markers()
    old = member_token(markers, "member", only(world, Member))
    renew_addresses(world.session, world.session.scalars(select(Member)).one(), now())
    world.session.commit()
    reader = Browser.on(world)
    assert reader.client.post(f"/leave/{old}").status_code == 410
    new = member_token(markers, "member", only(world, Member))
    assert reader.client.post(f"/leave/{new}").status_code == 200


def command(world: World, *arguments: str) -> Result:
    environ = {
        "LINKTRACK_DATA": str(world.settings.data),
        "LINKTRACK_DATABASE": world.settings.database,
    }
    return CliRunner().invoke(main, ["community", *arguments], env=environ)


def test_commands_let_in_decline_and_remove(world: World) -> None:
    """Each person by a number."""
    number = asks(world)
    later = command(world, "later", str(number))
    assert later.exit_code == 0, later.output
    done = command(world, "approve", str(number))
    assert done.exit_code == 0, done.output
    assert "@ann is a member now, number 1." in done.output
    assert "welcome: by hand" in done.output
    assert "@ann" in command(world, "members", "@we").output
    shown = command(world, "member", "1")
    assert "/leave/" in shown.output
    ticked = command(world, "member", "1", "--step", "follow")
    assert "follow: done" in ticked.output
    assert command(world, "member", "1", "--again").exit_code == 2
    refused = command(world, "member", "1", "--step", "follow", "--again")
    assert refused.exit_code == 1
    assert "nothing to try" in refused.output
    assert command(world, "decline", str(number)).exit_code == 1
    removed = command(world, "remove", "1")
    assert removed.exit_code == 0, removed.output
    assert command(world, "remove", "1").exit_code == 1


def test_a_word_by_command(sqlite_world: World) -> None:
    """It says who sends it."""
    number = asks(sqlite_world)
    done = command(sqlite_world, "decline", str(number), "--word", "Not now.")
    assert "Send them the word by hand" in done.output


@pytest.mark.parametrize("mail", [None, "ann@example.org"])
def test_the_api_lets_in_and_never_says_a_mail_address(world: World, mail: str | None) -> None:
    """In no answer."""
    number = asks(world, mail=mail)
    call = Caller(world)
    account = world.session.scalars(select(JoinRequest.account_id)).one()
    world.session.rollback()
    postponed = call("POST", f"/requests/{number}/later")
    assert postponed.status_code == 204, postponed.text
    made = call("POST", f"/requests/{number}/approve")
    assert made.status_code == 201, made.text
    shown = made.get_json()
    assert (shown["handle"], shown["has_mail"]) == ("@ann", mail is not None)
    page = call("GET", f"/accounts/{account}/members")
    assert [each["id"] for each in page.get_json()["data"]] == [shown["id"]]
    assert "example.org" not in page.text + made.text
    ticked = call("POST", f"/members/{shown['id']}/done", {"step": "follow"})
    assert {each["kind"]: each["state"] for each in ticked.get_json()["steps"]}["follow"] == "done"
    assert call("POST", f"/members/{shown['id']}/again", {"step": "follow"}).status_code == 409
    assert call("POST", f"/requests/{number}/decline", {}).status_code == 409
    assert call("DELETE", f"/members/{shown['id']}").status_code == 204
    assert call("GET", f"/members/{shown['id']}").status_code == 404
