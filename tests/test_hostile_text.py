"""Text made to do harm, everywhere it can stand: every page shows it as words.

It is put into the tables past all that checks it, so that no page depends on a check.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from browser import Browser, read
from lxml import etree
from sqlalchemy import Column, Table, update
from world import NOON, World

from linktrack.audience.counts import record_count
from linktrack.audience.segments import add_segment
from linktrack.audience.utm import set_utm_values
from linktrack.clicks.records import ClickRecord
from linktrack.db import Base, now, to_ms
from linktrack.links.cards.cards import Found, keep_card, set_own_words
from linktrack.links.models import LinkCheck, UnwrappedPost, Watch
from linktrack.links.people import add_own_site, add_person, add_rule, promote
from linktrack.links.posts import Wish, wrap_post
from linktrack.owners.tokens import create_token
from linktrack.publishing.models import Sending
from linktrack.reports.diary.experiments import Question, add_experiment
from linktrack.reports.diary.notes import add_note
from linktrack.webhooks.models import Delivery, Webhook

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
SHOWN = re.compile(r"[<>\"'&{}$%]")

FIELDS = {
    "accounts": ("handle",),
    "segments": ("name", "place"),
    "posts": ("written", "text"),
    "versions": ("text",),
    "people": ("name",),
    "person_rules": ("value",),
    "own_sites": ("host",),
    "experiments": ("name", "hypothesis"),
    "day_notes": ("text",),
    "tokens": ("name",),
    "owners": ("name",),
    "audit_entries": ("actor", "what"),
    "webhooks": ("url",),
    "webhook_deliveries": ("event", "answer"),
    "agents": ("user_agent",),
    "referrers": ("referrer", "host"),
    "sources": ("name",),
    "unwrapped_posts": ("text",),
    "link_cards": ("title", "description", "own_title", "own_description", "problem"),
    "link_checks": ("problem",),
    "sendings": ("problem",),
    "utm_values": ("value",),
    "follower_counts": ("source",),
    "watches": ("problem",),
}
"""Where people, programs and other sites put words that pages show."""


class Tags:
    """Hears which tags a page has, with which attributes, and where it leads."""

    def __init__(self) -> None:
        self.kinds: set[tuple[str, str]] = set()
        self.schemes: set[str] = set()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Hear a tag (called by lxml)."""
        self.kinds |= {(tag, name) for name in ("", *attributes)}
        for name in ("href", "src", "action", "formaction", "data"):
            scheme = SCHEME.match(re.sub(r"[\x00-\x20]", "", attributes.get(name, "")))
            if scheme:
                self.schemes.add(scheme[1].lower())

    def end(self, tag: str) -> None:
        """Hear a tag end (called by lxml)."""

    def close(self) -> "Tags":
        """Return what was heard (called by lxml)."""
        return self


def tags_of(page: str) -> Tags:
    """Return which tags a page has, as a browser reads it."""
    parser = etree.HTMLParser(target=Tags())
    parser.feed(page)
    heard: Tags = parser.close()
    return heard


def furnished(world: World) -> Sequence[str]:
    """Make one of everything that pages show; return the pages' addresses."""
    session = world.session
    account = world.account("A newsletter", "other")
    other = world.account()
    watched = world.account("@me@example.social", "mastodon")
    session.add(Watch(account_id=watched.id, next_at=now(), problem="m"))
    segment = add_segment(session, account, "friends", 10, NOON)
    day = now() - timedelta(hours=3)
    post = world.post(account, "http://one.com/ and http://two.com/", day, ("friends",))
    world.post(other, "http://three.com/", day)
    wish = Wish("http://four.com/", state="scheduled", posted_at=now() + timedelta(days=1))
    planned = wrap_post(session, world.shortener, other, wish, day)
    assert planned is not None
    link = post.links[0]
    person = add_person(session, "Jo", NOON)
    promote(session, link, person, now())
    experiment = add_experiment(session, account, Question("Pictures", day, other), NOON)
    add_own_site(session, "one.com", now())
    add_rule(session, person, "host", "one.com", now())
    set_utm_values(session, account, {"utm_source": "x"})
    record_count(session, account, 1_000, NOON, "entered", now=NOON)
    add_note(session, day.date(), "a holiday", account, NOON)
    create_token(session, "program", "read", None, NOON)
    keep_card(session, link.id, link.destination, Found("a", "b", "https://a.com/1.png", "c"), NOON)
    set_own_words(session, link, "d", "e")
    hook = Webhook(
        url="https://a.com/", events="click", sealed_secret="", first_post=0, seen_post=0,
        created_at=NOON,
    )  # fmt: skip
    session.add(hook)
    session.flush()
    unwrapped = UnwrappedPost(
        account_id=account.id, network_id="1", posted_at=day, is_repost=False, text="f", addresses=1
    )
    session.add_all(
        [
            unwrapped,
            Delivery(
                webhook_id=hook.id, event="g", event_key="h", body="{}", created_at=NOON,
                attempts=1, answer="i",
            ),
            LinkCheck(
                link_id=link.id, destination=link.destination, checked_at=now(), failures=2,
                problem="j", failing_since=NOON,
            ),
            Sending(
                post_id=planned.id, state="failed", due_at=now(), changed_at=now(), key="n",
                problem="l",
            ),
        ]
    )  # fmt: skip
    session.commit()
    world.click(
        [
            ClickRecord(to_ms(day), each.id, agent, "//m.com/n", number)
            for each in post.links
            for number, agent in enumerate((FIREFOX, "Twitterbot/1.0", "curl/8"))
        ]
    )
    return [
        *(f"/owner/{name}" for name in PLACES),
        f"/owner/accounts/{account.id}",
        f"/owner/accounts/{account.id}/remove",
        f"/owner/segments/{segment.id}",
        f"/owner/posts/{post.id}",
        f"/owner/posts/{planned.id}",
        f"/owner/posts?account={other.id}&state=scheduled",
        f"/owner/compose/made?post={post.id}&post={planned.id}",
        f"/owner/links/{link.code}",
        f"/owner/destinations?address={link.destination}",
        f"/owner/people/{person.id}",
        f"/owner/experiments/{experiment.id}",
        f"/owner/webhooks/{hook.id}",
        f"/owner/referrers?account={account.id}",
        f"/owner/not-wrapped?account={account.id}",
        f"/owner/not-wrapped?account={watched.id}",
        "/",
        "/privacy",
        f"/{link.code}+",
    ]


