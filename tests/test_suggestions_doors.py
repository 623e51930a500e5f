"""Suggestions on pages, by commands, and by the API; the form as strangers use it."""

import json
from datetime import timedelta

import pytest
from browser import Browser, read
from click.testing import CliRunner, Result
from doorways import Caller
from plaza import MOSS, listener
from sqlalchemy import select
from statements import Statements
from world import World

from linktrack.audience.models import Account
from linktrack.cli import main
from linktrack.community.models import Suggestion
from linktrack.community.suggestions.models import SuggestionAnswer
from linktrack.community.suggestions.storing import Suggested, keep
from linktrack.db import now
from linktrack.links.models import Post
from linktrack.reports.links.suggested import suggested_posts
from linktrack.upkeep.health.attention import waiting

DAY = timedelta(days=1)
INBOX = "/owner/suggestions"
OWN = {"Sec-Fetch-Site": "same-origin"}


def stored(world: World) -> list[Suggestion]:
    world.session.rollback()
    world.session.expire_all()
    return list(world.session.scalars(select(Suggestion).order_by(Suggestion.id)))


def said(world: World, account: Account, text: str = "Look!", address: str = MOSS) -> Suggestion:
    """Somebody replied with an address, a moment ago."""
    heard = Suggested(
        way="reply", text=text, addresses=[address], said_at=now(),
        network_id=f"at://did:plc:ann/app.bsky.feed.post/{len(stored(world))}",
        person_id="did:plc:ann", handle="@ann.test",
    )  # fmt: skip
    found = keep(world.session, account, heard, now())
    world.session.commit()
    return found


def test_a_stranger_suggests_something_without_scripts_and_cookies(world: World) -> None:
    """The button pressed twice is one; what was wrong is said beside what was typed."""
    listener(world)
    browser = Browser.on(world)
    assert "Suggest it to @you.test" in read(browser.get("/"))
    page = browser.get("/suggest/@you.test")
    assert "Suggest something to @you.test" in read(page)
    assert "Set-Cookie" not in page.headers
    fields = {"address": "example.org/moss", "text": "Nice <b>", "handle": "ann.test"}
    for _ in range(2):
        sent = browser.client.post("/suggest/@you.test", data=fields, headers=OWN)
        assert sent.status_code == 303
        assert "Thank you" in read(browser.get(sent.location))
    [found] = stored(world)
    assert (found.text, found.handle, found.way) == ("Nice <b>", "@ann.test", "form")
    wrong = browser.client.post("/suggest/@you.test", data={**fields, "address": ""}, headers=OWN)
    assert wrong.status_code == 422
    assert "Write the address of what you found." in read(wrong)
    assert "Nice &lt;b&gt;" in wrong.text


def test_accounts_of_one_handle_on_two_networks_have_a_form_each(world: World) -> None:
    """The address says which network is meant."""
    listener(world)
    other = listener(world, network="mastodon", handle="@you@social.example")
    world.account("@you.test", "other")
    browser = Browser.on(world)
    assert "Suggest something to @you.test" in read(browser.get("/suggest/bluesky:@you.test"))
    sent = browser.client.post("/suggest/bluesky:@you.test", data={"address": MOSS}, headers=OWN)
    assert "Thank you" in read(browser.get(sent.location))
    [found] = stored(world)
    assert found.account_id != other.id


def test_a_program_fills_in_nothing_and_no_other_site_sends_it(world: World) -> None:
    """It reads that all is well."""
    listener(world)
    browser = Browser.on(world)
    fields = {"address": MOSS, "homepage": "https://spam.example/"}
    sent = browser.client.post("/suggest/@you.test", data=fields, headers=OWN)
    assert sent.status_code == 303
    foreign = {"Sec-Fetch-Site": "cross-site"}
    refused = browser.client.post("/suggest/@you.test", data={"address": MOSS}, headers=foreign)
    assert refused.status_code == 403
    assert stored(world) == []


