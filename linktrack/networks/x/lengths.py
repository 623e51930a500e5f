"""How long a text is on X: 280 at most, with CJK and emoji as 2 (twitter-text). Pure."""

import unicodedata
from typing import Final

from linktrack.networks.lengths import with_short_addresses
from linktrack.networks.network import Length
from linktrack.networks.records import TextLimits
from linktrack.networks.x.detection import detect
from linktrack.networks.x.twitter import twitter_text

LIMIT: Final = 280
ADDRESS: Final = 23
"""X counts every address as this many characters, however long it is."""


def length(text: str, limits: TextLimits | None) -> Length:  # noqa: ARG001 - as Network has it
    """Return the weighted length."""
    text = unicodedata.normalize("NFC", text)
    shown = with_short_addresses(text, detect(text), ADDRESS)
    # Without a full stop, which weighs as much as a comma, it does not look for addresses again.
    used: int = twitter_text().parse_tweet(shown.replace(".", ",")).weightedLength
    return Length(used, LIMIT, used <= LIMIT)