PLACES = (
    *("", "accounts", "activity", "audience", "compare", "compose", "digest", "experiments"),
    *("followers", "left-out", "links", "needs-you", "not-wrapped", "notes", "own-clicks"),
    *("own-links", "people", "posts", "queue", "referrers", "segments", "settings"),
    *("shared", "timing", "team", "tokens", "webhooks", "profile"),
)


@pytest.fixture
def strings(shared_data: Path) -> Sequence[str]:
    """The Big List of Naughty Strings: all that can break out of words, and some others."""
    found = json.loads((shared_data / "urls/blns/blns.json").read_text())
    usable = [text for text in found if text.strip()]
    return [text for place, text in enumerate(usable) if SHOWN.search(text) or place % 5 == 0]


def columns() -> Iterator[tuple[Table, Column[str]]]:
    """Yield every column that holds words."""
    for name, fields in FIELDS.items():
        table = Base.metadata.tables[name]
        for field in fields:
            yield table, table.c[field]


def spoil(world: World, strings: Sequence[str], turn: int) -> dict[str, str]:
    """Put a string into each column; return which."""
    put = {}
    every = list(columns())
    with world.database.engine.begin() as connection:
        for place, (table, column) in enumerate(every):
            text = strings[(turn * len(every) + place) % len(strings)][:200]
            change = update(table).values({column: text})
            if column is table.c.get("handle"):  # which accounts are found by
                key = text.strip().removeprefix("@").casefold()
                change = change.values(handle=text.strip(), handle_key=key).where(table.c.id == 1)
            assert connection.execute(change).rowcount > 0, table.name
            put[f"{table.name}.{column.name}"] = text
    return put


@pytest.mark.slow
def test_hostile_text_is_words_on_every_page(sqlite_world: World, strings: Sequence[str]) -> None:
    """No page fails, has a tag or an attribute it has not with harmless words, or leads astray."""
    world = sqlite_world
    browser = Browser.signed_in(world)
    pages = furnished(world)
    kinds: set[tuple[str, str]] = set()
    for page in pages:
        answer = browser.get(page)
        assert answer.status_code == 200, page
        kinds |= tags_of(answer.text).kinds
    seen: set[str] = set()
    turns = -(-len(strings) // len(list(columns())))
    for turn in range(turns):
        put = spoil(world, strings, turn)
        for page in pages:
            answer = browser.get(page)
            assert answer.status_code == 200, (page, read(answer)[-300:])
            heard = tags_of(answer.text)
            assert heard.kinds <= kinds, (page, heard.kinds - kinds)
            bookmark = {"javascript"} if page == "/owner/compose" else set()
            assert heard.schemes <= {"http", "https", "mailto"} | bookmark, (page, heard.schemes)
            for field, text in put.items():
                words = " ".join(text.split())[:30]
                if len(words) > 3 and (html.escape(words) in answer.text or words in answer.text):
                    seen.add(field)
    assert {f"{table.name}.{column.name}" for table, column in columns()} - seen == set()


@pytest.mark.slow
def test_hostile_text_in_questions_and_forms_is_words(
    sqlite_world: World, strings: Sequence[str]
) -> None:
    """What is searched for, or refused with a sentence that repeats it, breaks nothing out."""
    browser = Browser.signed_in(sqlite_world)
    sqlite_world.account()
    harmless = tags_of(browser.client.get("/owner/links", query_string={"q": "a"}).text)
    refused = browser.send("/owner/accounts", {"network": "x", "handle": "a b"}, "/owner/accounts")
    kinds = harmless.kinds | tags_of(refused.text).kinds
    for text in strings[:200]:
        answer = browser.client.get("/owner/links", query_string={"q": text})
        assert answer.status_code == 200
        assert tags_of(answer.text).kinds <= kinds, text
