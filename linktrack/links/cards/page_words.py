"""Read a page's title, description and picture for its link card. Pure.

Whatever the bytes are, the answer is short, clean text and an http(s) address.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from linktrack.errors import Invalid
from linktrack.links.destinations import parse_destination

MOST_TITLE: Final = 300
"""Characters; networks show about 70 of a title and 200 of a description."""

MOST_DESCRIPTION: Final = 1_000

# The first of these that a page has is taken: Open Graph (https://ogp.me), X's cards, plain HTML.
_TITLES: Final = ("og:title", "twitter:title", "title")
_DESCRIPTIONS: Final = ("og:description", "twitter:description", "description")
_PICTURES: Final = (
    "og:image:secure_url",
    "og:image",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
)
_JOINERS: Final = "\u200c\u200d"  # of emoji, and of Persian and Indian scripts


@dataclass(frozen=True, slots=True)
class PageWords:
    """Title, description and the picture's address; None where the page says none."""

    title: str | None
    description: str | None
    picture: str | None


def page_words(body: bytes, kind: str, address: str) -> PageWords:
    """Return what a page says; `kind` is its Content-Type header, `address` where it stands.

    A body that is cut is read as far as it goes.
    """
    said = _said(_decode(body, kind))
    picture = _first(said, _PICTURES)
    return PageWords(
        clean(_first(said, _TITLES), MOST_TITLE),
        clean(_first(said, _DESCRIPTIONS), MOST_DESCRIPTION),
        None if picture is None else _address(address, picture),
    )


def clean(text: str | None, most: int) -> str | None:
    """Return a text on one line, without what cannot be seen and cut to `most` characters.

    None where nothing is left.
    """
    if text is None:
        return None
    seen = "".join(
        character if character in _JOINERS or unicodedata.category(character)[0] != "C" else " "
        for character in text[: 10 * most]
    )
    line = " ".join(seen.split())
    return (line if len(line) <= most else line[: most - 1].rstrip() + "…") or None


def _first(said: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((said[name] for name in names if said.get(name, "").strip()), None)


def _address(base: str, written: str) -> str | None:
    try:
        return parse_destination(urljoin(base, written.strip()))
    except (Invalid, ValueError):
        return None


def _decode(body: bytes, kind: str) -> str:
    """Return a page's text: by its byte order mark, its header, its own word, else UTF-8.

    Only the encodings that browsers know (https://encoding.spec.whatwg.org): some of Python's own
    take minutes for a megabyte made for it.
    """
    import webencodings

    label = _charset(kind) or _declared(body[:1024].decode("latin-1"))
    encoding = webencodings.lookup(label) if label else None
    text, _ = webencodings.decode(body, encoding or webencodings.UTF8)
    return str(text)


def _charset(kind: str) -> str | None:
    """Return the charset that a Content-Type names."""
    for part in kind.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return None


def _declared(start: str) -> str | None:
    """Return the charset that a page's first bytes name, in either of HTML's two forms."""
    said = _said(start)
    return said.get("charset") or _charset(said.get("content-type", ""))


def _said(text: str) -> Mapping[str, str]:
    """Return the first value of each thing a page's meta tags and title say, by name.

    Read as a stream, so that no depth of tags costs more than their number.
    """
    from lxml import etree

    parser = etree.HTMLParser(target=_Listener(), remove_comments=True, remove_pis=True)
    parser.feed(text.replace("\0", "\ufffd"))
    said: Mapping[str, str] = parser.close()
    return said


class _Listener:
    """Hears the tags of a page as lxml reads them."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._in_title = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Hear a tag begin (called by lxml)."""
        self._in_title = tag == "title" and "title" not in self._said
        if tag != "meta":
            return
        if "charset" in attributes:
            self._said.setdefault("charset", attributes["charset"])
        names = (attributes.get(name) for name in ("property", "name", "http-equiv"))
        for name in filter(None, names):
            self._said.setdefault(name.strip().lower(), attributes.get("content", ""))

    def data(self, text: str) -> None:
        """Hear text (called by lxml, maybe several times for one)."""
        if self._in_title:
            self._said["title"] = self._said.get("title", "") + text

    def end(self, _tag: str) -> None:
        """Hear a tag end (called by lxml)."""
        self._in_title = False

    def close(self) -> Mapping[str, str]:
        """Return what was heard (called by lxml)."""
        return self._said
