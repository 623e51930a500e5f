"""What a post's HTML says: its text, its links, and what a text alone would not have. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote

from linktrack.networks.mastodon.detection import detect
from linktrack.networks.mastodon.own_posts import is_own_post
from linktrack.networks.texts import distinct_links, is_short_for, text

QUOTE: Final = "the post it quotes"
_DRESS: Final = "its emphasis, lists or pictures"
_WORDS: Final = "the words that are its links"
FORMATTING: Final = "what its server makes of its text"
# Servers send whole tags and nothing else. What begins like one and is none would take the parser
# time that grows with the square of the text, or make it raise AssertionError ("<![").
_NO_TAG: Final = re.compile(r"<(?!/?[a-zA-Z][^<>]*>)")
_NAME: Final = re.compile(r"(@[\w.-]+)@[\w.-]*\w")
# From the first of a run of spaces: it is tried once, however long it is.
_BREAK: Final = re.compile(r"(?<!\s)\s*\n\s*")

_VOID: Final = frozenset(("area", "br", "col", "hr", "img", "input", "source", "wbr"))
_BLOCKS: Final = frozenset(("p", "div", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"))
_PLAIN: Final = frozenset(("p", "br", "a", "span"))
_SPANS: Final = frozenset(("invisible", "ellipsis", "h-card"))
"""Classes of the spans that servers make of addresses and names."""


@dataclass(frozen=True, slots=True)
class Content:
    """A post's text with its addresses written out, and its links, each once.

    `more` says in words what would be lost if the server made a post of this text: nothing where
    it would make the same HTML.
    """

    text: str
    links: tuple[str, ...]
    more: tuple[str, ...]


def read_content(html: str, mentions: Mapping[str, str] | None = None) -> Content:
    """Return what a post's HTML says.

    Words that lead somewhere keep standing before their address. The line "RE: https://…" that
    goes with a quoted post is left out, and a post of Mastodon is no link.
    `mentions` are profile's address → @name@server: the HTML shows people without their server.
    """
    reader = _Reader(mentions or {})
    reader.feed(_NO_TAG.sub("&lt;", html))
    reader.close()
    written = "".join(piece for piece, _ in reader.pieces)
    more = dict(reader.more)
    if not more and not _found(written) <= _links(reader.pieces):
        more[FORMATTING] = None
    addresses = [address for _, address in reader.pieces if address is not None]
    return Content(text(written) or "", distinct_links(addresses, is_own_post), tuple(more))


def is_written_so(source: str | None, shown: str) -> bool:
    """Whether a text is what its author has written: in Markdown it was, as a rule, another.

    Spaces, and the servers of those it names, are not compared.
    """
    return source is not None and _compared(source) == _compared(shown)


def _compared(written: str) -> list[str]:
    return _NAME.sub(r"\1", written).split()


def _links(pieces: Sequence[tuple[str, str | None]]) -> set[tuple[int, int]]:
    """Return where the links stand in the text."""
    found, position = set(), 0
    for written, address in pieces:
        if address is not None:
            found.add((position, position + len(written)))
        position += len(written)
    return found


def _found(written: str) -> set[tuple[int, int]]:
    """Return where Mastodon would make links of a text: a server may know more hosts than we do."""
    return {(start, end) for start, end, _ in detect(written)}


class _Reader(HTMLParser):
    """A post's HTML as pieces of text, each with the address it leads to; None: nowhere.

    Mentions and hashtags are links in the HTML, and none of the author's. Entities are unescaped
    once.
    """

    def __init__(self, mentions: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[tuple[str, str | None]] = []
        self.more: dict[str, None] = {}
        self._mentions = mentions
        self._address: str | None = None
        self._label: list[str] = []
        self._is_named = False
        self._quote: list[str] = []
        self._quoted: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an address, a line or a paragraph (called by the parser)."""
        fields = dict(attrs)
        classes = set((fields.get("class") or "").split())
        if self._quote or "quote-inline" in classes:
            self.more[QUOTE] = None
            if tag not in _VOID:
                self._quote.append(tag)
                self._quoted[tag] += 1
            return
        if tag not in _PLAIN or (tag == "span" and not classes <= _SPANS):
            self.more[_DRESS] = None
        if tag in ("br", "li"):
            self._say("\n")
        elif tag in _BLOCKS and self.pieces:
            self._say("\n\n")
        elif tag == "a":
            address = text(fields.get("href"))
            is_tag = "hashtag" in classes or "tag" in (fields.get("rel") or "").split()
            if "mention" in classes or (address or "") in self._mentions:
                if name := self._mentions.get(address or ""):
                    self._say(name)
                    self._is_named = True
            elif address is not None and not is_tag:
                self._address = address

    def handle_endtag(self, tag: str) -> None:
        """End an address or a quote (called by the parser)."""
        if self._quote:
            while self._quoted[tag]:
                ended = self._quote.pop()
                self._quoted[ended] -= 1
                if ended == tag:
                    break
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
        if "\n" in data:  # which is no new line in HTML
            data = "" if data.isspace() else _BREAK.sub(" ", data)
        if self._address is None:
            self._say(data)
        else:
            self._label.append(data)

    def _say(self, written: str) -> None:
        if self._address is None:
            self.pieces.append((written, None))
        else:
            self._label.append(written)

    def _end_address(self) -> None:
        if self._address is not None:
            label = "".join(self._label)
            if _is_tag(label, self._address):
                self.pieces.append((label, None))
                self._address, self._label = None, []
                return
            if label.strip() and not is_short_for(label, self._address):
                self.pieces.append((f"{label} ", None))
            if _bare(label) != _bare(self._address):
                self.more[_WORDS] = None
            self.pieces.append((self._address, self._address))
        self._address, self._label, self._is_named = None, [], False


def _is_tag(label: str, address: str) -> bool:
    """Whether this is a hashtag: some servers do not mark those in the HTML."""
    last = unquote(re.sub("[?#].*", "", address)).rstrip("/").rpartition("/")[2]
    word = label.strip()
    return word.startswith("#") and word[1:].casefold() == last.casefold() != ""


def _bare(address: str) -> str:
    """Return an address without what servers leave out when they show it."""
    return re.sub("^https?://", "", address.strip(), flags=re.IGNORECASE).removesuffix("/")
