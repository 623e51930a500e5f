"""How long a text is on Bluesky: 300 characters and 3,000 bytes (app.bsky.feed.post). Pure."""

from typing import Final

from linktrack.networks.lengths import graphemes
from linktrack.networks.network import Length
from linktrack.networks.records import TextLimits

LIMIT: Final = 300
BYTES: Final = 3000


def length(text: str, limits: TextLimits | None) -> Length:  # noqa: ARG001 - as Network has it
    """Return the length, with an address as what one sees of it."""
    used = graphemes(text)
    return Length(used, LIMIT, used <= LIMIT and len(text.encode()) <= BYTES)
