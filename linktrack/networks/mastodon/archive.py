"""Mastodon's archive: actor.json says whose it is, outbox.json what they published."""

import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.networks.archives import Archive, Fields, items
from linktrack.networks.mastodon.own_posts import is_own_post
from linktrack.networks.records import FollowerRecord, PostRecord
from linktrack.networks.texts import distinct_links, is_short_for, moment, stable_id, text

_OUTBOX: Final = re.compile(r"(?:^|/)outbox\.json$")
_ACTOR: Final = re.compile(r"(?:^|/)actor\.json$")
_PROFILE: Final = re.compile(r"/(?:users/|@)([A-Za-z0-9_.-]+)(?:/|$)")
_PUBLIC: Final = (
    "https://www.w3.org/ns/activitystreams#Public",
    "as:Public",
    "Public",
)
_VOID: Final = frozenset(("area", "br", "col", "hr", "img", "input", "source", "wbr"))
_BLOCKS: Final = frozenset(("p", "div", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"))
_RICH: Final = re.compile(
    r"quote-inline|<(?:strong|b|em|i|u|s|del|ul|ol|blockquote|pre|code|h[1-6]|img|table|ruby)\b",
    re.IGNORECASE,
)
"""What a new text in the place of this one would lose."""


class MastodonArchive:
    """One archive of Mastodon, or its outbox.json alone."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._outbox = next(name for name in archive.openers if _OUTBOX.search(name))
        self.account_id: str | None = None  # its address
        self.handle: str | None = None
        actor = next((name for name in archive.openers if _ACTOR.search(name)), None)
        if actor is not None:
            self._read_actor(actor)
        else:
            self._guess_actor()

    @staticmethod
    def is_one(archive: Archive) -> bool:
        """Whether an archive looks like one of Mastodon."""
        return any(_OUTBOX.search(name) for name in archive.openers)

    @property
    def taken_at(self) -> None:
        """Mastodon's archives do not say when they were made."""

    @property
    def has_followers(self) -> bool:
        """Whether the archive has a follower list: none of Mastodon has."""
        return False

    def followers(self) -> Iterator[FollowerRecord]:
        """Yield nobody."""
        return iter(())

    def posts(self) -> Iterator[PostRecord]:
        """Yield what was published, reposts too; direct messages are passed over unread."""
        seen: set[str] = set()
        for activity in self._activities():
            found = _post(activity)
            if found is not None and found.network_id not in seen:
                seen.add(found.network_id)
                yield found

    def _activities(self) -> Iterator[Fields]:
        with self._archive.open(self._outbox) as file:
            yield from items(file, self._outbox, behind='"orderedItems"')

    def _read_actor(self, name: str) -> None:
        try:
            actor = json.loads(self._archive.read(name))
        except (ValueError, RecursionError) as error:
            raise Invalid(f"{name} in {self._archive.label} is broken.") from error
        if not isinstance(actor, dict):
            return
        self.account_id = stable_id(actor.get("url")) or stable_id(actor.get("id"))
        webfinger = text(actor.get("webfinger"))
        user = text(actor.get("preferredUsername"))
        host = urlsplit(self.account_id or "").hostname
        if webfinger is not None:
            self.handle = "@" + webfinger.removeprefix("@")
        elif user is not None and host is not None:
            self.handle = f"@{user}@{host}"

    def _guess_actor(self) -> None:
        """An outbox alone names its owner in the addresses of the posts."""
        for activity in self._activities():
            post = activity.get("object")
            named = [activity.get("actor"), post.get("url") if isinstance(post, dict) else None]
            for address in named:
                found = _PROFILE.search(urlsplit(str(address)).path)
                if found:
                    host = urlsplit(str(address)).hostname
                    self.handle = f"@{found[1]}@{host}"
                    return


def _post(activity: Fields) -> PostRecord | None:
    kind = activity.get("type")
    posted_at = moment(activity.get("published"))
    network_id = stable_id(activity.get("id"))
    if posted_at is None or network_id is None or not _is_published(activity):
        return None
    if kind == "Announce":
        return PostRecord(network_id, posted_at, True, "", ())
    post = activity.get("object")
    if kind != "Create" or not isinstance(post, dict):
        return None
    shown, addresses = read_content(str(post.get("content") or ""))
    return PostRecord(stable_id(post.get("id")) or network_id, posted_at, False, shown, addresses)


def _is_published(activity: Fields) -> bool:
    """Whether everybody, or the followers, were to see it; else it is a message."""
    for field in ("to", "cc"):
        named = activity.get(field)
        for reader in named if isinstance(named, list) else [named]:
            if isinstance(reader, str) and (
                reader in _PUBLIC or urlsplit(reader).path.endswith("/followers")
            ):
                return True
    return False


def read_content(
    html: str, mentions: Mapping[str, str] | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return the text of a post's HTML with its addresses written out, and its links, each once.

    Words that lead somewhere keep standing before their address. The line "RE: https://…" that
    goes with a quoted post is left out, and a post of Mastodon is no link.
    `mentions` are profile's address → @name@server: the HTML shows people without their server.
    """
    content = _Content(mentions or {})
    content.feed(html)
    content.close()
    return content.shown, distinct_links(content.addresses, is_own_post)


def is_plain_content(html: str) -> bool:
    """Whether the HTML is that of a text alone: no quote, no emphasis, no list."""
    return _RICH.search(html) is None


class _Content(HTMLParser):
    """A post's HTML as a text with its addresses written out; entities are unescaped once.

    Mentions and hashtags are links in the HTML, and none of the author's.
    """

    def __init__(self, mentions: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.addresses: list[str] = []
        self._mentions = mentions
        self._parts: list[str] = []
        self._address: str | None = None
        self._label: list[str] = []
        self._is_named = False
        self._quote: list[str] = []

    @property
    def shown(self) -> str:
        return text("".join(self._parts)) or ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an address, a line or a paragraph (called by the parser)."""
        fields = dict(attrs)
        classes = set((fields.get("class") or "").split())
        if self._quote or "quote-inline" in classes:
            if tag not in _VOID:
                self._quote.append(tag)
        elif tag in ("br", "li"):
            self._parts.append("\n")
        elif tag in _BLOCKS and self._parts:
            self._parts.append("\n\n")
        elif tag == "a":
            address = text(fields.get("href"))
            is_tag = "hashtag" in classes or "tag" in (fields.get("rel") or "").split()
            if "mention" in classes:
                if name := self._mentions.get(address or ""):
                    self._parts.append(name)
                    self._is_named = True
            elif address is not None and not is_tag:
                self._address = address

    def handle_endtag(self, tag: str) -> None:
        """End an address or a quote (called by the parser)."""
        if self._quote:
            if tag in self._quote:
                while self._quote.pop() != tag:
                    pass
        elif tag == "a":
            self._end_address()

    def close(self) -> None:
        """End what is still open (called at the end of the HTML)."""
        super().close()
        self._end_address()

    def handle_data(self, data: str) -> None:
        """Keep text, but for what an address or a name looks like (called by the parser)."""
        if self._quote or self._is_named:
            return
        (self._parts if self._address is None else self._label).append(data)

    def _end_address(self) -> None:
        if self._address is not None:
            label = "".join(self._label)
            is_word = label.strip() and not is_short_for(label, self._address)
            self.addresses.append(self._address)
            self._parts.append(f"{label} {self._address}" if is_word else self._address)
        self._address, self._label, self._is_named = None, [], False
