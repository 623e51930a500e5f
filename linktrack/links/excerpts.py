"""A post's text on one line, as lists show it. Pure."""

import re

from linktrack.links.formats.guess import guess
from linktrack.links.formats.html import visible_text

_WORDS = re.compile(r"\s+")


def excerpt(text: str, most: int = 80) -> str:
    """Return a post's text on one line, cut to `most` characters; of HTML, the words in it.

    It goes by the look of it, for lists have the text alone.
    """
    return cut(visible_text(text, most) if "<" in text and guess(text) == "html" else text, most)


def cut(text: str, most: int = 80) -> str:
    """Return any text on one line, cut to `most` characters."""
    line = _WORDS.sub(" ", text).strip()
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
