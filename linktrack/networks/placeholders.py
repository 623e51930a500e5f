"""Placeholders, which a mail program fills in before it sends a newsletter. Pure."""

import re
from typing import Final

HIDDEN: Final = "\ua66e"
"""Stands for each character of a placeholder: a letter, so that it ends nothing, and used nowhere
but in one manuscript of the psalms."""

MOST: Final = 2_000
"""Characters of a placeholder at most; between marks that are further apart is other text."""

_CLOSING: Final = {"{{": "}}", "{%": "%}", "<%": "%>", "${": "}"}
_OPENING = re.compile(
    r"(?P<open>\{\{|\{%|<%|\$\{)"
    r"|\*\|[\w .:=!,-]{1,100}\|\*"
    r"|%%\{?[\w.:=-]{1,100}\}?%%"
    r"|\[\[ ?[\w.:|-]{1,100} ?\]\](?!\()"
)
_BEGINS = re.compile(r"\$?\{|\*\||<%|%%|\[\[")
# In an address alone: braces have no place there, and a percent sign only with two hex digits.
_IN_ADDRESS = re.compile(
    r"[{}]|\*\||\|\*|<%|%>|\[\[|\]\]|%%"
    r"|%(?![0-9a-f]{2})[a-z_][\w.-]*%"
    r"|%[a-z_][\w.-]*%(?![0-9a-f]{2})"
    r"|@TrackLink\b",  # listmonk's mark for addresses that it wraps itself
    re.IGNORECASE,
)


def placeholders(text: str) -> list[tuple[int, int]]:
    """Return where placeholders are (start, end), in order, none overlapping another."""
    found = []
    position = 0
    for match in _OPENING.finditer(text):
        if match.start() < position:
            continue
        opening, end = match["open"], match.end()
        if opening:
            closing = _CLOSING[opening]
            # No further than that: a text may open thousands, and close one at its end.
            at = text.find(closing, end, match.start() + MOST)
            if at < 0:
                continue
            end = at + len(closing)
            if closing == "}}" and text.startswith("}", end):  # {{{ unescaped }}}
                end += 1
        if end - match.start() <= MOST:
            found.append((match.start(), end))
            position = end
    return found


def hide(text: str, spans: list[tuple[int, int]]) -> str:
    """Return a text of the same length in which nothing of these placeholders can be read."""
    parts = []
    position = 0
    for start, end in spans:
        parts += [text[position:start], HIDDEN * (end - start)]
        position = end
    return "".join([*parts, text[position:]])


def has_placeholder(address: str) -> bool:
    """Whether an address holds a placeholder, or has become one in `hide`."""
    return HIDDEN in address or _IN_ADDRESS.search(address) is not None


def is_filled_in(text: str, start: int, end: int) -> bool:
    """Whether the address at these positions holds a placeholder, or one follows it directly.

    Only placeholders that can be read count: what `hide` has covered is found by `has_placeholder`.
    """
    is_within = _IN_ADDRESS.search(text, start, end) is not None
    return is_within or _BEGINS.match(text, end) is not None
