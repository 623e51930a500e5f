"""Preview a wrapped text before any link is created."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from linktrack.links.catalog import Shortener
from linktrack.links.formats.guess import Format
from linktrack.links.left import NotWrapped
from linktrack.links.lengths import length
from linktrack.links.wrapping import destinations, find, replace
from linktrack.networks.network import Length
from linktrack.networks.records import TextLimits

UNKNOWN: Final = "•"
"""Stands for each character of a code that is not made yet."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The text with codes still to be made, how long it will be, and where its links lead.

    `not_wrapped` are the addresses that stay unchanged, each with the reason.
    """

    text: str
    length: Length
    destinations: Sequence[str]
    not_wrapped: Sequence[NotWrapped] = ()
    written_in: Format = "plain"


def preview(
    shortener: Shortener,
    text: str,
    network: str,
    slugs: Sequence[str],
    newest_link: int,
    *,
    own_hosts: tuple[str, ...] = (),
    limits: TextLimits | None = None,
    written_in: Format = "plain",
) -> Preview:
    """Return the wrapped text as it will be, with `•` for codes that are not made yet.

    `newest_link` is the number of the link made last: codes grow with it, and so does the length.
    `own_hosts` are those of former base addresses; `limits` are those of the account's server,
    where it has its own.
    Raises `Invalid` and `TooLarge` as wrapping does.
    """
    found = find(text, network, shortener.base_url, written_in, more_own_hosts=own_hosts)
    addresses = found.addresses
    targets = destinations(addresses)
    likely = [shortener.codes.propose(newest_link + i + 1) for i in range(len(targets))]
    codes = [*slugs[: len(targets)], *likely[len(slugs) :]]
    shown = [*slugs[: len(targets)], *(UNKNOWN * len(code) for code in likely[len(slugs) :])]

    def short(codes: Sequence[str]) -> Mapping[str, str]:
        pairs = zip(targets, codes, strict=True)
        return {destination: shortener.short_url(code) for destination, code in pairs}

    wrapped = replace(text, addresses, short(codes))
    return Preview(
        replace(text, addresses, short(shown)),
        length(wrapped, network, shortener.base_url, limits, written_in),
        targets,
        found.not_wrapped,
        written_in,
    )
