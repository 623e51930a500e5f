"""The owner's pages and the public ones, as a person with a browser meets them."""

import re
import sqlite3
from datetime import timedelta

import pytest
from audiences import counted
from browser import Browser, made_post, read
from filling import EVIL, clicks, filled
from sqlalchemy import event
from statements import Statements
from world import World

from linktrack.audience.accounts import remove_account
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.clicks.records import encode
from linktrack.clicks.vocabulary import OWNER
from linktrack.db import from_ms, now
from linktrack.links.models import Post
from linktrack.reports.diary.experiments import Question, add_experiment
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.rates import Interval
from linktrack.web import formats

HUGE = "9" * 30


def addresses(account: Account, post: Post) -> list[str]:
    code = post.links[0].code
    return [
        "/",
        f"/{code}+",
        "/owner/",
        "/owner/?days=365",
        f"/owner/?account={account.id}&days=7",
        "/owner/?from=2024-02-28&to=2024-03-01",
        "/owner/posts",
        "/owner/posts?window=1h",
        "/owner/posts?state=draft",
        "/owner/posts?state=scheduled",
        "/owner/posts?state=discarded",
        f"/owner/posts?account={account.id}&from=2024-01-01&to=2026-01-01",
        f"/owner/posts/{post.id}",
        f"/owner/posts/{post.id}?window=all",
        "/owner/links",
        "/owner/links?q=example",
        "/owner/links?q=%25",
        f"/owner/links/{code}",
        f"/owner/links/{code}?days=365",
        "/owner/compose",
        "/owner/referrers",
        f"/owner/referrers?post={post.id}&segment=community",
        "/owner/experiments",
        "/owner/people",
        "/owner/own-links",
        "/owner/digest?period=month",
        "/owner/accounts",
        f"/owner/accounts/{account.id}",
        f"/owner/followers?account={account.id}",
        "/owner/posts?sort=low",
        "/owner/audience",
        f"/owner/audience?account={account.id}&period=2026-05-01",
        "/owner/compare",
        "/owner/compare?days=365",
        "/owner/timing",
        "/owner/engagement",
        "/owner/engagement/regulars",
    ]


def test_every_page_answers_with_figures_and_with_its_policy(world: World) -> None:
    """No page fails on real data, and none may run or load anything from elsewhere."""
    account, posts = filled(world)
    browser = Browser.signed_in(world)
    for address in addresses(account, posts[0]):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", answer.text), address
        assert not re.search(r"<script(?! type=\"module\" src)", answer.text), address


def test_every_page_of_a_new_installation_helps(world: World) -> None:
    """Without an account each page leads to the first step."""
    browser = Browser.signed_in(world)
    pages = (
        *("", "posts", "links", "compose", "accounts", "referrers", "experiments", "people"),
        *("own-links", "digest"),
    )
    for address in (f"/owner/{page}" for page in pages):
        assert browser.get(address).status_code == 200, address
    assert "Shorten your first link" in read(browser.get("/owner/"))
    assert 'href="/owner/accounts"' in browser.get("/owner/posts").text
    for page, name in (
        ("audience", "Real audience"),
        ("timing", "Timing"),
        ("compose", "New post"),
    ):
        assert f"<h1>{name}</h1>" in browser.get(f"/owner/{page}").text
    assert "Only their owner can create them" in read(browser.get("/"))


def test_first_steps_tell_previews_from_people(sqlite_world: World) -> None:
    """A preview's click and the owner's own are named, of this link; a person's ends the wait."""
    browser = Browser.signed_in(sqlite_world)
    account = sqlite_world.account()
    assert "for @JessesLinks" in read(browser.get("/owner/"))
    other = sqlite_world.post(account, "https://example.com/1", now() - timedelta(hours=3))
    sqlite_world.click(clicks(other, [9], user_agent="curl/8.0"))
    post = sqlite_world.post(account, "https://example.com/", now() - timedelta(hours=2))
    page = read(browser.get("/owner/"))
    assert "Waiting for the first click" in page
    assert f"https://go.jessestay.com/{post.links[0].code}" in page
    assert "counted" not in page.partition("Paste a post")[0]
    sqlite_world.click(clicks(post, [1], user_agent="Twitterbot/1.0"))
    sqlite_world.click(clicks(post, [2, 3], flags=OWNER))
    page = read(browser.get("/owner/"))
    assert "Your own 2 clicks aren’t counted." in page
    assert "Not counted either: 1 preview ." in page
    sqlite_world.click(clicks(post, [2]))
    assert "Clicks 1 new unique clicks 1" in read(browser.get("/owner/"))
    made = read(browser.get(f"/owner/compose/made?post={post.id}"))
    assert "Firefox on Linux" in made


