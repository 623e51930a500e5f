"""Which forms say what they were made from: found in the routes and on the pages themselves.

Who saves over another's change is told only where a form carries its version. So each form that is
sent with POST does, or is in `UNVERSIONED` with the reason why nobody can lose anything by it.
"""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from browser import Browser, field, read
from databases import Maker
from doorways import Caller
from gates import TABLE, Gates, Line, lines, rules
from office import connect
from werkzeug.exceptions import HTTPException
from world import NOON, World

from linktrack.audience.follow_back.log import dry_run
from linktrack.owners.access import create_owner
from linktrack.web.forms import MADE_FROM, versioned

ADDS: Final = "it adds something, and replaces nothing"
ENDS: Final = "it ends or deletes what the page names: a second time there is nothing left to do"
STATE: Final = "its button says the state that comes of it, whatever was there before"
OWN: Final = "a person's own sign-in or appearance: nobody else can change it"
ASKS: Final = "it stores nothing: it asks for a mail, a test or a preview"
DEVICE: Final = "a cookie of this browser, or what a follower says of themselves"

UNVERSIONED: Final[dict[str, tuple[str, ...]]] = {
    ADDS: (
        "accounts.add", "accounts.count", "accounts.segment", "bring_in.add", "compose.wrap",
        "demo.make", "domains.add", "goals.add", "goals_told.tell",
        "experiments.add", "followers.take", "links.add", "many.make", "notes.add",
        "notifications.add",
        "own_links.add", "people.add", "people.rule", "segments.add", "sharing.share",
        "suggest.send", "suggestions.make_draft", "suggestions.tell", "suggestions.thank",
        "team.invite", "team.make_link", "tokens.add", "unknown_codes.lead", "unknown_codes.make",
        "webhooks.add",
    ),
    ENDS: (
        "accounts.remove", "bring_in.remove", "bulk_changes.undo", "connections.remove",
        "demo.remove", "domains.remove", "goals.remove",
        "experiments.remove", "feed.end_mails", "followers.forget", "leaving.go",
        "members.remove", "not_wrapped.gone", "notes.remove", "notifications.remove",
        "own_links.remove", "people.remove", "people.unrule", "segments.remove",
        "settings.remove_node", "sharing.end",
        "suggestions.delete_it",
        "team.end_one", "team.remove", "team.reset_codes", "team.sign_out", "tokens.revoke",
        "webhooks.remove",
    ),
    STATE: (
        "accounts.restore", "community.close", "community.open_it", "deciding.keep_told",
        "deciding.let_in", "deciding.postpone", "deciding.refuse", "follow_back.take_back",
        "follow_back.tick", "follow_back.turn_off",
        "links.disable", "links.enable", "links.forward", "members.do_again", "members.tick_off",
        "links.begin_anew", "links.promotes", "own_links.switch", "people.share",
        "posts.discard", "posts.restore", "queue.not_there", "queue.withdraw",
        "suggestions.decline_it", "suggestions.reopen_it", "unknown_codes.ignore",
    ),
    OWN: (
        "feed.renew", "own.add_key", "own.begin", "own.change_password", "own.choose_theme",
        "own.disconnect_provider", "own.end_one", "own.end_others", "own.finish", "own.remove_key",
        "own.renew", "own.take_password_away", "own.turn_off", "sign_in.enter", "sign_in.leave",
        "sign_in.spend", "sign_in_codes.check", "sign_in_passkeys.use",
    ),
    ASKS: (
        "compose.look", "digest.mail_it", "many.look", "notifications.test", "settings.try_mail",
        "webhooks.test",
    ),
    DEVICE: (
        "device.change_here", "hello.forget", "hello.say", "hello.sign_in", "join.ask",
        "limited.unlock",
        "join.check_code", "join.refuse_mail", "join.take_mail", "own_clicks.change",
    ),
    "credentials are typed anew and tried first; those they replace are shown to nobody": (
        "connections.add",
    ),
    "it names the plan that was seen, and does no other": ("changing.change",),
    "it names an account that has no name yet, once": ("compose.name",),
    "the post is claimed, and read again on its network, before it is replaced": (
        "not_wrapped.replace",
    ),
    "the text is not ours: whoever wraps it makes a draft of what the page shows": (
        "not_wrapped.wrap",
    ),
}  # fmt: skip
"""Forms without a version, by the reason."""

ALSO: Final = (
    "/owner/posts/{draft}", "/owner/posts/{planned}", "/owner/posts/{queued}",
    "/owner/compose/made?post={draft}", "/owner/suggestions?account={account}",
)  # fmt: skip
"""Pages whose forms depend on the state of what they show."""

NOT_OURS: Final = ("/api", "/rest", "/links", "/yourls")
"""Where programs send something: there `If-Match` says what a change was made from."""


