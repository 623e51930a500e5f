"""Owners and viewers, their passwords, and reports shared by address."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from browser import Browser, read
from clicking import FIREFOX, START
from signing import check_password
from sqlalchemy import delete, func, select
from world import NOON, World

from linktrack.clicks.records import ClickRecord
from linktrack.db import now
from linktrack.errors import Conflict, Forbidden, Invalid
from linktrack.keys import load_keys
from linktrack.links.people import add_person, page_secret, share_page
from linktrack.owners.access import create_owner, find_owner
from linktrack.owners.models import PasswordFailure, ViewedAccount
from linktrack.owners.passwords import begin_attempt, hash_password, set_password
from linktrack.owners.sharing import share_report
from linktrack.owners.tokens import create_token
from linktrack.owners.viewers import list_owners, set_role, viewed_accounts

GOOD = "seven quiet herons"
Form = dict[str, str | list[str]]


def viewer_of(world: World, *account_ids: int) -> Browser:
    """Sign a viewer in, limited to these accounts if there are any."""
    create_owner(world.session, "Jesse", NOON)
    browser = Browser.signed_in(world, "Vera")
    set_role(world.session, find_owner(world.session, "Vera"), "viewer", now(), account_ids)
    world.session.commit()
    return browser


def test_a_password_signs_in_on_a_new_browser(world: World) -> None:
    """Set on one's own page, it works elsewhere, and every other browser is signed out."""
    first = Browser.signed_in(world, "Jesse")
    elsewhere = Browser.on(world)
    assert elsewhere.send("/owner/sign-in", {"name": "Jesse", "password": GOOD}).status_code == 403
    form: Form = {"password": GOOD, "again": GOOD}
    assert first.send("/owner/profile/password", form, form="/owner/profile").status_code == 303
    answer = elsewhere.send("/owner/sign-in", {"name": "Jesse", "password": GOOD})
    assert (answer.status_code, answer.location) == (303, "/owner/")
    assert elsewhere.get("/owner/").status_code == 200
    assert first.send("/owner/profile/sessions/end", {}, form="/owner/profile").status_code == 303
    assert elsewhere.get("/owner/").status_code == 302
    assert first.get("/owner/").status_code == 200


@pytest.mark.parametrize(
    ("password", "again"), [("short", "short"), (GOOD, GOOD + "!"), ("x" * 1_001, "x" * 1_001)]
)
def test_an_unsafe_or_mistyped_password_is_refused(
    sqlite_world: World, password: str, again: str
) -> None:
    """One sentence on the form, and nothing has changed."""
    browser = Browser.signed_in(sqlite_world)
    form: Form = {"password": password, "again": again}
    assert browser.send("/owner/profile/password", form, form="/owner/profile").status_code == 422
    assert "No password set" in read(browser.get("/owner/profile"))


def test_guessing_is_slowed_down_and_one_time_links_go_on(world: World) -> None:
    """After five failures even the right password waits, longer each time; then it works again."""
    session = world.session
    owner = create_owner(session, "Jesse", NOON)
    set_password(session, owner, hash_password(GOOD), now())
    for _ in range(5):
        with pytest.raises(Forbidden, match="name or the password is wrong"):
            check_password(session, "Jesse", "wrong wrong wrong", NOON)
    with pytest.raises(Forbidden, match="too many wrong attempts"):
        check_password(session, "Jesse", GOOD, NOON + timedelta(seconds=29))
    later = NOON + timedelta(seconds=31)
    with pytest.raises(Forbidden, match="wrong"):
        check_password(session, "Jesse", "wrong again, alas", later)
    with pytest.raises(Forbidden, match="too many"):
        check_password(session, "Jesse", GOOD, later + timedelta(seconds=59))
    assert check_password(session, "Jesse", GOOD, later + timedelta(seconds=61)) is owner
    assert session.scalar(select(func.count()).select_from(PasswordFailure)) == 0


def test_strangers_elsewhere_keep_no_owner_out(world: World) -> None:
    """One of them tries every hour for days; from where nobody has failed the password is tried."""
    session = world.session
    owner = create_owner(session, "Jesse", NOON)
    set_password(session, owner, hash_password(GOOD), NOON)
    for hour in range(40):
        at = NOON + timedelta(hours=hour)
        begin_attempt(session, "Jesse", "stranger", at)
        assert begin_attempt(session, "Jesse", "stranger", at).is_tried is (hour < 2)
    at = NOON + timedelta(hours=40)
    assert check_password(session, "Jesse", GOOD, at, "home") is owner
    assert not begin_attempt(session, "Jesse", "stranger", NOON + timedelta(hours=39)).is_tried


