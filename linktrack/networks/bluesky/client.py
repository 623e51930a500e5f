"""How servers of atproto know us: by a document at an address of ours. Pure.

On loopback no server could read one: there the name of the client says all by itself.
"""

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

DOCUMENT: Final = "/oauth/bluesky.json"
BACK: Final = "/oauth/back"
SCOPE: Final = "atproto"
"""The scope that says who somebody is, and lets nobody do anything."""

_FAR: Final = (
    "People can't sign in with Bluesky here yet: their servers must be able to read a page of this "
    "one, at an https address with a name."
)


def client_id(base_url: str, back: str) -> str:
    """Return the name under which servers know us, which people come back from to `back`."""
    if is_loopback(base_url):
        return f"http://localhost?{urlencode({'redirect_uri': back, 'scope': SCOPE})}"
    return base_url + DOCUMENT


def redirect_address(back: str) -> str:
    """Return an address to come back to as servers take it: on loopback a number, no name."""
    parts = urlsplit(back)
    if parts.hostname != "localhost":
        return back
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://127.0.0.1{port}{parts.path}"


def document(base_url: str) -> Mapping[str, object]:
    """Return what servers read of us: a public client that asks who somebody is."""
    return {
        "client_id": base_url + DOCUMENT,
        "client_name": f"linktrack at {urlsplit(base_url).netloc}",
        "client_uri": base_url,
        "redirect_uris": [base_url + BACK],
        "scope": SCOPE,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "web",
        "dpop_bound_access_tokens": True,
    }


def refuses(base_url: str) -> str | None:
    """Return why nobody can sign in at this base address; None: they can."""
    parts = urlsplit(base_url)
    if is_loopback(base_url):
        return None
    is_fit = parts.scheme == "https" and parts.port is None and not _is_number(parts.hostname or "")
    return None if is_fit and "." in (parts.hostname or "") else _FAR


def is_loopback(base_url: str) -> bool:
    """Whether this is http on the machine of who signs in, as the specification allows it."""
    parts = urlsplit(base_url)
    return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
