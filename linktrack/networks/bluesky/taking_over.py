"""The record of a post that takes the place of another: the same, but for its links. Pure."""

from collections.abc import Mapping
from typing import Final

from linktrack.networks.archives import Fields
from linktrack.networks.bluesky.pieces import pieces_of, put_together
from linktrack.networks.bluesky.posts import card_address
from linktrack.networks.errors import Refused
from linktrack.networks.records import Message
from linktrack.networks.texts import is_alike, without_root

GATES: Final = ("app.bsky.feed.threadgate", "app.bsky.feed.postgate")
"""Who may reply, and who may quote: records of their own, under the key of their post."""

_STAY: Final = ("langs", "tags")


def taken_over(old: Fields, message: Message) -> dict[str, object]:
    """Return text, links, card and what else stays of a post's record.

    A card leads to our address, and keeps its words and its picture; where the address stood in the
    card alone, the text does not show ours either. Raises `Refused` where the text would not be the
    message's.
    """
    ours = {without_root(address): short for address, short in message.short_for.items()}

    def other(address: str) -> str:
        return ours.get(without_root(address), address)

    pieces, _ = pieces_of(old)
    written, facets = put_together(pieces, other)
    card = card_address(old)
    below = None
    shown = written.strip()
    if card is not None:
        # The address of a card may be written otherwise than that of the text.
        below = next(
            (short for address, short in message.short_for.items() if is_alike(address, card)), card
        )
        if shown != message.text:
            shown = f"{shown}\n\n{below}".strip()
    if shown != message.text:
        raise Refused(
            "The post would read differently from its wrapped version: copy that and post it."
        )
    record: dict[str, object] = {"text": written}
    if facets:
        record["facets"] = facets
    embed = old.get("embed")
    if below is not None and isinstance(embed, dict) and "external" in embed:
        record["embed"] = {**embed, "external": {**embed["external"], "uri": below}}
    return record | {name: old[name] for name in _STAY if old.get(name)}


def gate_of(old: Mapping[str, object], post: str, at: str) -> dict[str, object]:
    """Return the gate of another post, for the post at this address."""
    return {**old, "post": post, "createdAt": at}