def test_many_networks_together_are_slowed_down(world: World) -> None:
    """50 may fail within a day; the next is not tried, and a day later it is."""
    session = world.session
    set_password(session, create_owner(session, "Jesse", NOON), hash_password(GOOD), NOON)
    tries = [begin_attempt(session, "Jesse", f"net {n}", NOON).is_tried for n in range(51)]
    assert tries == [True] * 50 + [False]
    later = NOON + timedelta(days=1, seconds=1)
    assert begin_attempt(session, "Jesse", "net 51", later).is_tried


def test_a_network_is_kept_as_a_hash(sqlite_world: World) -> None:
    """Of an address nothing can be read; its neighbours count with it."""
    keys = load_keys(sqlite_world.settings.data)
    assert keys.network("192.0.2.7") == keys.network("192.0.2.200")
    assert keys.network("192.0.2.7") == keys.network("::ffff:192.0.2.9")
    assert keys.network("2001:db8:1:2::3") == keys.network("2001:db8:1:ffff::4")
    assert len({keys.network(each) for each in ("192.0.2.7", "192.0.3.7", "::1", "")}) == 4


def test_another_password_needs_the_present_one(sqlite_world: World) -> None:
    """A browser left open lets nobody take the account over; guesses there are counted, too."""
    browser = Browser.signed_in(sqlite_world, "Jesse")
    own = "/owner/profile/password"
    first: Form = {"password": GOOD, "again": GOOD}
    assert browser.send(own, first, form="/owner/profile").status_code == 303
    other: Form = {"password": GOOD + " new", "again": GOOD + " new"}
    for present in ({}, {"present": "not it, alas"}):
        answer = browser.send(own, {**other, **present}, form="/owner/profile")
        assert answer.status_code == 422
        assert "Your current password is wrong" in read(answer)
    assert browser.send(own, {**other, "present": GOOD}, form="/owner/profile").status_code == 303
    removing = f"{own}/remove"
    assert browser.send(removing, {}, form="/owner/profile").status_code == 422
    assert browser.send(removing, {"present": GOOD}, form="/owner/profile").status_code == 422
    assert "Remove your password" in read(browser.get("/owner/profile"))
    right: Form = {"present": GOOD + " new"}
    assert browser.send(removing, right, form="/owner/profile").status_code == 303
    assert "No password set" in read(browser.get("/owner/profile"))


def test_an_empty_password_form_changes_nothing(sqlite_world: World) -> None:
    """Whether there is a password or not, and even with the current one typed in."""
    browser = Browser.signed_in(sqlite_world, "Jesse")
    own = "/owner/profile/password"
    empty: Form = {"password": "", "again": ""}
    assert browser.send(own, empty, form="/owner/profile").status_code == 422
    assert browser.send(own, {"password": GOOD, "again": GOOD}, "/owner/profile").status_code == 303
    answer = browser.send(own, {**empty, "present": GOOD}, form="/owner/profile")
    assert answer.status_code == 422
    assert "Nothing was changed: enter a new password." in read(answer)
    elsewhere = Browser.on(sqlite_world)
    assert elsewhere.send("/owner/sign-in", {"name": "Jesse", "password": GOOD}).status_code == 303


def test_failures_count_although_nobody_signs_in(sqlite_world: World) -> None:
    """The page commits them: a guesser cannot start anew with every request."""
    set_password(
        sqlite_world.session,
        create_owner(sqlite_world.session, "Jesse", NOON),
        hash_password(GOOD),
        now(),
    )
    sqlite_world.session.commit()
    browser = Browser.on(sqlite_world)
    wrong: Form = {"name": "Jesse", "password": "not the right one"}
    said = [read(browser.send("/owner/sign-in", wrong)) for _ in range(6)]
    assert "name or the password is wrong" in said[4]
    assert said[5] == said[4]
    right = {**wrong, "password": GOOD}
    assert browser.send("/owner/sign-in", right).status_code == 403


def test_guesses_made_at_once_are_counted_before_they_are_tried(world: World) -> None:
    """Each counts itself first: of 24 that came together PostgreSQL once let all be tried."""
    owner = create_owner(world.session, "Jesse", NOON)
    set_password(world.session, owner, hash_password(GOOD), now())
    world.session.commit()
    begun = threading.Barrier(8)

    def guess(number: int) -> int:
        begun.wait()
        tried = 0
        for _ in range(3):
            with world.database.session(writes=True) as session:
                attempt = begin_attempt(session, "Jesse", "home", NOON)
                session.commit()
            tried += attempt.is_tried
        return tried

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(8))) == 5


