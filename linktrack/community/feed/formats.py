"""A member's feed as Atom (RFC 4287) and as JSON Feed 1.1 (jsonfeed.org). Pure.

Names of feed and entries are tag URIs (RFC 4151) that hold when the address is renewed, and when
short links begin with another address. The member's number is in them: a reader that keeps one
copy of entries with the same name would show one member's links to another.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from linktrack.calendar.times import utc
from linktrack.community.feed.reading import FeedItem, MemberFeed
from linktrack.community.feed.texts import as_html, as_plain, fit, headline, paragraphs
from linktrack.links.codes import with_codes

ATOM = "http://www.w3.org/2005/Atom"
JSON_FEED = "https://jsonfeed.org/version/1.1"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a feed is read, in its formats, and where it is a page."""

    atom: str
    json: str
    page: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry in the words of all formats; `content` is safe HTML."""

    name: str
    title: str
    content: str
    author: str
    address: str | None
    brought_at: str
    posted_at: str


def shown(feed: MemberFeed) -> Iterator[Shown]:
    """Yield the entries of a feed."""
    for item in feed.items:
        yield Shown(
            name=f"{feed_name(feed)}/{item.entry_id}",
            title=with_codes(headline(item.post.text), feed.bases, item.codes),
            content=_with_note(item, as_html(item.post, feed.bases, item.codes)),
            author=fit(item.handle),
            address=_web_address(item.address),
            brought_at=utc(item.brought_at),
            posted_at=utc(item.posted_at),
        )


def plain_text(feed: MemberFeed, item: FeedItem) -> str:
    """Return an entry as plain text: what the owner says of it, and the post."""
    plain = as_plain(item.post, feed.bases, item.codes)
    return plain if item.note is None else f"{fit(item.note)}\n\n{plain}"


def feed_name(feed: MemberFeed) -> str:
    """Return the feed's own name, a tag URI."""
    host, day = feed.born
    return f"tag:{host},{day:%Y-%m-%d}:feed/{feed.member_id}"


def feed_title(feed: MemberFeed) -> str:
    """Return what a feed is called in a reader's list."""
    return fit(f"{feed.community}: the best, for the community")


def atom(feed: MemberFeed, addresses: Addresses) -> bytes:
    """Return the feed as an Atom document in UTF-8."""
    root = ET.Element("feed", {"xmlns": ATOM})
    _add(root, "title", feed_title(feed))
    _add(root, "id", feed_name(feed))
    _add(root, "updated", utc(feed.changed_at))
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=addresses.atom)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=addresses.page)
    _add(ET.SubElement(root, "author"), "name", fit(feed.community))
    for each in shown(feed):
        entry = ET.SubElement(root, "entry")
        _add(entry, "title", each.title)
        _add(entry, "id", each.name)
        _add(entry, "published", each.posted_at)
        _add(entry, "updated", each.brought_at)
        _add(ET.SubElement(entry, "author"), "name", each.author)
        if each.address is not None:
            ET.SubElement(entry, "link", rel="alternate", type="text/html", href=each.address)
        _add(entry, "content", each.content).set("type", "html")
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def json_feed(feed: MemberFeed, addresses: Addresses) -> bytes:
    """Return the feed as a JSON Feed."""
    items: list[dict[str, object]] = []
    for each, entry in zip(shown(feed), feed.items, strict=True):
        item: dict[str, object] = {
            "id": each.name,
            "title": each.title,
            "content_html": each.content,
            "content_text": plain_text(feed, entry),
            "date_published": each.posted_at,
            "date_modified": each.brought_at,
            "authors": [{"name": each.author}],
        }
        items.append(item if each.address is None else item | {"url": each.address})
    document = {
        "version": JSON_FEED,
        "title": feed_title(feed),
        "home_page_url": addresses.page,
        "feed_url": addresses.json,
        "authors": [{"name": fit(feed.community)}],
        "items": items,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _web_address(written: str | None) -> str | None:
    """Return an address that a reader may open, None for any other."""
    if written is None or not written.startswith(("https://", "http://")):
        return None
    return fit(written)


def _with_note(item: FeedItem, content: str) -> str:
    if item.note is None:
        return content
    return f"{paragraphs(fit(item.note))}<blockquote>{content}</blockquote>"


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text
    return element