@pytest.fixture
def gates(sqlite_databases: Maker, tmp_path: Path) -> Iterator[Gates]:
    with World.at(tmp_path / "data", sqlite_databases()) as world:
        opened = Gates(world)
        account = opened.ours.account
        account.role = "you"
        account.network = "bluesky"
        dry_run(world.session, account, NOON, 5, NOON)
        world.session.commit()
        yield opened
        opened.close()


class Forms(HTMLParser):
    """The forms of a page that are sent with POST: where to, and the names of their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[tuple[str, set[str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = values.get("method", "").lower() == "post"
            if self._open:
                self.found.append((values.get("action") or self.page, set()))
        elif self._open and "name" in values:
            self.found[-1][1].add(values["name"])

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


def forms_met(gates: Gates) -> Iterator[tuple[str, str, set[str]]]:
    """Yield each form that an owner meets: the page, its endpoint and its fields."""
    addresses = gates.app.url_map.bind("go.example")
    pages = [line for line in lines(TABLE) if line.method == "GET"]
    pages += [Line("sees", None, "GET", address, "") for address in ALSO]
    for line in pages:
        if line.address.startswith(NOT_OURS):
            continue
        answer = gates.ask("owner", line)
        if answer.mimetype != "text/html":
            continue
        parser = Forms(answer.request.path)
        parser.feed(answer.text)
        for action, fields in parser.found:
            try:
                endpoint, _ = addresses.match(action.partition("?")[0], "POST")
            except HTTPException:
                raise AssertionError(f"{line.name}: a form leads nowhere: {action}") from None
            yield line.name, endpoint, fields


def test_every_form_carries_its_version_or_has_its_reason(gates: Gates) -> None:
    """A new form is in neither, and fails until somebody has decided."""
    there = {
        rule.endpoint
        for method, rule in rules(gates)
        if method == "POST" and not rule.rule.startswith(NOT_OURS)
    }
    excused = [endpoint for endpoints in UNVERSIONED.values() for endpoint in endpoints]
    undecided = there - versioned() - set(excused)
    assert not undecided, (
        "What does somebody lose who sends these while another has changed the same? Give them "
        f"`edits` (web/forms.py), or the reason why nothing, in UNVERSIONED: {sorted(undecided)}"
    )
    assert len(excused) == len(set(excused))
    assert set(excused) <= there, "these are gone"
    assert not set(excused) & versioned(), "these carry one"


def test_each_form_with_a_version_has_its_field_on_every_page(gates: Gates) -> None:
    """Else it would be sent without, and replace whatever is there."""
    met = set()
    for page, endpoint, fields in forms_met(gates):
        if endpoint in versioned():
            met.add(endpoint)
            assert MADE_FROM in fields, f"{page}: put made_from('{endpoint}', …) into its form"
    assert met == versioned(), "add pages that show these forms to ALSO"


def test_a_role_given_meanwhile_is_not_replaced_unseen(sqlite_world: World) -> None:
    """Who limits a viewer learns that another owner has just made them an owner."""
    person = create_owner(sqlite_world.session, "Vi", NOON)
    sqlite_world.account()
    sqlite_world.session.commit()
    browser = Browser.signed_in(sqlite_world)
    path = f"/owner/team/{person.id}/role"
    version = field(browser.get("/owner/team").text, path, MADE_FROM)
    made_from: dict[str, str | list[str]] = {MADE_FROM: version}
    done = browser.send(path, {"role": "viewer", **made_from}, form="/owner/team")
    assert done.status_code == 303
    told = browser.send(path, {"role": "owner", **made_from}, form="/owner/team")
    assert told.status_code == 422
    assert "It is now: Role: viewer; Accounts: all" in read(told)


def test_nobody_publishes_a_text_they_have_not_seen(sqlite_world: World) -> None:
    """Another owner has changed the draft since the page was opened."""
    account = sqlite_world.account("@jesse.example", "bluesky")
    connect(sqlite_world, account)
    sqlite_world.session.commit()
    call = Caller(sqlite_world)
    wish = {"account": account.handle, "text": "mine https://one.com/", "state": "draft"}
    post = call("POST", "/posts", wish).get_json()["id"]
    browser = Browser.signed_in(sqlite_world)
    page, path = f"/owner/posts/{post}", f"/owner/queue/{post}/send"
    version = field(browser.get(page).text, path, MADE_FROM)
    call("PATCH", f"/posts/{post}", {"text": "theirs https://one.com/"})
    told = browser.send(path, {MADE_FROM: version}, form=page)
    assert told.status_code == 422
    assert "It is now: Text: theirs https://one.com/" in read(told)
    assert call("GET", f"/posts/{post}").get_json()["state"] == "draft"
    again: dict[str, str | list[str]] = {MADE_FROM: field(told.text, path, MADE_FROM)}
    assert browser.send(path, again, form=page).status_code == 303
    assert call("GET", f"/posts/{post}").get_json()["state"] == "scheduled"
