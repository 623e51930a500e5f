"""Undo, and the audit list: what was changed can be changed back, and stands with its author."""

from pathlib import Path

import pytest
from browser import Browser, read
from click.testing import CliRunner, Result
from databases import Maker
from servers import environment
from signing import check_password
from world import NOON, World

from linktrack.audience.account_lines import account_lines
from linktrack.audience.accounts import (
    add_account,
    bring_back,
    find_account,
    list_accounts,
    remove_account,
)
from linktrack.audience.syncing import due_accounts, readable_accounts
from linktrack.cli import main
from linktrack.db import now
from linktrack.errors import Conflict, Forbidden, NotFound
from linktrack.links.redirects.lookup import find_target
from linktrack.owners.access import begin_session, create_owner, find_owner
from linktrack.owners.audit import acting, entries, note
from linktrack.owners.passwords import hash_password, remove_password, set_password
from linktrack.owners.sharing import find_shared, revoke_shared, share_report
from linktrack.owners.viewers import end_sessions, set_role


def told(world: World) -> list[tuple[str, str]]:
    """Return the audit list, oldest first, as (who, what)."""
    world.session.rollback()
    return [(entry.actor, entry.what) for entry in entries(world.session, None, 100)][::-1]


def test_a_removed_account_leaves_lists_and_its_links_go_on(world: World) -> None:
    """It can be brought back with all it had; adding it again says so."""
    account = world.account()
    link = world.post(account, "Read https://example.com/one").links[0]
    remove_account(world.session, account, NOON)
    world.session.commit()
    assert list_accounts(world.session) == []
    assert account_lines(world.session) == []
    with pytest.raises(NotFound, match="linktrack account restore"):
        find_account(world.session, "@JessesLinks")
    with pytest.raises(Conflict, match="linktrack account restore"):
        add_account(world.session, "x", "@jesseslinks", None, NOON)
    target = find_target(world.database.engine, world.shortener.codes, str(link.code))
    assert target is not None
    assert target.location == "https://example.com/one"

    bring_back(world.session, find_account(world.session, "@JessesLinks", removed=True), NOON)
    world.session.commit()
    assert [item.handle for item in list_accounts(world.session)] == ["@JessesLinks"]


def test_removing_an_account_on_the_pages_asks_first_and_can_be_undone(
    sqlite_world: World,
) -> None:
    """No page breaks over the links of an account that is removed."""
    account = sqlite_world.account()
    sqlite_world.account("@other", "other", None)
    link = sqlite_world.post(account, "Read https://example.com/one").links[0]
    browser = Browser.signed_in(sqlite_world)
    asked = read(browser.get(f"/owner/accounts/{account.id}/remove"))
    assert "keep working" in asked
    assert [item.handle for item in list_accounts(sqlite_world.session)] == [
        "@JessesLinks",
        "@other",
    ]
    sqlite_world.session.rollback()
    browser.send(f"/owner/accounts/{account.id}/remove", {})
    for page in ("", "accounts", "posts", "links", f"links/{link.code}", "compose", "activity"):
        answer = browser.get(f"/owner/{page}")
        assert answer.status_code == 200, page
    assert "@JessesLinks" in read(browser.get("/owner/links"))
    for page in ("posts", "links"):
        assert browser.get(f"/owner/{page}?account={account.id}").status_code == 404
    assert "Restore this account" in read(browser.get(f"/owner/accounts/{account.id}"))
    browser.send(f"/owner/accounts/{account.id}/restore", {}, form=f"/owner/accounts/{account.id}")
    assert "@JessesLinks" in read(browser.get("/owner/accounts"))
    assert ("Jesse", "Removed the account @JessesLinks.") in told(sqlite_world)
    assert ("Jesse", "Restored the account @JessesLinks.") in told(sqlite_world)


def test_a_destination_is_led_back_from_its_history(sqlite_world: World) -> None:
    """One button for each address it has led to."""
    link = sqlite_world.post(sqlite_world.account(), "Read https://example.com/one").links[0]
    browser = Browser.signed_in(sqlite_world)
    page = f"/owner/links/{link.code}"
    browser.send(f"{page}/destination", {"destination": "https://example.com/two"}, form=page)
    assert "Use again" in read(browser.get(page))
    browser.send(f"{page}/destination", {"destination": "https://example.com/one"}, form=page)
    assert ("Jesse", f"Redirected the link {link.code} to https://example.com/one") in told(
        sqlite_world
    )


def test_every_change_on_the_pages_stands_in_the_audit_list(sqlite_world: World) -> None:
    """Who, what, in the order it happened; a failed one is not in it."""
    account = sqlite_world.account()
    post = sqlite_world.post(account, "Read https://example.com/one")
    code, number = post.links[0].code, post.id
    before = len(told(sqlite_world))
    browser = Browser.signed_in(sqlite_world)
    page = f"/owner/posts/{number}"
    browser.send(f"{page}/discard", {}, form=page)
    browser.send(f"{page}/restore", {}, form=page)
    page = f"/owner/links/{code}"
    browser.send(f"{page}/disable", {}, form=page)
    browser.send(f"{page}/enable", {}, form=page)
    browser.send(f"{page}/destination", {"destination": "javascript:alert(1)"}, form=page)
    page = f"/owner/accounts/{account.id}"
    browser.send(f"{page}/handle", {"handle": "@Renamed"}, form=page)
    browser.send(f"{page}/counts", {"count": "23000"}, form=page)
    browser.send(f"{page}/segments", {"name": "friends"}, form=page)
    entries_now = told(sqlite_world)[before:]
    assert [what for _, what in entries_now][:2] == [
        "Added Jesse.",
        "Made a sign-in link for Jesse.",
    ]
    assert entries_now[2] == ("Jesse", "Signed in by a one-time link.")
    assert {who for who, _ in entries_now[2:]} == {"Jesse"}
    said = [what for _, what in entries_now[3:]]
    assert said[:5] == [
        f"Discarded post {number}.",
        f"Restored post {number}, published again.",
        f"Disabled the link {code}.",
        f"Enabled the link {code}.",
        "Renamed the account @JessesLinks to @Renamed.",
    ]
    assert said[5].startswith("Recorded a follower count of @Renamed at ")
    assert said[6:] == ["Added the segment friends to @Renamed."]
    shown = read(browser.get("/owner/activity"))
    assert shown.index("Added the segment") < shown.index("Signed in by a one-time link.")


