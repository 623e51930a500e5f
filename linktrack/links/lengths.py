"""How long a text is by its network's own rule, and how long it may be."""

from linktrack.links.formats.guess import Format
from linktrack.links.wrapping import MAX_NEWSLETTER, check_text, with_public_base
from linktrack.networks.network import Length
from linktrack.networks.records import TextLimits
from linktrack.networks.registry import network_of


def length(
    text: str,
    network: str,
    base_url: str,
    limits: TextLimits | None = None,
    written_in: Format = "plain",
) -> Length:
    """Return how long a wrapped text is; our own short links count as links on any host of ours.

    `limits` are those of the account's server, where it says them. Markdown and HTML are counted
    in characters, without a limit: no network shows them. Raises Invalid and TooLarge as wrapping
    does.
    """
    found = network_of(network)
    if written_in != "plain":
        check_text(text, MAX_NEWSLETTER)
        return Length(len(text), None, True)
    check_text(text)
    if found.links_public_hosts_only:
        text = with_public_base(text, base_url)
    return found.length(text, limits)
