"""Mastodon's own rule for addresses as its own pattern, to try ours against. For short texts only.

Put together from config/initializers/twitter_regex.rb and the constants of twitter-text 3.1.0 that
it leaves alone (https://github.com/mastodon/mastodon, https://github.com/twitter/twitter-text); top
level domains are today's. As one pattern it takes time that grows with the square of a text.
"""

from functools import cache
from typing import Final

import regex

from linktrack.networks.addresses import top_levels

_SPACES: Final = r"\t-\r \x85\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVALID: Final = r"\ufffe\ufeff\uffff\u202a-\u202e"
_PUNCTUATION: Final = r"!\"#$%&'()*+,\-./:;<=>?@\[\]^_`{|}~"
_LATIN: Final = (
    r"\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272"
    r"\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_WIDE: Final = (
    r"\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U0001fffd\U00020000-\U0002fffd"
    r"\U00030000-\U0003fffd\U00040000-\U0004fffd\U00050000-\U0005fffd\U00060000-\U0006fffd"
    r"\U00070000-\U0007fffd\U00080000-\U0008fffd\U00090000-\U0009fffd\U000a0000-\U000afffd"
    r"\U000b0000-\U000bfffd\U000c0000-\U000cfffd\U000d0000-\U000dfffd\U000e1000-\U000efffd"
    r"\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
)


def _parentheses(letter: str) -> str:
    return rf"\((?:{letter}+|(?:{letter}*\({letter}+\){letter}*))\)"


@cache
def _pattern() -> "regex.Pattern[str]":
    before = rf"(?:[^A-Z0-9@＠$#＃{_INVALID}]|^)"
    letter = rf"[^{_PUNCTUATION}{_SPACES}\x00-\x1f\x7f{_INVALID}]"
    subdomain = rf"(?:(?:{letter}(?:[_-]|{letter})*)?{letter}\.)"
    name = rf"(?:(?:{letter}(?:[-]|{letter})*)?{letter}\.)"
    tops = "|".join(map(regex.escape, sorted(top_levels(), key=len, reverse=True)))
    domain = rf"(?:{subdomain}*{name}(?:(?:{tops})(?=[^0-9a-z@]|$)|(?:xn--[0-9a-z]+)))"
    old = rf"[a-z\p{{Cyrillic}}0-9!*';:=+,.$/%#\[\]\p{{Pd}}_~&|@{_LATIN}]"
    general = rf"[^{_SPACES.replace(chr(92) + 'u180e', '')}<>()?]"
    ending = (
        rf"(?:[^{_SPACES.replace(chr(92) + 'u180e', '')}()?!*\"'「」<>;:=,.$%\[\]~&|@]"
        rf"|(?:{_parentheses(old)}))"
    )
    path = rf"(?:(?:{general}*(?:{_parentheses(general)}{general}*)*{ending})|(?:{general}+/))"
    query = rf"[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@\^{_WIDE}]"
    query_end = rf"[a-z0-9_&=#/\-{_WIDE}]"
    whole = (
        rf"(?:{before})(?P<url>(?P<scheme>https?://)?(?:{domain})(?::[0-9]+)?(?:/{path}*)?"
        rf"(?:\?{query}*{query_end})?)"
    )
    return regex.compile(whole, regex.IGNORECASE | regex.MULTILINE)


_TCO: Final = regex.compile(r"https?://t\.co/([a-z0-9]+)", regex.IGNORECASE)


def mastodon_links(text: str) -> list[tuple[int, int, str]]:
    """Return what Mastodon makes a link of, a text of at most some dozen characters."""
    found = []
    for match in _pattern().finditer(text, timeout=20):
        if match["scheme"] is None:
            continue
        start, end = match.span("url")
        tco = _TCO.match(text, start, end)
        end = tco.end() if tco else end
        found.append((start, end, text[start:end]))
    return found