def test_what_changes_access_is_told_once_each(world: World) -> None:
    """Passwords, failures that lock, roles, sessions, shared reports: no secret in a sentence."""
    session = world.session
    account = world.account()
    owner, viewer = create_owner(session, "Jesse", NOON), create_owner(session, "Jo", NOON)
    session.commit()
    before = len(told(world))
    acting(session, "Jesse")
    set_password(session, owner, hash_password("a long enough one"), now())
    for _ in range(5):
        with pytest.raises(Forbidden):
            check_password(session, "Jesse", "a wrong one", NOON)
    begin_session(session, owner.id, NOON, "a password")
    end_sessions(session, owner, now())
    end_sessions(session, owner, now())  # of nobody: nothing to tell
    remove_password(session, owner, now())
    set_role(session, viewer, "viewer", now(), [account.id])
    secret = share_report(session, account.id, 7, NOON)
    revoke_shared(session, find_shared(session, secret, NOON).id, NOON)
    session.commit()
    assert told(world)[before:] == [
        ("Jesse", "Set the password of Jesse."),
        ("somebody", "Signing in as Jesse failed 5 times: it waits."),
        ("Jesse", "Signed in by a password."),
        ("Jesse", "Signed Jesse out of 1 browser."),
        ("Jesse", "Removed the password of Jesse."),
        ("Jesse", "Made Jo a viewer of 1 account."),
        ("Jesse", f"Shared the posts of account {account.id} for 7 days."),
        ("Jesse", f"Ended the shared report of account {account.id}."),
    ]


def test_a_removed_account_is_neither_read_nor_shared(sqlite_world: World) -> None:
    """The networks are not asked about it, and its shared address shows nothing."""
    account = sqlite_world.account("@jesse.bsky.social", network="bluesky")
    secret = share_report(sqlite_world.session, account.id, 7, now())
    sqlite_world.session.commit()
    browser = Browser.on(sqlite_world)
    assert browser.get(f"/shared/{secret}").status_code == 200
    assert due_accounts(sqlite_world.session, NOON) == [account]
    remove_account(sqlite_world.session, account, NOON)
    sqlite_world.session.commit()
    assert due_accounts(sqlite_world.session, NOON) == []
    assert readable_accounts(sqlite_world.session) == []
    assert browser.get(f"/shared/{secret}").status_code == 404


def test_a_viewer_of_some_accounts_does_not_read_the_list_of_changes(sqlite_world: World) -> None:
    """It names the other accounts."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    assert browser.get("/owner/activity").status_code == 200
    create_owner(sqlite_world.session, "Second", NOON)
    owner = find_owner(sqlite_world.session, "Jesse")
    set_role(sqlite_world.session, owner, "viewer", now(), [account.id])
    sqlite_world.session.commit()
    assert browser.get("/owner/activity").status_code == 403


def test_what_is_undone_is_not_audited(world: World) -> None:
    """The entry is stored with the change, or not at all."""
    acting(world.session, "Jesse")
    note(world.session, "Did something.", NOON)
    world.session.rollback()
    assert told(world) == []


def test_a_long_sentence_is_cut_and_older_entries_are_a_page_away(sqlite_world: World) -> None:
    """A destination may have 4,096 characters."""
    for number in range(150):
        note(sqlite_world.session, f"Number {number}. " + "x" * 500, NOON)
    sqlite_world.session.commit()
    assert all(len(what) == 300 for _, what in told(sqlite_world))
    browser = Browser.signed_in(sqlite_world)
    first = browser.get("/owner/activity")
    assert "Number 149." in first.text
    assert "Number 20." not in first.text
    assert "Older changes" in first.text
    assert "Number 20." in browser.get("/owner/activity?before=52").text
    assert browser.get("/owner/activity?before=x").status_code == 422


def test_removing_by_command_asks_unless_told_not_to(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """No is no; what was done can be undone."""
    environ = environment(tmp_path / "data", sqlite_databases())

    def run(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=text, env=environ)

    run("account", "add", "@me", "--network", "x")
    refused = run("account", "remove", "@me", text="n\n")
    assert refused.exit_code == 1
    assert "keep working" in refused.output
    assert '"@me"' in run("account", "list", "--json").stdout
    assert run("account", "remove", "@me", text="y\n").exit_code == 0
    assert run("account", "list", "--json").stdout == "[]\n"
    assert "is back" in run("account", "restore", "@ME").stdout
    assert "is removed" in run("account", "remove", "@me", "--yes").stdout
    assert run("account", "remove", "@nobody", "--yes").exit_code == 1