def test_a_flood_by_the_form_ends(world: World) -> None:
    """From one network a dozen an hour; what is refused counts, too."""
    listener(world)
    browser = Browser.on(world)
    answers = [
        browser.client.post(
            "/suggest/@you.test", data={"address": f"{MOSS}/{number}"}, headers=OWN
        ).status_code
        for number in range(20)
    ]
    assert answers[0] == 303
    assert answers[-1] == 429
    assert len(stored(world)) == answers.count(303) <= 12


def test_where_the_form_is_off_there_is_no_page(world: World) -> None:
    """Nor for an account that doesn't exist: nobody finds out which there are."""
    world.account("@off.test", "bluesky")
    browser = Browser.on(world)
    for handle in ("@off.test", "@nobody.test"):
        assert browser.get(f"/suggest/{handle}").status_code == 404
        sent = browser.client.post(f"/suggest/{handle}", data={"address": MOSS}, headers=OWN)
        assert sent.status_code == 404


def test_the_owner_decides_on_the_page(world: World) -> None:
    """Each button does one thing; a draft is made once, and nothing is posted."""
    account = listener(world)
    first, second, third = (
        said(world, account, f"Look, {name} <script>", f"https://example.org/{name}")
        for name in ("one", "two", "three")
    )
    browser = Browser.signed_in(world)
    page = browser.get(INBOX)
    shown = read(page)
    assert "@ann.test" in shown
    assert "Look, one <script>" in shown
    assert "<script>" not in page.text.replace("<script type", "")
    for _ in range(2):
        made = browser.send(f"{INBOX}/{first.id}/draft", {}, INBOX)
        assert made.status_code == 303
    assert world.session.scalars(select(Post.state)).all() == ["draft"]
    assert "via @ann.test" in read(browser.get(made.location))
    assert browser.send(f"{INBOX}/{second.id}/decline", {}, INBOX).status_code == 303
    again = browser.send(f"{INBOX}/{second.id}/draft", {}, INBOX)
    assert again.status_code == 422
    assert "was declined already" in read(again)
    thanked = browser.send(
        f"{INBOX}/{third.id}/thanks", {"text": "Thank you so much!"}, f"{INBOX}/{third.id}"
    )
    assert thanked.status_code == 303
    world.session.rollback()
    answer = world.session.scalars(select(SuggestionAnswer)).one()
    assert (answer.state, answer.way, answer.text) == ("due", "reply", "Thank you so much!")
    assert [each.state for each in stored(world)] == ["drafted", "declined", "thanked"]
    assert "Nothing waits." in read(browser.get(INBOX))
    assert "declined" in read(browser.get(f"{INBOX}?which=all"))
    assert (
        browser.send(f"{INBOX}/{second.id}/delete", {}, f"{INBOX}/{second.id}").status_code == 303
    )
    assert len(stored(world)) == 2


def test_where_they_come_from_is_switched_on_the_page(world: World) -> None:
    """Everything is off until then; a network that tells nobody can't be switched on."""
    account = world.account("@x", "x")
    browser = Browser.signed_in(world)
    page = f"{INBOX}?account={account.id}"
    assert "Nobody can suggest anything yet" in read(browser.get(page))
    assert "mentions and replies" not in read(browser.get(page))
    switch = f"{INBOX}/from/{account.id}"
    assert browser.send(switch, {"form": "yes"}, page).status_code == 303
    assert "/suggest/@x" in read(browser.get(page))
    assert Browser.on(world).get("/suggest/@x").status_code == 200
    assert browser.send(switch, {}, page).status_code == 303
    assert Browser.on(world).get("/suggest/@x").status_code == 404


def test_what_waits_needs_the_owner(world: World) -> None:
    """On the overview, with the page for it."""
    account = listener(world)
    said(world, account)
    needs = waiting(world.session, world.settings, [account.id], now())
    [need] = [need for need in needs if "suggestion" in need.sentence]
    assert need.sentence == "1 suggestion waits for @you.test."
    assert waiting(world.session, world.settings, [], now()) == [
        need for need in needs if "Nobody else" in need.sentence
    ]


