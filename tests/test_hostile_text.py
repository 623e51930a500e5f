"""Text made to do harm, everywhere it can stand: every page shows it as words.

It is put into the tables past all that checks it, so that no page depends on a check.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from browser import Browser, read
from furnishing import furnished
from lxml import etree
from sqlalchemy import Column, Table, update
from world import World

from linktrack.db import Base

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
