"""Check through the public address whether the running service sees callers' real addresses."""

import http.client
import json
import socket
import ssl
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from linktrack.keys import Keys
from linktrack.links.hosts.names import bare_host, host_of
from linktrack.settings import Settings

MADE_UP: Final = "192.0.2.77"
"""An address nobody has (RFC 5737), sent as a reader might make one up."""

SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the service says of our request.

    `peer` is who connected to it, and `is_trusted` whether the word of that one on others is
    believed; `client` is whom it takes us for; `skew` is its clock before ours, in seconds; `files`
    is how many files a worker may have open, `host` the name under which it was asked.
    """

    peer: str
    is_trusted: bool
    client: str
    forwarded: str | None
    skew: float | None
    files: int = -1
    host: str | None = None


class UnreachableError(Exception):
    """The service was not reached at its address; the text says why, as a clause."""


def probe(settings: Settings, keys: Keys) -> Seen:
    """Ask the service of these keys at the base address; raises `UnreachableError`."""
    parts = urlsplit(settings.base_url)
    kind = http.client.HTTPSConnection if settings.is_https else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    marker = keys.markers().sign("probe", str(int(time.time())))
    headers = {"X-Linktrack-Probe": marker, "X-Forwarded-For": MADE_UP}
    try:
        connection.request("GET", "/healthz/seen", headers=headers)
        response = connection.getresponse()
        body = response.read(10_000)
    except socket.gaierror as error:
        raise UnreachableError(f"the name {parts.hostname} has no address") from error
    except TimeoutError as error:
        raise UnreachableError("it does not answer within 10 seconds") from error
    except ssl.SSLCertVerificationError as error:
        raise UnreachableError(f"its certificate is not valid ({error.verify_message})") from error
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"no connection ({error})") from error
    finally:
        connection.close()
    if response.status in (301, 302, 307, 308):
        where = response.getheader("Location", "")
        raise UnreachableError(f"it redirects to {where[:100]}: set LINKTRACK_BASE_URL to that")
    if response.status in (502, 503, 504):
        raise UnreachableError(
            f"a proxy answers, and linktrack behind it does not (status {response.status})"
        )
    try:
        fields = json.loads(body)
        date = response.getheader("Date")
        skew = None if date is None else parsedate_to_datetime(date).timestamp() - time.time()
        return Seen(
            str(fields["peer"]),
            bool(fields["is_trusted"]),
            str(fields["client"]),
            fields["forwarded"],
            skew,
            files=int(fields["files"]),
            host=fields.get("host"),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreachableError(
            f"another service answers there (status {response.status})"
        ) from error


def look_at_domain(address: str, settings: Settings, keys: Keys | None) -> tuple[str, str | None]:
    """Return what is found at a further domain, and the remedy; None where it leads here."""
    host = host_of(address)
    if host == host_of(settings.base_url):
        return (
            "it is the first domain's address, whose links are found there",
            "set LINKTRACK_BASE_URL back, or give the domain another address",
        )
    if keys is None:
        return f"short links begin with {address}", None
    try:
        seen = probe(replace(settings, base_url=address), keys)
    except UnreachableError as error:
        return f"not reached at {address}: {error}", (
            "let its name lead to this server, and add it to the proxy, as the guide says"
        )
    if bare_host(seen.host or "") not in (host, host.partition(":")[0]):
        return f"the proxy asks for {seen.host} instead", (
            "let the proxy pass on the Host header: proxy_set_header Host $host in nginx"
        )
    return f"it leads here at {address}", None


def misbelief(seen: Seen) -> tuple[str, str] | None:
    """Return what is wrong with how the service identifies readers, and the remedy; or None."""
    if seen.client == MADE_UP:
        return (
            "an address that a reader makes up is believed",
            (
                "let the proxy add to X-Forwarded-For or overwrite it, and name no other network "
                "in LINKTRACK_TRUSTED_PROXIES"
            ),
        )
    hops = [] if seen.forwarded is None else [hop.strip() for hop in seen.forwarded.split(",")]
    added = [hop for hop in hops if hop != MADE_UP]
    if added and not seen.is_trusted:
        return (
            f"the proxy's word is not believed: every reader is taken for {seen.peer}",
            f"set LINKTRACK_TRUSTED_PROXIES={seen.peer} and restart",
        )
    return None


def hides_readers(seen: Seen) -> bool:
    """Whether there is a proxy in front that doesn't say who asks.

    It passed on what we made up and added nothing, or took it away and put nothing there.
    """
    hops = [] if seen.forwarded is None else [hop.strip() for hop in seen.forwarded.split(",")]
    return not [hop for hop in hops if hop != MADE_UP]
