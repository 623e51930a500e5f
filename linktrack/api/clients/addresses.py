"""Addresses as clients of other shorteners send them."""

import re
from typing import Final
from urllib.parse import urlsplit

from linktrack.context import installation
from linktrack.errors import Invalid

_WEB: Final = re.compile(r"https?://", re.IGNORECASE | re.ASCII)
# A name with a port (example.com:8080) has no scheme, though it looks like one.
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*:(?![0-9]+(?:[/?#]|\Z))", re.IGNORECASE | re.ASCII)


def with_scheme(written: str, scheme: str) -> str:
    """Return an address with a scheme: this one where it has none. "" stays.

    Raises `Invalid` for one with a scheme that is not http:// or https://, such as tel: or mailto:.
    """
    if not written or _WEB.match(written):
        return written
    if _SCHEME.match(written):
        raise Invalid("This is not the address of a web page: begin with http:// or https://.")
    return f"{scheme}://{written}"


def own_domain() -> str:
    """Return the domain, with its port, that short links begin with."""
    return urlsplit(installation().settings.base_url).netloc


def own_host() -> str:
    """Return the same without its port, as some clients name it."""
    return urlsplit(installation().settings.base_url).hostname or ""


def check_domain(domain: str | None, other_name: str) -> None:
    """Raise `Invalid` for any domain but the one there is, which a client may call otherwise."""
    if domain not in (None, "", own_domain(), other_name):
        raise Invalid(f"The only domain here is {own_domain()}.")