def test_commands_do_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --json as the API has it."""
    account = listener(world)
    found = said(world, account)
    second = said(world, account, "Two", "https://example.org/two")
    numbers = (found.id, second.id)
    world.session.rollback()
    monkeypatch.setenv("LINKTRACK_DATA", str(world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", world.settings.database)
    monkeypatch.setenv("LINKTRACK_BASE_URL", world.settings.base_url)

    def linktrack(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["suggestions", *map(str, arguments)])

    listed = json.loads(linktrack("list", "--json").stdout)
    assert [each["id"] for each in listed] == [second.id, found.id]
    assert (listed[1]["handle"], listed[1]["addresses"]) == ("@ann.test", [MOSS])
    assert "via @ann.test" in linktrack("draft", numbers[0]).stdout
    told = linktrack("tell", numbers[0])
    assert told.exit_code == 1
    assert "isn't published yet" in told.stderr
    assert "within a minute" in linktrack("thank", numbers[0], "--reply").stdout
    assert "Declined" in linktrack("decline", numbers[1]).stdout
    assert "Deleted" in linktrack("delete", numbers[1]).stdout
    assert "both are off" in linktrack("from", "@you.test", "--no-form", "--no-mentions").stdout
    assert "Deleted" in linktrack("delete", numbers[0]).stdout
    assert linktrack("sync").stdout == "Answers sent or tried: 0.\n"
    refused = linktrack("draft", numbers[1])
    assert refused.exit_code == 1
    assert "no suggestion number" in refused.stderr


def test_the_api_reads_and_decides(world: World) -> None:
    """It sends nothing: replies are for people to press."""
    account = listener(world)
    found = said(world, account)
    call = Caller(world)
    page = call("GET", f"/accounts/{account.id}/suggestions").get_json()
    assert page["data"][0]["id"] == found.id
    assert page["next"] is None
    draft = call("POST", f"/suggestions/{found.id}/draft")
    assert (draft.status_code, draft.get_json()["state"]) == (201, "draft")
    thanked = call("POST", f"/suggestions/{found.id}/thanks").get_json()
    assert [(each["way"], each["state"]) for each in thanked["answers"]] == [("hand", "done")]
    assert call("POST", f"/suggestions/{found.id}/decline").status_code == 409
    report = call("GET", f"/accounts/{account.id}/suggested-posts").get_json()
    assert report["posts"] == []
    assert call("DELETE", f"/suggestions/{found.id}").status_code == 204


def test_the_page_says_how_posts_that_were_suggested_did(world: World) -> None:
    """With whoever found it, beside the account's usual."""
    account = listener(world)
    post = world.post(account, f"Found by @ann.test: {MOSS}", now() - 9 * DAY)
    world.post(account, "Mine: https://example.org/mine", now() - 9 * DAY)
    found = said(world, account)
    found.state, found.post_id = "drafted", post.id
    world.session.commit()
    report = suggested_posts(world.session, account, "7d", now())
    assert [line.facts.id for line in report.posts.lines] == [post.id]
    assert report.names == {post.id: ["@ann.test"]}
    page = read(Browser.signed_in(world).get(f"{INBOX}?which=all&account={account.id}"))
    assert "What came of them" in page
    assert "Mine:" not in page


def test_the_inbox_asks_as_much_for_many_as_for_few(world: World, statements: Statements) -> None:
    """Whatever was decided, and on however many accounts."""
    accounts = [listener(world), world.account("@two.test", "bluesky")]
    browser = Browser.signed_in(world)

    def taken() -> int:
        with statements(world.database.engine) as executed:
            assert browser.get(f"{INBOX}?which=all").status_code == 200
        return len(executed)

    for account in accounts:
        said(world, account, address=f"https://example.org/first/{account.id}")
    few = taken()
    for number in range(12):
        found = said(world, accounts[number % 2], address=f"https://example.org/{number}")
        if number % 3 == 0:
            found.state = "drafted"
            found.post_id = world.post(accounts[number % 2], f"https://example.org/p{number}").id
            world.session.commit()
    assert taken() <= few + 2
