"""Addresses as clients of other shorteners send them."""

import re
from typing import Final
from urllib.parse import urlsplit

from flask import g

from linktrack.context import db_session, installation
from linktrack.errors import Invalid, NotFound
from linktrack.links.hosts.finding import check_open_to, domains_open_to, find_domain
from linktrack.networks.words import all_of

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


def own_domains() -> list[str]:
    """Return the domains on which the token may make links, the first one first."""
    further = domains_open_to(db_session(), g.token.account_id)
    return [own_domain(), *(each.host for each in further)]


def check_domain(domain: str | None, other_name: str) -> None:
    """Raise `Invalid` for any domain but the first, which a client may call otherwise."""
    if chosen_host(domain, other_name) not in (None, own_domain()):
        raise Invalid("This is of all domains: leave the domain out.")


def chosen_host(domain: str | None, other_name: str) -> str | None:
    """Return the host of a domain that a client names; None where it leaves that to the account.

    It may call the first one otherwise. Raises `Invalid` for a domain that there isn't.
    """
    if domain in (None, "", other_name):
        return None
    base_url = installation().settings.base_url
    try:
        check_open_to(db_session(), base_url, g.token.account_id, domain or "")
        found = find_domain(db_session(), base_url, domain or "")
    except NotFound:
        hosts = own_domains()
        if hosts[1:]:
            raise Invalid(f"The domains here are {all_of(hosts)}.") from None
        raise Invalid(f"The only domain here is {hosts[0]}.") from None
    return own_domain() if found is None else found.host
