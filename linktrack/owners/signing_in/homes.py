"""Where passkeys belong: to the name in LINKTRACK_BASE_URL, since browsers bind them to one."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from linktrack.settings import Settings


@dataclass(frozen=True, slots=True)
class Home:
    """The name to which passkeys are bound, and the one address where pages may ask for them."""

    rp_id: str
    origin: str


def home_of(settings: Settings) -> Home | None:
    """Return where passkeys belong, None where browsers offer none: without https, or a name.

    A browser takes localhost for safe, but no passkey belongs to an IP address: on loopback it is
    localhost, whatever the base address says.
    """
    parts, host = urlsplit(settings.base_url), settings.base_host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        is_named = host == "localhost" or host.endswith(".localhost")
        if not settings.is_https and not is_named:
            return None
        return Home(host, settings.base_url.removesuffix(":443"))
    if not address.is_loopback:
        return None
    port = "" if parts.port is None else f":{parts.port}"
    return Home("localhost", f"{parts.scheme}://localhost{port}")
