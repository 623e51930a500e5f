"""Addresses as clients of other shorteners send them."""

import re
from typing import Final

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
