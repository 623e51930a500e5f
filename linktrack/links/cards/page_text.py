"""Read a page's bytes as text, in the encoding in which browsers would. Pure.

Only the encodings that browsers know (https://encoding.spec.whatwg.org): some of Python's own take
minutes for a megabyte made for it.
"""

import codecs
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from linktrack.links.cards.page_tags import tags_of

if TYPE_CHECKING:
    from webencodings import Encoding

EARLY: Final = 1024
"""Bytes in which a page should say its encoding; browsers take a later word too."""

_XML: Final = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""")
_WIDE: Final = {b"<\0?\0x\0": "utf-16le", b"\0<\0?\0x": "utf-16be"}
"""How a page begins that is XML in UTF-16."""

_MEANT: Final = {"utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "windows-1252"}
"""What is meant where a page names these in letters of one byte (HTML, 13.2.3.2)."""


def page_text(body: bytes, kind: str) -> str:
    """Return a page's text; `kind` is its Content-Type header.

    By its byte order mark, its header, its own word; else it is UTF-8 where it can be, and
    windows-1252 where not.
    """
    import webencodings

    found = _known(_charset(kind)) or _declared(body) or _guessed(body)
    text, _ = webencodings.decode(body, found)
    return str(text)


def _known(label: str | None) -> "Encoding | None":
    import webencodings

    return webencodings.lookup(label) if label else None


def _guessed(body: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)  # the last letter may be cut
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _declared(body: bytes) -> "Encoding | None":
    """Return the encoding that a page names: in its tags, or its XML declaration."""
    wide = _WIDE.get(body[:6])
    if wide is not None:
        return _known(wide)
    labels = [*_labels(tags_of(body[:EARLY].decode("latin-1")))]
    xml = _XML.match(body)
    if xml is not None:
        labels.append(xml[1].decode())
    if b"charset" in body[EARLY - 100 :].lower():
        labels += _labels(tags_of(body.decode("latin-1")))
    for label in labels:
        found = _known(label)
        if found is not None:
            return _known(_MEANT.get(found.name)) or found
    return None


def _labels(said: Mapping[str, Sequence[str]]) -> list[str]:
    named = [_charset(kind) for kind in said.get("content-type", ())]
    return [*said.get("charset", ()), *(label for label in named if label)]


def _charset(kind: str) -> str | None:
    """Return the charset that a Content-Type names."""
    for part in kind.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return None
