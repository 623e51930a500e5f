"""Audiences on no network: a newsletter, a group. Texts are copied, and sent by hand. Pure."""

import re
from typing import Final

from linktrack.networks.addresses import find_addresses
from linktrack.networks.network import Found, Handles, Ids, Length, Network
from linktrack.networks.records import TextLimits


def detect(text: str) -> list[Found]:
    """Return what a careful reader takes for an address: a bare example.com, too."""
    return find_addresses(text, bare=True)


def length(text: str, limits: TextLimits | None) -> Length:  # noqa: ARG001 - as Network has it
    """Return the code points; there is no limit."""
    return Length(len(text), None, True)


NETWORK: Final = Network(
    name="other",
    label="Other",
    meaning="a newsletter, a group",
    is_named=False,
    handles=Handles(
        pattern=re.compile(r"[^\x00-\x1f\x7f]{1,100}"),
        example="a name of up to 100 characters",
        hint="any name for a newsletter or a group",
        begin_with_at=False,
    ),
    ids=Ids(re.compile(r"[^\s].*"), "any text"),
    detect=detect,
    length=length,
    has_follows=False,
)
