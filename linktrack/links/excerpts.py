"""A post's text on one line, as lists show it. Pure."""

import re

from linktrack.links.formats.guess import guess
from linktrack.links.formats.html import visible_text

_WORDS = re.compile(r"\s+")
_ADDRESS = re.compile(r"https?://([^\s/?#]+)\S*", re.IGNORECASE)


def excerpt(text: str, most: int = 80) -> str:
    """Return a post's text on one line, cut to `most` characters; of HTML, the words in it.

    It goes by the look of it, for lists have the text alone.
    """
    return cut(visible_text(text, most) if "<" in text and guess(text) == "html" else text, most)


def cut(text: str, most: int = 80) -> str:
    """Return any text on one line, cut to `most` characters."""
    line = _WORDS.sub(" ", text).strip()
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def title(text: str, most: int = 80) -> str:
    """Return what a text says beside its web addresses; the text itself where it says no more."""
    line = excerpt(text, len(text) + 1)
    said = _WORDS.sub(" ", _ADDRESS.sub(" ", line)).strip().rstrip(" :-\u2013\u2014>")
    return cut(said or line, most)


def site(text: str) -> str:
    """Return the site of a text's first web address, "" without one."""
    found = _ADDRESS.search(text)
    return cut(found[1].lower().removeprefix("www."), 40) if found else ""