def test_an_unknown_name_and_a_missing_password_say_the_same(sqlite_world: World) -> None:
    """Nobody learns who has an account here."""
    create_owner(sqlite_world.session, "Jesse", NOON)
    for name in ("Jesse", "Nobody", "\0", ""):
        with pytest.raises(Forbidden, match="The name or the password is wrong"):
            check_password(sqlite_world.session, name, GOOD, NOON)


def test_a_viewer_looks_and_changes_nothing(world: World) -> None:
    """Pages open; every form but one's own is refused with a sentence."""
    world.post(world.account(), "Read http://example.com/one")
    browser = viewer_of(world)
    for page in ("/owner/", "/owner/posts", "/owner/links", "/owner/accounts", "/owner/team"):
        assert browser.get(page).status_code == 200
    form: Form = {"handle": "@other", "network": "x"}
    answer = browser.send("/owner/accounts", form, form="/owner/profile")
    assert answer.status_code == 403
    assert "not change it: ask an owner" in read(answer)
    form = {"password": GOOD, "again": GOOD}
    assert browser.send("/owner/profile/password", form, form="/owner/profile").status_code == 303


def test_a_limited_viewer_finds_nothing_of_other_accounts(world: World) -> None:
    """Neither in lists nor by number: what is elsewhere is not there."""
    mine, other = world.account("@JessesLinks"), world.account("@Jesse", role="me")
    post, hidden = (
        world.post(mine, "Mine http://example.com/one"),
        world.post(other, "Hidden http://example.com/two"),
    )
    browser = viewer_of(world, mine.id)
    assert viewed_accounts(world.session, find_owner(world.session, "Vera")) == frozenset({mine.id})
    for page in ("/owner/", "/owner/posts", "/owner/links", "/owner/accounts"):
        text = browser.get(page).text
        assert "@JessesLinks" in text, page
        assert "@Jesse<" not in text, page
        assert "example.com/two" not in text, page
    assert browser.get(f"/owner/posts/{post.id}").status_code == 200
    for page in (
        f"/owner/posts/{hidden.id}",
        f"/owner/accounts/{other.id}",
        f"/owner/posts?account={other.id}",
        f"/owner/links/{hidden.links[0].code}",
    ):
        assert browser.get(page).status_code == 404, page


def test_a_limited_viewer_whose_account_is_gone_sees_nothing(sqlite_world: World) -> None:
    """Not everything, which an empty list might be taken for."""
    account = sqlite_world.account()
    browser = viewer_of(sqlite_world, account.id)
    sqlite_world.session.execute(delete(ViewedAccount))
    sqlite_world.session.commit()
    assert "@JessesLinks" not in browser.get("/owner/accounts").text


def test_somebody_remains_an_owner(world: World) -> None:
    """The last one cannot become a viewer."""
    owner = create_owner(world.session, "Jesse", NOON)
    with pytest.raises(Conflict, match="Jesse is the only owner"):
        set_role(world.session, owner, "viewer", now())
    create_owner(world.session, "Second", NOON)
    set_role(world.session, owner, "viewer", now())
    with pytest.raises(Invalid, match="choose owner or viewer"):
        set_role(world.session, owner, "king", now())


