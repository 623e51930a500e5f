"""Read a page's title, description and picture for its link card. Pure.

Whatever the bytes are, the answer is short, clean text and an http(s) address.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from linktrack.errors import Invalid
from linktrack.links.cards.page_tags import tags_of
from linktrack.links.cards.page_text import page_text
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
    """Title, description and the picture's address; None if the page says none."""

    title: str | None
    description: str | None
    picture: str | None


def page_words(body: bytes, kind: str, address: str) -> PageWords:
    """Return what a page says; `kind` is its Content-Type header, its `address`.

    A body that is cut is read as far as it goes.
    """
    said = tags_of(page_text(body, kind))
    return PageWords(
        clean(_first(said, _TITLES), MOST_TITLE),
        clean(_first(said, _DESCRIPTIONS), MOST_DESCRIPTION),
        _picture(said, address),
    )


def clean(text: str | None, most: int) -> str | None:
    """Return a text on one line, without what cannot be seen and cut to `most` characters.

    None if nothing is left.
    """
    if text is None:
        return None
    seen = "".join(
        character if character in _JOINERS or unicodedata.category(character)[0] != "C" else " "
        for character in text[: 10 * most]
    )
    line = " ".join(seen.split())
    return (line if len(line) <= most else line[: most - 1].rstrip() + "…") or None


def _first(said: Mapping[str, Sequence[str]], names: tuple[str, ...]) -> str | None:
    return next(iter(_all(said, names)), None)


def _all(said: Mapping[str, Sequence[str]], names: tuple[str, ...]) -> list[str]:
    """Return all that is said under these names, but for what is empty, in order of the names."""
    return [value for name in names for value in said.get(name, ()) if value.strip()]


def _picture(said: Mapping[str, Sequence[str]], address: str) -> str | None:
    """Return the first picture that has an address of the web, read from where the page says."""
    base = address
    for written in said.get("base", ())[:1]:
        base = _address(address, written) or address
    found = (_address(base, written) for written in _all(said, _PICTURES))
    return next((picture for picture in found if picture is not None), None)


def _address(base: str, written: str) -> str | None:
    try:
        return parse_destination(urljoin(base, written.strip()))
    except (Invalid, ValueError):
        return None
