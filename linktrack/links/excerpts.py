"""A post's text on one line, as lists show it. Pure."""

import re
from typing import Final

from linktrack.links.formats.guess import guess
from linktrack.links.formats.html import visible_text
from linktrack.networks.addresses import find_addresses

_WORDS = re.compile(r"\s+")
_ADDRESS = re.compile(r"https?://([^\s/?#]+)\S*", re.IGNORECASE)
_LABELLED = re.compile(
    r"!?\[([^\]\n]{1,200})\]\([^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?\)"
)
# What led to an address, at the end of a text without it.
_LED_THERE = re.compile(r"(?:[\s:;,|–—→(-]|\s(?:and|&|via))+\Z", re.IGNORECASE)
_READ: Final = 1_000  # characters of a text in which its title is looked for


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
    line = excerpt(_LABELLED.sub(r"\1", text[:_READ]), _READ)
    said = line
    for start, end, _ in reversed(find_addresses(line, bare=True)):
        said = f"{said[:start]} {said[end:]}"
    said = _LED_THERE.sub("", _WORDS.sub(" ", said)).strip()
    return cut(said or line, most)


def site(text: str) -> str:
    """Return the site of a text's first web address, "" without one."""
    found = _ADDRESS.search(text)
    return cut(found[1].lower().removeprefix("www."), 40) if found else ""
