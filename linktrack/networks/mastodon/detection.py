"""What Mastodon makes a link of, by its own rule. Pure.

Mastodon reads a text with twitter-text's rule for addresses, under constants of its own
(config/initializers/twitter_regex.rb), which let nearly every character stand in a path. Here that
rule is written down for reading from left to right: as patterns for a whole address it takes time
that grows with the square of the text.

A name without a scheme is no link on Mastodon, yet it is read as one address with what follows it:
"example.com/https://example.org" is no link.

Mastodon knows the top-level domains of 2018, here those of today count: an address that is too new
for Mastodon becomes a link with the short one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from linktrack.networks.addresses import top_levels
from linktrack.networks.network import Found

_SPACES: Final = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_NEVER: Final = r"\ufffe\ufeff\uffff\u202a-\u202e"

_NOT_BEFORE: Final = re.compile(rf"[a-z0-9@＠$#＃{_NEVER}]", re.IGNORECASE)
"""What an address cannot follow directly."""

_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)

# A host may have a backslash, and no other ASCII punctuation; - and _ only within.
_LETTER: Final = rf"[^!-/:-@\[\]^_`{{|}}~\x00-\x1f\x7f\u180e{_SPACES}{_NEVER}]"
_LABELS: Final = re.compile(rf"(?:{_LETTER}|[-_])+")
_PLAIN: Final = re.compile(r"[0-9a-z]+", re.IGNORECASE)
_NOT_BEHIND: Final = re.compile(r"[0-9a-z@]", re.IGNORECASE)
"""What cannot follow a top-level domain directly."""

_PUNYCODE: Final = re.compile(r"xn--[0-9a-z]+", re.IGNORECASE)

_PATH: Final = rf"[^{_SPACES}<>()?]"
_PATH_END: Final = rf"[^{_SPACES}()?!*\"'「」<>;:=,.$%\[\]~&|@]"
# The letters that twitter-text itself allows in a path. Mastodon's pattern for the end of a
# path still holds twitter-text's own pair of brackets: one around other letters is no end.
_OLD_PATH: Final = (
    r"[a-zA-Zа-яА-Я\u0400-\u052f0-9!*';:=+,.$/%#\[\]_~&|@\-\u058a\u05be\u2010-\u2015\u2e3a\u2e3b"
    r"\u301c\u3030\u30a0\ufe58\ufe63\uff0dÀ-ÖØ-öø-ɏɓɔɖɗəɛɣɨɯɲʉʋʻ\u0300-\u036fḀ-ỿ]"
)
_QUERY_LETTER: Final = (
    r"\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\uffef"
    + "".join(f"\\U{plane:04x}0000-\\U{plane:04x}fffd" for plane in range(1, 14))
    + r"\U000e1000-\U000efffd\U000f0000-\U000ffffd\U00100000-\U0010fffd"
)


def _pair(letter: str) -> str:
    """Return a pattern for a pair of brackets, with at most one pair in it."""
    return rf"\((?:{letter}++|{letter}*+\({letter}++\){letter}*+)\)"


_TAIL: Final = re.compile(
    r"(?::[0-9]+)?"
    rf"(?:/(?:(?:{_PATH}|{_pair(_PATH)})*(?:{_PATH_END}|{_pair(_OLD_PATH)}))?)?"
    rf"(?:\?[a-zA-Z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^{_QUERY_LETTER}]*"
    rf"[a-zA-Z0-9_&=#/\-{_QUERY_LETTER}])?"
)

_TCO: Final = re.compile(r"https?://t\.co/[a-z0-9]+", re.IGNORECASE)
"""A link of X, which ends with its code."""


def detect(text: str) -> list[Found]:
    """Return what Mastodon makes a link of."""
    hosts = _Hosts.of(text)
    found: list[Found] = []
    place = 0
    while place < len(text):
        for start in _starts(text, place):
            scheme = _SCHEME.match(text, start)
            host_end = hosts.end(scheme.end() if scheme else start)
            if host_end is None:
                continue
            tail = _TAIL.match(text, host_end)
            end = tail.end() if tail else host_end
            if scheme:
                tco = _TCO.match(text, start, end)
                shown_end = tco.end() if tco else end
                found.append((start, shown_end, text[start:shown_end]))
            place = end
            break
        else:
            place += 1
    return found


def _starts(text: str, place: int) -> list[int]:
    """Return where an address may begin: behind the character at this place, or on a new line."""
    starts = [] if _NOT_BEFORE.match(text, place) else [place + 1]
    if place == 0 or text[place - 1] == "\n":
        starts.append(place)
    return starts


@dataclass(frozen=True, slots=True)
class _Hosts:
    """The hosts of a text: where each ends, whichever letter it begins with.

    `label_ends` is, for each letter of a label, where the label ends. `ends` and `later` are, for
    each dot, where a host ends that has its top-level domain behind this dot, or behind one of the
    dots that follow: a host is as long as it can be.
    """

    text: str
    label_ends: Mapping[int, int]
    ends: Mapping[int, int]
    later: Mapping[int, int]

    @classmethod
    def of(cls, text: str) -> "_Hosts":
        label_ends: dict[int, int] = {}
        for label in _LABELS.finditer(text):
            label_ends.update(dict.fromkeys(range(label.start(), label.end()), label.end()))
        ends: dict[int, int] = {}
        later: dict[int, int] = {}
        for dot in reversed([match.start() for match in re.finditer(r"\.", text)]):
            end = _top_level_end(text, dot + 1)
            if end is not None:
                ends[dot] = end
            following = cls(text, label_ends, ends, later).end(dot + 1)
            if following is not None:
                later[dot] = following
        return cls(text, label_ends, ends, later)

    def end(self, start: int) -> int | None:
        """Return where the host that begins here ends; None where none does."""
        dot = self.label_ends.get(start)
        if dot is None or self.text[dot : dot + 1] != ".":
            return None
        if self.text[start] in "-_" or self.text[dot - 1] in "-_":
            return None
        if dot in self.later:
            return self.later[dot]
        # The name before the top-level domain has no underscore.
        return None if self.text.find("_", start, dot) >= 0 else self.ends.get(dot)


def _top_level_end(text: str, start: int) -> int | None:
    """Return where the top-level domain that begins here ends, whatever letters follow it."""
    plain = _PLAIN.match(text, start)
    if plain is not None:
        if plain[0].lower() in top_levels() and text[plain.end() : plain.end() + 1] != "@":
            return plain.end()
        punycode = _PUNYCODE.match(text, start)
        return punycode.end() if punycode else None
    for end in range(min(start + _longest(), len(text)), start, -1):
        if text[start:end].lower() in top_levels() and not _NOT_BEHIND.match(text, end):
            return end
    return None


@cache
def _longest() -> int:
    return max(len(name) for name in top_levels() if not name.isascii())
