"""What a page's tags say of it: meta, title, base. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

_FOREIGN: Final = frozenset(("svg", "math"))
"""A title in one of these is that of a drawing."""

_HTML_AGAIN: Final = frozenset(
    [
        "b",
        "big",
        "blockquote",
        "body",
        "br",
        "center",
        "code",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "embed",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "hr",
        "i",
        "img",
        "li",
        "listing",
        "menu",
        "meta",
        "nobr",
        "ol",
        "p",
        "pre",
        "ruby",
        "s",
        "small",
        "span",
        "strong",
        "strike",
        "sub",
        "sup",
        "table",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
"""What ends a drawing that was never closed (HTML, 13.2.6.5)."""


def tags_of(page: str) -> Mapping[str, Sequence[str]]:
    """Return all values of each thing that a page's tags say, by name, in order.

    Read as a stream, so that no depth of tags costs more than their number.
    """
    from lxml import etree

    parser = etree.HTMLParser(target=_Listener(), remove_comments=True, remove_pis=True)
    parser.feed(page.replace("\0", "\ufffd"))
    said: Mapping[str, Sequence[str]] = parser.close()
    return said


class _Listener:
    """Hears the tags of a page as lxml reads them."""

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}
        self._in_title = False
        self._drawings = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Hear a tag begin (called by lxml)."""
        if tag in _FOREIGN:
            self._drawings += 1
        elif tag in _HTML_AGAIN:
            self._drawings = 0
        self._in_title = tag == "title" and "title" not in self._said and not self._drawings
        if tag == "base" and "href" in attributes:
            self._say("base", attributes["href"])
        if tag != "meta":
            return
        if "charset" in attributes:
            self._say("charset", attributes["charset"])
        names = (attributes.get(name) for name in ("property", "name", "http-equiv"))
        for name in filter(None, names):
            self._say(name.strip().lower(), attributes.get("content", ""))

    def _say(self, name: str, value: str) -> None:
        self._said.setdefault(name, []).append(value)

    def data(self, text: str) -> None:
        """Hear text (called by lxml, maybe several times for one)."""
        if self._in_title:
            said = self._said.setdefault("title", [""])
            said[0] += text

    def end(self, tag: str) -> None:
        """Hear a tag end (called by lxml)."""
        self._in_title = False
        if tag in _FOREIGN:
            self._drawings = max(self._drawings - 1, 0)

    def close(self) -> Mapping[str, Sequence[str]]:
        """Return what was heard (called by lxml)."""
        return self._said