def test_from_an_account_to_the_figures_of_a_post(world: World) -> None:
    """The main job: add an account, compose, wrap, mark as published, read what came of it."""
    browser = Browser.signed_in(world)
    answer = browser.send(
        "/owner/accounts",
        {"handle": "JessesLinks", "network": "x", "role": "you", "followers": "23000"},
    )
    assert answer.status_code == 303
    account_page = answer.location
    assert "@JessesLinks on X is added" in read(browser.get(account_page))
    answer = browser.send(
        f"{account_page}/segments", {"name": "community", "size": "120"}, form=account_page
    )
    assert answer.status_code == 303
    account_id = account_page.rsplit("/", 1)[1]
    answer = browser.send(
        "/owner/compose",
        {
            "account": account_id,
            "text": "Read this:\r\nhttps://example.com/a",
            f"segment-{account_id}": ["community"],
            "slugs": "spring",
            "state": "draft",
        },
    )
    post_page = made_post(answer)
    page = browser.get(post_page)
    assert "Read this:\nhttps://go.jessestay.com/spring" in page.text
    assert "Version for community" in read(page)
    assert "34 of 280 characters used, 246 left" in read(page)  # 10, a new line, 23 for the link
    assert "draft" in read(browser.get("/owner/posts?state=draft")).casefold()
    answer = browser.send(f"{post_page}/publish", {"posted_at": ""}, form=post_page)
    assert (answer.status_code, answer.location) == (303, post_page)
    post = world.session.get(Post, int(post_page.rsplit("/", 1)[1]))
    assert post is not None
    world.click(clicks(post, range(35)))
    world.click(clicks(post, [99], user_agent="Twitterbot/1.0"))
    shown = read(browser.get(post_page))
    assert "Clicks 35 People who clicked 35" in shown
    assert "day 1 of 7" in shown
    assert "Clicks per 1,000 followers 1.52 so far" in shown
    assert "people clicked · 1 per 657 followers so far" in shown
    assert "Filtered out: 1 preview" in shown
    assert "We can't tell who 35" in shown
    overview = read(browser.get("/owner/"))
    assert "Followers 23,000" in overview
    assert "1 post is still counting, with 35 unique clicks so far: not in rates yet." in overview


def test_the_overview_sets_each_account_against_its_own_followers(world: World) -> None:
    """Sums, people, rates and what is left out are those of the account and the days."""
    account, _ = filled(world, days=8)
    other = world.account("A newsletter", "other", None)
    old = world.post(other, "https://example.net/", now() - timedelta(days=200))
    world.click(clicks(old, range(3)))
    browser = Browser.signed_in(world)
    page = read(browser.get("/owner/"))
    assert "Clicks 77 new unique clicks 77" in page  # 10 to 15, and two of the community
    assert "6 bot and preview requests filtered out" in page
    rate = 77 / (6 * 23_000)
    assert f"per 1,000 {rate * 1000:.2f}" in page
    assert f"1 click per {1 / rate:,.0f} followers" in page
    assert "Record a count" in page  # the newsletter has none, so no rate
    alone = read(browser.get(f"/owner/?account={other.id}&days=365"))
    assert "Clicks 3 new unique clicks 3" in alone
    assert "no follower count at or before the post" in alone
    assert account.handle not in alone.split("Clicks a week")[1].split("Your accounts")[0]


