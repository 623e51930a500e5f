"""How long a text is on Mastodon: what its server says, 500 where that is not known. Pure."""

import re
from typing import Final

from linktrack.networks.lengths import graphemes, with_short_addresses
from linktrack.networks.mastodon.detection import detect
from linktrack.networks.network import Length
from linktrack.networks.records import TextLimits

USUAL: Final = TextLimits(500, 23)
"""What a server takes that does not say otherwise."""

# A mention as Mastodon reads it (MENTION_RE of its app/models/account.rb).
_MENTION = re.compile(
    r"(?<![=/\w])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(?:@\w+(?:[.-]+\w+)*)?", re.IGNORECASE
)


def length(text: str, limits: TextLimits | None) -> Length:
    """Return the length, with a mention of @user@host as @user."""
    known = limits or USUAL
    shown = with_short_addresses(text, detect(text), known.address)
    used = graphemes(_MENTION.sub(r"@\1", shown))
    return Length(used, known.characters, used <= known.characters)
