"""How long a text is by its network's own rule, and how long it may be."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from linktrack.links.twitter import twitter_text
from linktrack.links.wrapping import check_text, detect, with_public_base
from linktrack.networks.base import TextLimits

X_LIMIT: Final = 280
BLUESKY_LIMIT: Final = 300
BLUESKY_BYTES: Final = 3000
ADDRESS: Final = 23
"""X counts every address as this many characters, however long it is."""

MASTODON: Final = TextLimits(500, ADDRESS)
"""What a server of Mastodon takes that does not say otherwise."""

# A mention as Mastodon reads it (MENTION_RE of its app/models/account.rb).
_MENTION = re.compile(
    r"(?<![=/\w])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(?:@\w+(?:[.-]+\w+)*)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Length:
    """A text's length in its network's unit, the limit (None: there is none), and whether it fits.

    Units: X weighted characters, Bluesky graphemes, Mastodon graphemes with each address as 23 or
    what its server says, others code points.
    """

    used: int
    limit: int | None
    fits: bool

    @property
    def left(self) -> int | None:
        """What may still be added; negative: what must go. None where there is no limit."""
        return None if self.limit is None else self.limit - self.used


def length(text: str, network: str, base_url: str, limits: TextLimits | None = None) -> Length:
    """Return how long a wrapped text is; our own short links count as links on any host of ours.

    X: 280, with CJK and emoji as 2 (twitter-text). Bluesky: 300 graphemes and 3,000 bytes, an
    address as what one sees of it (app.bsky.feed.post). Mastodon: what its server says (`limits`;
    500 and 23 where that is not known), a mention of @user@host as @user. Raises Invalid and
    TooLarge as wrapping does.
    """
    check_text(text, network)
    match network:
        case "x":
            used, limit = _weighted(with_public_base(text, base_url)), X_LIMIT
        case "bluesky":
            used, limit = _graphemes(text), BLUESKY_LIMIT
            return Length(used, limit, used <= limit and len(text.encode()) <= BLUESKY_BYTES)
        case "mastodon":
            known = limits or MASTODON
            shown = _with_short_addresses(text, network, known.address)
            used, limit = _graphemes(_MENTION.sub(r"@\1", shown)), known.characters
        case _:
            return Length(len(text), None, True)
    return Length(used, limit, used <= limit)


def _with_short_addresses(text: str, network: str, address: int) -> str:
    parts = []
    position = 0
    for start, end, _ in detect(text, network):
        parts += [text[position:start], "x" * address]
        position = end
    return "".join([*parts, text[position:]])


def _weighted(text: str) -> int:
    parse_tweet = twitter_text().parse_tweet

    shown = _with_short_addresses(unicodedata.normalize("NFC", text), "x", ADDRESS)
    # Without a full stop, which weighs as much as a comma, it does not look for addresses again.
    weighted: int = parse_tweet(shown.replace(".", ",")).weightedLength
    return weighted


def _graphemes(text: str) -> int:
    import regex

    return sum(1 for _ in regex.finditer(r"\X", text))