def test_a_follower_count_of_last_year_is_shown_as_stale(sqlite_world: World) -> None:
    """A rate over old followers says so, on the card and beside the post."""
    account = sqlite_world.account()
    counted(sqlite_world, account, 100, days_ago=200)
    post = sqlite_world.post(account, "https://example.com/", now() - timedelta(days=1))
    sqlite_world.click(clicks(post, [1]))
    browser = Browser.signed_in(sqlite_world)
    for address in ("/owner/", "/owner/posts", f"/owner/posts/{post.id}", "/owner/accounts"):
        assert "stale" in read(browser.get(address)), address


def test_the_overview_asks_as_many_questions_for_many_posts_as_for_few(
    world: World, statements: Statements
) -> None:
    """No query stands in a loop: 3 posts and 30 cost the same number of queries."""
    browser = Browser.signed_in(world)

    def questions() -> dict[str, int]:
        found = {}
        for address in ("/owner/", "/owner/posts", "/owner/links", "/owner/accounts"):
            with statements(world.database.engine) as asked:
                assert browser.get(address).status_code == 200
            found[address] = len(asked)
        return found

    filled(world, posts=3)
    other = world.account("A newsletter", "other", None)
    few = questions()
    for number in range(27):
        post = world.post(other, f"https://example.net/{number}", now() - timedelta(hours=number))
        world.click(clicks(post, [1, 2]))
    assert questions() == few


def test_hostile_texts_and_handles_are_shown_as_text(world: World) -> None:
    """What people write never becomes markup."""
    account = world.account(f"News {EVIL}", "other")
    add_segment(world.session, account, EVIL, None, now())
    counted(world, account, 10)
    text = f'{EVIL}" onmouseover="x https://example.com/?q=%22%3E{EVIL}'
    post = world.post(account, text, now() - timedelta(days=2), segments=(EVIL,))
    world.click(clicks(post, range(3), referrer=EVIL))
    browser = Browser.signed_in(world)
    shown = 0
    for address in [*addresses(account, post), f"/owner/links?q={EVIL}"]:
        page = browser.get(address).text
        assert EVIL not in page, address
        assert '" onmouseover' not in page, address
        shown += "&lt;script&gt;alert(1)" in page
    assert shown > 10


def test_a_text_without_a_new_address_makes_nothing(world: World) -> None:
    """The form comes back with one sentence and the text as it was typed."""
    account = world.account()
    browser = Browser.signed_in(world)
    answer = browser.send(
        "/owner/compose", {"account": str(account.id), "text": "No address & nothing"}
    )
    assert answer.status_code == 422
    assert "There is no link in this text" in read(answer)
    assert "No address &amp; nothing</textarea>" in answer.text
    assert "No drafts." in read(browser.get("/owner/posts?state=draft"))


COMPOSE_MISTAKES = {
    "no text": ({"text": ""}, "Write the text first"),
    "a code that is taken": ({"slugs": "taken"}, "is taken"),
    "a reserved code": ({"slugs": "owner"}, "reserved for linktrack's own pages"),
    "too many codes": ({"slugs": "one two"}, "at most one for each"),
    "no time": ({"posted_at": "yesterday"}, "isn't a date or time"),
    "a published post ahead": (
        {"posted_at": "2999-01-01T00:00", "state": "published"},
        "can't have a time in the future",
    ),
    "another account's segment": (
        {"segment-77": "press"},
        "belongs to an account that isn't chosen",
    ),
    "a NUL character": ({"text": "a\0b https://example.com/"}, "NUL character"),
    "a megabyte": ({"text": "x" * 1_000_000 + " https://example.com/"}, "characters long"),
    "no account": ({"account": ""}, "Choose at least one account"),
}


@pytest.mark.parametrize("mistake", COMPOSE_MISTAKES)
def test_mistakes_in_composing_are_said_in_the_form(world: World, mistake: str) -> None:
    """One sentence, what was typed is kept, and nothing is made."""
    fields, sentence = COMPOSE_MISTAKES[mistake]
    account = world.account()
    link = world.post(account, "https://example.org/").links[0]
    link.code = "taken"
    world.session.commit()
    browser = Browser.signed_in(world)
    sent: dict[str, str | list[str]] = {
        "account": str(account.id),
        "text": "Kept: https://example.com/",
        "state": "draft",
        **fields,
    }
    answer = browser.send("/owner/compose", sent)
    assert answer.status_code == 422
    assert sentence in read(answer)
    if "text" not in fields:
        assert "Kept: https://example.com/</textarea>" in answer.text
    assert "No drafts." in read(browser.get("/owner/posts?state=draft"))


