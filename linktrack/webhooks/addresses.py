"""Which addresses a webhook may have: of the public internet, or of networks the owner names."""

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.links.destinations import parse_destination
from linktrack.outside.addresses import Network, is_allowed

REMEDY: Final = "name its network in LINKTRACK_WEBHOOK_NETWORKS if it is to be reached."


def check_url(written: str, allowed: Sequence[Network]) -> str:
    """Return a webhook's address as it is stored; raises `Invalid`.

    A name is looked up when something is sent: the address it has then is what counts.
    """
    url = parse_destination(written.strip())
    parts = urlsplit(url)
    if parts.username or parts.password or parts.fragment:
        raise Invalid("A webhook's address has no user name and no #: take them out.")
    try:
        literal = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return url
    if not is_allowed(literal, allowed):
        raise Invalid(f"{literal} is not a public address: {REMEDY}")
    return url
