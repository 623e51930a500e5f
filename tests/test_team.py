"""Team: people are invited, have a role, and leave; nobody can lock everybody out."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from browser import Browser, read
from commands import Run, good
from mailboxes import Mailbox, served
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from world import World

from linktrack.db import is_sqlite, now
from linktrack.errors import Conflict, Forbidden
from linktrack.mail import mail_server
from linktrack.owners.access import (
    create_owner,
    find_owner,
    is_usable,
    make_sign_in_link,
    signed_in_owner,
)
from linktrack.owners.audit import entries
from linktrack.owners.leaving import remove_owner
from linktrack.owners.models import Owner, OwnerSession, SignInLink, Token
from linktrack.owners.passwords import hash_password, set_password
from linktrack.owners.tokens import check_token, create_token

GOOD = "seven quiet herons"
TEAM = "/owner/team"
SIGN_IN = re.compile(r"/owner/sign-in/[\w-]+")
Form = dict[str, str | list[str]]


def invitation_of(text: str) -> str:
    """Return the sign-in link that a page or a mail shows."""
    found = SIGN_IN.search(text)
    assert found is not None
    return found[0]


def test_an_invitation_works_once_within_seven_days(world: World) -> None:
    """The page shows its link once; who follows it is in, with the role that was chosen."""
    owner = Browser.signed_in(world, "Jesse")
    invited = owner.send(TEAM, {"name": "Vera", "role": "viewer"})
    assert "It works once, until" in read(invited)
    link = invitation_of(invited.text)
    assert link not in owner.get(TEAM).text
    assert "Vera viewer Invited; the sign-in link works until" in read(owner.get(TEAM))
    secret = link.rpartition("/")[2]
    assert is_usable(world.session, secret, now() + timedelta(days=6, hours=23))
    assert not is_usable(world.session, secret, now() + timedelta(days=7, hours=1))
    vera = Browser.on(world)
    assert vera.send(link, {}).status_code == 303
    assert "You are a viewer" in read(vera.get("/owner/profile"))
    assert Browser.on(world).get(link).status_code == 410
    assert "Vera viewer Signed in with 1 browser." in read(owner.get(TEAM))


def test_a_new_link_replaces_those_not_used_yet(sqlite_world: World) -> None:
    """Whoever finds an old invitation in a mailbox cannot use it."""
    owner = Browser.signed_in(sqlite_world, "Jesse")
    first = invitation_of(owner.send(TEAM, {"name": "Vera", "role": "viewer"}).text)
    second = invitation_of(owner.send(f"{TEAM}/2/sign-in-link", {}, form=TEAM).text)
    assert Browser.on(sqlite_world).get(first).status_code == 410
    assert Browser.on(sqlite_world).send(second, {}).status_code == 303


def mailing(world: World, where: str) -> World:
    """Return the installation with a mail server."""
    server = mail_server(f"smtp://{where}", "linktrack@example.org", "me@example.org")
    return replace(world, settings=replace(world.settings, mail=server))


def test_an_invitation_is_mailed_to_the_person_alone(sqlite_world: World) -> None:
    """With who invites, to what, and until when; the link is on the page, too."""
    box = Mailbox()
    with served(box) as where:
        owner = Browser.signed_in(mailing(sqlite_world, where), "Jesse")
        form: Form = {"name": "Vera", "role": "owner", "mail": "vera@example.org"}
        page = owner.send(TEAM, form)
    assert "Invitation emailed to vera@example.org" in read(page)
    mail = box.mail()
    assert (mail["To"], mail["From"]) == ("vera@example.org", "linktrack@example.org")
    assert mail["Subject"] == "Jesse invites you to linktrack on go.jessestay.com"
    said = mail.get_content()
    assert "It works once, until" in said
    assert invitation_of(said) == invitation_of(page.text)
    assert Browser.on(sqlite_world).send(invitation_of(said), {}).status_code == 303


def test_a_mail_that_is_refused_leaves_the_link_to_send(sqlite_world: World) -> None:
    """The person is added all the same, and the page says what went wrong."""
    with served(Mailbox(refused=["vera@example.org"])) as where:
        owner = Browser.signed_in(mailing(sqlite_world, where), "Jesse")
        page = owner.send(TEAM, {"name": "Vera", "role": "viewer", "mail": "vera@example.org"})
    assert "Vera is added, but the invitation wasn't emailed." in read(page)
    assert Browser.on(sqlite_world).send(invitation_of(page.text), {}).status_code == 303


@pytest.mark.parametrize(
    ("settings", "said"),
    [({}, "No mail server is set up"), ({"mail": True}, "is not an email address")],
    ids=["no server", "no address"],
)
def test_what_cannot_be_mailed_adds_nobody(
    sqlite_world: World, settings: Mapping[str, bool], said: str
) -> None:
    """The form is shown again with what was typed."""
    world = mailing(sqlite_world, "127.0.0.1:9") if settings else sqlite_world
    owner = Browser.signed_in(world, "Jesse")
    answer = owner.send(TEAM, {"name": "Vera", "role": "viewer", "mail": "nobody at all"})
    assert answer.status_code == 422
    assert said in read(answer)
    assert 'value="Vera"' in answer.text
    assert "Vera" not in read(owner.get(TEAM))


def test_whoever_is_removed_is_out_at_once(world: World) -> None:
    """Sessions, password, links and tokens end; what they did stays under their name."""
    owner = Browser.signed_in(world, "Jesse")
    vera = Browser.signed_in(world, "Vera")
    own = "/owner/profile/password"
    assert vera.send(own, {"password": GOOD, "again": GOOD}, "/owner/profile").status_code == 303
    made = vera.send("/owner/tokens", {"name": "Vera's", "scope": "write"})
    secret = re.findall(r"lt_[\w-]{20,}", made.text)[0]
    kept = owner.send("/owner/tokens", {"name": "Jesse's", "scope": "write"})
    theirs = find_owner(world.session, "Vera")
    link = make_sign_in_link(world.session, theirs, now())
    number = theirs.id
    world.session.commit()

    page = read(owner.get(f"{TEAM}/{number}/remove"))
    assert "1 signed-in browser the password" in page
    assert "API tokens that they made: Vera's" in page
    answer = owner.send(f"{TEAM}/{number}/remove", {})
    assert (answer.status_code, answer.location) == (303, TEAM)
    assert "Vera is removed." in read(owner.get(TEAM))
    assert vera.get("/owner/").status_code == 302
    elsewhere = Browser.on(world)
    assert elsewhere.send("/owner/sign-in", {"name": "Vera", "password": GOOD}).status_code == 403
    assert elsewhere.get(f"/owner/sign-in/{link}").status_code == 410
    world.session.rollback()
    with pytest.raises(Forbidden, match="revoked"):
        check_token(world.session, secret, now())
    still = re.findall(r"lt_[\w-]{20,}", kept.text)[0]
    assert check_token(world.session, still, now()).name == "Jesse's"
    log = read(owner.get("/owner/activity"))
    assert "Made the token Vera's, which may write. Vera" in log
    assert "Removed Vera. Jesse" in log


def test_whoever_becomes_a_viewer_changes_nothing_by_api_either(world: World) -> None:
    """The tokens they made end, and the page says how many; those of others work."""
    owner = Browser.signed_in(world, "Jesse")
    vera = Browser.signed_in(world, "Vera")
    secrets = [
        re.findall(r"lt_[\w-]{20,}", page.text)[0]
        for page in (
            vera.send("/owner/tokens", {"name": "Vera's", "scope": "write"}),
            owner.send("/owner/tokens", {"name": "Jesse's", "scope": "write"}),
        )
    ]
    number = find_owner(world.session, "Vera").id
    world.session.rollback()
    owner.send(f"{TEAM}/{number}/role", {"role": "viewer"}, form=TEAM)
    assert "Vera is now a viewer. Revoked: 1 API token." in read(owner.get(TEAM))
    owner.send(f"{TEAM}/{number}/role", {"role": "owner"}, form=TEAM)
    assert "Vera is now an owner. " in read(owner.get(TEAM))
    with pytest.raises(Forbidden, match="revoked"):
        check_token(world.session, secrets[0], now())
    assert check_token(world.session, secrets[1], now()).name == "Jesse's"


def test_an_invitation_says_what_a_viewer_of_some_accounts_sees(sqlite_world: World) -> None:
    """Not everything."""
    account = sqlite_world.account()
    box = Mailbox()
    with served(box) as where:
        owner = Browser.signed_in(mailing(sqlite_world, where), "Jesse")
        form: Form = {"name": "Vera", "role": "viewer", "mail": "vera@example.org"}
        owner.send(TEAM, {**form, "accounts": str(account.id)})
    said = box.mail().get_content()
    assert "where you can see some of the accounts but not change them" in said


def test_the_last_owner_cannot_go(world: World) -> None:
    """Neither on the page nor by command, whatever the number of viewers; and nothing has ended."""
    owner = Browser.signed_in(world, "Jesse")
    owner.send(TEAM, {"name": "Vera", "role": "viewer"})
    page = owner.get(f"{TEAM}/1/remove")
    assert "Jesse is the only owner: make another person an owner first." in read(page)
    assert "Leave</button>" not in page.text
    answer = owner.send(f"{TEAM}/1/remove", {}, form=TEAM)
    assert answer.status_code == 422
    assert owner.get("/owner/").status_code == 200
    with pytest.raises(Conflict, match="the only owner"):
        remove_owner(world.session, find_owner(world.session, "Jesse"), now())


def test_an_owner_may_leave_a_team_that_has_another(sqlite_world: World) -> None:
    """They are signed out, and told so on the page to sign in."""
    create_owner(sqlite_world.session, "Ada", now())
    jesse = Browser.signed_in(sqlite_world, "Jesse")
    number = find_owner(sqlite_world.session, "Jesse").id
    assert "Leave the team?" in read(jesse.get(f"{TEAM}/{number}/remove"))
    answer = jesse.send(f"{TEAM}/{number}/remove", {})
    assert (answer.status_code, answer.location) == (303, "/owner/sign-in")
    assert jesse.get("/owner/").status_code == 302


def test_by_command(run: Run) -> None:
    """`owner remove` does what the page does, and refuses what it refuses."""
    for name in ("Jesse", "Vera"):
        good(run("owner", "create", name))
    asked = run("owner", "remove", "Vera")
    assert asked.exit_code == 1
    assert "Remove Vera? They are signed out, and their tokens end" in asked.output
    removing = ("owner", "remove", "--yes")
    assert "Removed Vera: they can no longer sign in." in good(run(*removing, "Vera"))
    refused = run(*removing, "Jesse")
    assert refused.exit_code == 1
    assert "Jesse is the only owner: make another person an owner first." in refused.output
    assert run(*removing, "Vera").exit_code == 1


def test_nothing_of_a_removed_person_is_left_to_sign_in_with(world: World) -> None:
    """A person who is added under the same name later begins anew."""
    session = world.session
    create_owner(session, "Jesse", now())
    vera = create_owner(session, "Vera", now())
    set_password(session, vera, hash_password(GOOD), now())
    create_token(session, "hers", "read", None, now(), owner_id=vera.id)
    make_sign_in_link(session, vera, now())
    assert remove_owner(session, vera, now()) == 1
    session.commit()
    assert not session.scalars(select(SignInLink)).all()
    assert not session.scalars(select(OwnerSession)).all()
    assert session.scalars(select(Token.owner_id)).all() == [None]
    again = create_owner(session, "Vera", now())
    assert again.password_hash is None
    assert entries(session, None, 1)[0].what == "Added Vera."


def test_signing_out_everywhere_ends_links_and_says_that_a_password_stays(
    sqlite_world: World,
) -> None:
    """An invitation that was not used is a way in, too."""
    owner = Browser.signed_in(sqlite_world, "Jesse")
    vera = Browser.signed_in(sqlite_world, "Vera")
    theirs = find_owner(sqlite_world.session, "Vera")
    link = make_sign_in_link(sqlite_world.session, theirs, now())
    set_password(sqlite_world.session, theirs, hash_password(GOOD), now())
    sqlite_world.session.commit()
    assert "Their password still signs them in: to end their access, remove them." in read(
        owner.get(TEAM)
    )
    assert owner.send(f"{TEAM}/{theirs.id}/sign-out", {}, form=TEAM).status_code == 303
    assert vera.get("/owner/").status_code == 302
    assert Browser.on(sqlite_world).get(f"/owner/sign-in/{link}").status_code == 410
    assert signed_in_owner(sqlite_world.session, "guessed", now()) is None


def test_two_owners_who_remove_each_other_leave_one(world: World) -> None:
    """At once, each in a transaction of its own: the second finds that they are the last."""
    ada, jesse = (create_owner(world.session, name, now()).id for name in ("Ada", "Jesse"))
    world.session.commit()
    together = Barrier(2)

    def remove(number: int) -> bool:
        with world.database.session(writes=True) as session:
            if not is_sqlite(session.connection()):  # there a writer is alone from its beginning
                together.wait(5)
            try:
                remove_owner(session, session.get_one(Owner, number), now())
            except (Conflict, NoResultFound):
                return False
            session.commit()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, (ada, jesse))) == [False, True]
    assert len(world.session.scalars(select(Owner)).all()) == 1