def test_a_draft_with_a_time_ahead_is_planned(sqlite_world: World) -> None:
    """And is published later, when it was posted."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    ahead = (now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    fields: dict[str, str | list[str]] = {
        "account": str(account.id),
        "text": "https://example.com/",
        "posted_at": ahead,
        "state": "draft",
    }
    page = made_post(browser.send("/owner/compose", fields))
    assert "Scheduled for" in read(browser.get(page))
    assert "https://" in read(browser.get("/owner/posts?state=scheduled"))
    assert browser.send(f"{page}/publish", {"posted_at": ""}, form=page).status_code == 303
    assert "published" in read(browser.get(page))


def test_a_post_is_discarded_and_restored(world: World) -> None:
    """Reports leave it out meanwhile; it comes back as published, where it had been."""
    _, posts = filled(world, posts=1)
    page = f"/owner/posts/{posts[0].id}"
    browser = Browser.signed_in(world)
    assert browser.send(f"{page}/discard", {}, form=page).status_code == 303
    assert "has no published posts" in read(browser.get("/owner/posts"))
    assert "Number 0" in read(browser.get("/owner/posts?state=discarded"))
    mistaken = browser.send(f"{page}/publish", {}, form=page)
    assert mistaken.status_code == 422
    assert "restore it first" in read(mistaken)
    assert browser.send(f"{page}/restore", {}, form=page).status_code == 303
    assert "Number 0" in read(browser.get("/owner/posts"))


@pytest.mark.parametrize("time", ["", "2001-01-01T00:00", "soon", "2999-13-01", "a\0"])
def test_a_draft_cannot_be_planned_for_no_time_or_a_past_one(
    sqlite_world: World, time: str
) -> None:
    """The page comes back with a sentence, and the draft stays one."""
    account = sqlite_world.account()
    browser = Browser.signed_in(sqlite_world)
    fields: dict[str, str | list[str]] = {
        "account": str(account.id),
        "text": "https://example.com/",
        "state": "draft",
    }
    page = made_post(browser.send("/owner/compose", fields))
    answer = browser.send(f"{page}/schedule", {"posted_at": time}, form=page)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Written" in read(browser.get(page))


def test_a_link_is_led_elsewhere_disabled_and_enabled(world: World) -> None:
    """Its page tells where it has led; strangers see the same, and that it is gone."""
    account = world.account()
    code = world.post(account, "https://example.com/first").links[0].code
    page = f"/owner/links/{code}"
    browser = Browser.signed_in(world)
    changed = browser.send(
        f"{page}/destination", {"destination": " https://example.com/second "}, form=page
    )
    assert changed.status_code == 303
    for address in (page, f"/{code}+"):
        shown = read(browser.get(address))
        assert "https://example.com/first" in shown
        assert "https://example.com/second" in shown
    assert browser.send(f"{page}/disable", {}, form=page).status_code == 303
    assert browser.get(f"/{code}").status_code == 410
    assert browser.send(f"{page}/enable", {}, form=page).status_code == 303
    assert "disabled" not in read(browser.get(page)).casefold().replace("disable ", "")


@pytest.mark.parametrize(
    "destination",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        "https://",
        "https://go.jessestay.com/x",
        "https://a\0b/",
        "https://example.com/" + "x" * 5000,
    ],
)
def test_a_link_cannot_lead_where_browsers_cannot_be_sent(world: World, destination: str) -> None:
    """The page comes back with a sentence, and the link leads where it led."""
    account = world.account()
    code = world.post(account, "https://example.com/first").links[0].code
    browser = Browser.signed_in(world)
    page = f"/owner/links/{code}"
    answer = browser.send(f"{page}/destination", {"destination": destination}, form=page)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    preview = browser.get(f"/{code}+").text
    assert 'href="https://example.com/first"' in preview
    assert "Destination history" not in preview


ACCOUNT_MISTAKES = [
    ("counts", {"count": "-5"}, "cannot be a number of followers"),
    ("counts", {"count": "many"}, "must be a whole number"),
    ("counts", {"count": ""}, "how many followers"),
    ("counts", {"count": HUGE}, "must be a whole number"),
    ("counts", {"count": "5", "counted_at": "2999-01-01"}, "in the future"),
    ("counts", {"count": "5", "counted_at": "32 May"}, "isn't a date or time"),
    ("counts", {"count": "5", "counted_at": "2020-01-01"}, "tick “Replace”"),
    ("segments", {"name": "", "size": ""}, "needs a name"),
    ("segments", {"name": "a\0b", "size": ""}, "NUL character"),
    ("segments", {"name": "community", "size": "1"}, "already"),
    ("segments", {"name": "x", "size": "-1"}, "cannot have -1 people"),
    ("handle", {"handle": "no such handle!"}, "cannot be a handle"),
    ("handle", {"handle": "@taken"}, "already exists"),
]


@pytest.mark.parametrize(("form", "fields", "sentence"), ACCOUNT_MISTAKES)
def test_mistakes_about_an_account_are_said_in_its_page(
    world: World, form: str, fields: dict[str, str | list[str]], sentence: str
) -> None:
    """One sentence, and nothing is changed."""
    account = world.account()
    world.account("@taken")
    add_segment(world.session, account, "community", None, now())
    browser = Browser.signed_in(world)
    page = f"/owner/accounts/{account.id}"
    world.session.commit()
    first = browser.send(f"{page}/counts", {"count": "4", "counted_at": "2020-01-01"}, form=page)
    assert first.status_code == 303
    before = without_foot(browser, page)
    answer = browser.send(f"{page}/{form}", fields, form=page)
    assert answer.status_code == 422
    assert sentence in read(answer)
    assert without_foot(browser, page) == before


def without_foot(browser: Browser, page: str) -> str:
    """What a page says, without what it says once, and when."""
    browser.get(page)
    return read(browser.get(page)).split("Up to date as of")[0]


def test_a_count_is_replaced_only_when_that_is_ticked(world: World) -> None:
    """A figure is never overwritten silently."""
    account = world.account()
    page = f"/owner/accounts/{account.id}"
    browser = Browser.signed_in(world)
    fields: dict[str, str | list[str]] = {"count": "100", "counted_at": "2020-01-01"}
    assert browser.send(f"{page}/counts", fields, form=page).status_code == 303
    fields["count"] = "200"
    assert browser.send(f"{page}/counts", fields, form=page).status_code == 422
    fields["replace"] = "yes"
    assert browser.send(f"{page}/counts", fields, form=page).status_code == 303
    shown = read(browser.get(f"{page}/settings/followers"))
    assert "200" in shown
    assert "00:00 100" not in shown


def test_an_account_is_given_another_role(sqlite_world: World) -> None:
    """Or none; what is no role is refused."""
    account = sqlite_world.account(role=None)
    browser = Browser.signed_in(sqlite_world)
    page = f"/owner/accounts/{account.id}"
    assert browser.send(f"{page}/role", {"role": "you"}, page).status_code == 303
    shown = browser.get(f"{page}/settings")
    assert "now has the role you" in read(shown)
    assert '<option value="you" selected>' in shown.text
    assert browser.send(f"{page}/role", {"role": "boss"}, page).status_code == 422
    assert browser.send(f"{page}/role", {"role": ""}, page).status_code == 303
    assert "now has no role" in read(browser.get(f"{page}/settings"))


def test_an_account_is_renamed(sqlite_world: World) -> None:
    """Handles change."""
    account = sqlite_world.account()
    page = f"/owner/accounts/{account.id}"
    browser = Browser.signed_in(sqlite_world)
    answer = browser.send(f"{page}/handle", {"handle": "Renamed"}, form=page)
    assert answer.status_code == 303
    assert "@Renamed" in read(browser.get("/owner/accounts"))


BAD_ADDRESSES = {
    "/owner/?days=3": 422,
    "/owner/?days=-1": 422,
    "/owner/?days=%00": 422,
    "/owner/?from=2026-02-30": 422,
    "/owner/?from=2026-02-02&to=2026-02-01": 422,
    "/owner/?from=1980-01-01&to=2026-02-01": 422,
    "/owner/?from=2999-01-01": 422,
    "/owner/?account=77": 404,
    f"/owner/?account={HUGE}": 422,
    "/owner/?account=4294967296": 404,
    "/owner/?account=x": 422,
    "/owner/posts?window=fortnight": 422,
    "/owner/posts?window=%00": 422,
    "/owner/posts?state=lost": 422,
    "/owner/posts?after=77777": 404,
    "/owner/posts?after=99999999999": 404,
    f"/owner/posts?after={HUGE}": 422,
    "/owner/posts?from=2026-02-02&to=2026-02-01": 422,
    "/owner/posts?from=x": 422,
    "/owner/posts?state=draft&before=2147483647": 200,
    "/owner/posts/77777": 404,
    f"/owner/posts/{HUGE}": 404,
    "/owner/posts/0": 404,
    "/owner/posts/x": 404,
    "/owner/posts/1?window=%00": 422,
    "/owner/links?before=0": 404,
    "/owner/links?before=1": 200,
    "/owner/links?q=%00": 422,
    "/owner/links?q=%ff": 200,
    "/owner/links/nope": 404,
    "/owner/links/%00": 404,
    "/owner/links/%ff": 404,
    "/owner/accounts/77": 404,
    f"/owner/accounts/{HUGE}": 404,
    "/owner/compose?account=nobody": 200,
    "/owner/nowhere": 404,
    "/%00": 404,
    "/%00+": 404,
    "/nope+": 404,
    "/nope": 404,
    "/%f0%9f%8c%bb": 404,
}


def test_bad_addresses_are_answered_with_one_sentence(world: World) -> None:
    """Nobody meets a failure of ours, whatever stands in the address."""
    filled(world, posts=1)
    browser = Browser.signed_in(world)
    found = {address: browser.get(address) for address in BAD_ADDRESSES}
    assert {address: answer.status_code for address, answer in found.items()} == BAD_ADDRESSES
    for address, answer in found.items():
        assert "Content-Security-Policy" in answer.headers
        if answer.status_code != 200:
            assert 10 < len(read(answer).split("Status")[0]) < 400, address


def test_pages_answer_when_an_account_was_removed(world: World) -> None:
    """What it had keeps its name; without any account the overview says that it needs one."""
    account, (post,) = filled(world, posts=1)
    other = world.account("@other", role="me")
    add_experiment(world.session, account, Question("Pictures", now(), other), now())
    remove_account(world.session, account, now())
    world.session.commit()
    browser = Browser.signed_in(world)
    for page in (
        "/owner/experiments",
        f"/owner/compose/made?post={post.id}",
        "/owner/destinations?address=https://example.com/0",
        "/owner/links",
        f"/owner/links/{post.links[0].code}",
        f"/owner/posts/{post.id}",
    ):
        answer = browser.get(page)
        assert answer.status_code == 200, page
        assert "@JessesLinks" in read(answer), page
    remove_account(world.session, other, now())
    world.session.commit()
    assert "Add an account to get started" in read(browser.get("/owner/"))


def test_more_posts_and_links_than_a_page_holds_are_paged(sqlite_world: World) -> None:
    """Each is on exactly one page."""
    account = sqlite_world.account()
    for number in range(60):
        at = now() - timedelta(hours=number)
        sqlite_world.post(account, f"number-{number} https://example.com/{number}", at)
    browser = Browser.signed_in(sqlite_world)
    for start, pattern in (
        ("/owner/posts", r"number-\d+"),
        ("/owner/links", r"title=\"https://example.com/\d+\""),
    ):
        seen: list[str] = []
        address: str | None = start
        while address:
            page = browser.get(address).text
            seen += re.findall(pattern, page)
            older = re.search(r'href="([^"]+)">(?:Older|Next page)', page)
            address = older[1].replace("&amp;", "&") if older else None
        assert len(seen) == len(set(seen)) == 60, start


def test_pages_say_so_when_the_database_is_away(sqlite_world: World) -> None:
    """The error page itself needs none, and the status tells programs that it may pass."""
    browser = Browser.signed_in(sqlite_world)
    sqlite_world.session.close()
    sqlite_world.database.close()

    def refuse(*_about: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    event.listen(sqlite_world.database.engine, "do_connect", refuse)
    assert browser.get("/no/such/page").status_code == 404
    for address in ("/", "/owner/", "/owner/compose"):
        answer = browser.get(address)
        assert answer.status_code == 503
        assert "The database cannot be used right now" in read(answer)


def test_clicks_that_wait_in_a_journal_are_mentioned(sqlite_world: World) -> None:
    """Figures are complete until the last click that was loaded, and the page says until when."""
    account = sqlite_world.account()
    post = sqlite_world.post(account, "https://example.com/", now() - timedelta(days=9))
    record = clicks(post, [1])[0]
    sqlite_world.click([record])
    browser = Browser.signed_in(sqlite_world)
    assert "being counted" not in read(browser.get("/owner/posts"))
    folder = sqlite_world.settings.journals
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{'a' * 32}.journal").write_bytes(encode(record))
    page = browser.get("/owner/posts")
    assert "1 newer click is being counted" in read(page)
    last = from_ms(record.clicked_at)
    assert f'Up to date as of <time datetime="{last:%Y-%m-%dT%H:%M:%SZ}">' in page.text
    sqlite_world.loader().load()
    assert "being counted" not in read(browser.get("/owner/posts"))


def test_a_warning_says_when_links_work_on_this_machine_only(
    sqlite_world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """And names the setting; on a public address it is not there."""
    sqlite_world.account()
    public = Browser.signed_in(sqlite_world)
    assert "LINKTRACK_BASE_URL" not in read(public.get("/owner/compose"))
    with World.at(
        tmp_path_factory.mktemp("local"),
        sqlite_world.settings.database,
        LINKTRACK_BASE_URL="http://127.0.0.1:8000",
    ) as local:
        browser = Browser.signed_in(local, "another")
        for address in ("/owner/", "/owner/compose"):
            assert "LINKTRACK_BASE_URL" in read(browser.get(address))


@pytest.mark.parametrize(
    ("rate", "thousand", "interval", "turned", "turned_interval"),
    [
        (Rate(), "unknown", "", "unknown", ""),
        (Rate(35 / 23_000), "1.52", "", "1 in 657", ""),
        (
            Rate(35 / 23_000, Interval(0.001094, 0.002116)),
            "1.52",
            "1.09 to 2.12",
            "1 in 657",
            "473 to 914",
        ),
        (Rate(0.0, Interval(0.0, 0.001)), "0", "0 to 1.00", "nobody", "at most 1 in 1,000"),
        (Rate(0.5, Interval(0.0, 0.9)), "500", "0 to 900", "1 in 2", "1.1 or more"),
        (Rate(1.5, Interval(1.0, 2.0)), "1,500", "1,000 to 2,000", "1.5 for each follower", ""),
        (
            Rate(0.00004, Interval(0.00001, 0.0001)),
            "0.04",
            "0.01 to 0.10",
            "1 in 25,000",
            "10,000 to 100,000",
        ),
    ],
)
def test_rates_are_written_in_both_ways(
    rate: Rate, thousand: str, interval: str, turned: str, turned_interval: str
) -> None:
    """Per 1,000 followers, and turned round: then the lowest rate is the largest number."""
    assert formats.per_thousand(rate) == thousand
    assert formats.interval(rate) == interval
    assert formats.one_in(rate) == turned
    assert formats.one_in_interval(rate) == turned_interval


def test_a_share_is_neither_none_nor_all_unless_it_is() -> None:
    """One of a thousand is not 0%, and 999 of them are not everybody."""
    written = [formats.share(part, 1000) for part in (0, 1, 500, 999, 1000)]
    assert written == ["0%", "1%", "50%", "99%", "100%"]
    assert formats.share(0, 0) == "unknown"