def test_owners_are_added_and_given_a_way_in(sqlite_world: World) -> None:
    """The page adds a viewer of one account, and shows a sign-in link once."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    form: Form = {
        "name": "Vera",
        "role": "viewer",
        "accounts": [str(account.id)],
    }
    invited = browser.send("/owner/team", form)
    assert "Sign-in link for Vera" in read(invited)
    page = read(browser.get("/owner/team"))
    assert "Vera viewer Sees @JessesLinks. Invited; the sign-in link works until" in page
    made = browser.send("/owner/team/2/sign-in-link", {}, form="/owner/team")
    address = made.text.split("https://go.jessestay.com")[1].split('"')[0].split("<")[0]
    assert Browser.on(sqlite_world).send(address, {}).status_code == 303
    assert browser.send("/owner/team", form).status_code == 422


def test_a_shared_report_shows_posts_to_a_stranger_until_it_ends(world: World) -> None:
    """With the address alone; ended, expired or guessed it shows nothing."""
    account = world.account()
    post = world.post(account, "Read http://example.com/one", now() - timedelta(hours=1))
    world.click([ClickRecord(START, post.links[0].id, FIREFOX, None, 1)])
    owner = Browser.signed_in(world)
    made = owner.send("/owner/shared", {"account": str(account.id), "days": "7"})
    address = "/shared/" + made.text.split("/shared/")[1].split('"')[0].split("<")[0]
    stranger = Browser.on(world)
    seen = read(stranger.get(address))
    assert "Read" in seen
    assert "example.com" in seen
    assert "@JessesLinks" in seen
    assert "<form" not in stranger.get(address).text
    assert stranger.get("/shared/guessed").status_code == 404
    assert owner.send("/owner/shared/1/end", {}, form="/owner/shared").status_code == 303
    assert stranger.get(address).status_code == 404
    old = share_report(world.session, account.id, 1, now() - timedelta(days=2))
    world.session.commit()
    assert stranger.get(f"/shared/{old}").status_code == 404


@pytest.mark.parametrize("days", ["0", "367", "many", ""])
def test_a_shared_report_must_end(sqlite_world: World, days: str) -> None:
    """One sentence, and nothing is shared."""
    account = sqlite_world.account()
    owner = Browser.signed_in(sqlite_world)
    answer = owner.send("/owner/shared", {"account": str(account.id), "days": days})
    assert answer.status_code == 422
    assert "Nothing is shared" in read(owner.get("/owner/shared"))


def test_an_owner_sees_and_ends_the_sessions_of_others(sqlite_world: World) -> None:
    """One browser at a time; a viewer sees none of them, and ends none."""
    owner = Browser.signed_in(sqlite_world, "Jesse")
    viewer = Browser.signed_in(sqlite_world, "Vic")
    page = owner.get("/owner/team")
    assert read(page).count("Signed in with 1 browser") == 2
    assert "this browser" in read(page)
    (mark,) = re.findall(r'name="session" value="([0-9a-f]{16})"', page.text)
    vic = next(each for each in list_owners(sqlite_world.session) if each.name == "Vic")
    ending = f"/owner/team/{vic.id}/sessions/end"
    wrong = owner.send(ending, {"session": "0" * 16}, form="/owner/team")
    assert wrong.status_code == 404
    assert viewer.get("/owner/profile").status_code == 200
    set_role(sqlite_world.session, vic, "viewer", now())
    sqlite_world.session.commit()
    assert "Signed in with" not in read(viewer.get("/owner/team"))
    refused = viewer.send(ending, {"session": mark}, form="/owner/team")
    assert refused.status_code == 403
    done = owner.send(ending, {"session": mark}, form="/owner/team")
    assert done.status_code == 303
    assert viewer.get("/owner/profile").status_code == 302
    assert "Signed Vic out of 1 browser" in read(owner.get("/owner/activity"))


def test_a_limited_viewer_sees_no_tokens_of_other_accounts(sqlite_world: World) -> None:
    """Neither those of another account nor those of all; of theirs, they see the names."""
    world = sqlite_world
    shown, hidden = world.account(), world.account("@hidden")
    for name, number in (("for shown", shown.id), ("for hidden", hidden.id), ("for all", None)):
        create_token(world.session, name, "read", number, now())
    browser = Browser.signed_in(world, "Vic")
    Browser.signed_in(world, "Jesse")
    vic = next(each for each in list_owners(world.session) if each.name == "Vic")
    set_role(world.session, vic, "viewer", now(), [shown.id])
    world.session.commit()
    page = read(browser.get("/owner/tokens"))
    assert "for shown" in page
    assert "for hidden" not in page
    assert "for all" not in page


def test_a_viewer_of_accounts_that_are_not_shown_is_one_of_some_accounts(
    sqlite_world: World,
) -> None:
    """Their handles are not for everybody who looks at the page."""
    mine, hidden = sqlite_world.account(), sqlite_world.account("@hidden", role="me")
    browser = viewer_of(sqlite_world, mine.id)
    other = create_owner(sqlite_world.session, "Otto", NOON)
    set_role(sqlite_world.session, other, "viewer", now(), [hidden.id])
    sqlite_world.session.commit()
    page = read(browser.get("/owner/team"))
    assert "Vera you viewer Sees @JessesLinks. Added" in page
    assert "Otto viewer Sees only some accounts. Added" in page


def test_a_limited_viewer_does_not_get_the_address_of_a_thank_you_page(world: World) -> None:
    """It counts the links of all accounts; whoever sees them all gets its address."""
    mine = world.account()
    person = add_person(world.session, "Ada", NOON)
    share_page(world.session, person, now(), is_public=True)
    world.session.commit()
    page = f"/owner/people/{person.id}"
    secret = page_secret(load_keys(world.settings.data), person)
    limited = viewer_of(world, mine.id).get(page)
    assert secret not in limited.text
    assert "ask an owner for its link" in read(limited)
    assert secret in Browser.signed_in(world, "Ann").get(page).text
