"""Which server somebody's handle leads to, judged before it is asked.

A handle's domain says by WebFinger (RFC 7033) where its people are; that server has to agree.
"""

import ipaddress
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from linktrack.errors import Invalid, NotFound, Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.credentials import Credential
from linktrack.networks.fetching import guard_for
from linktrack.networks.texts import text
from linktrack.outside.errors import NotPublic, Unanswered
from linktrack.outside.finding import Guard
from linktrack.outside.visit import PUBLIC, Limits, ask, host_of

LIMITS: Final = Limits(10, 512 * 1024)
"""What one answer may take: strangers name these servers, and a page waits for them."""

_REDIRECTED: Final = Limits(10, 512 * 1024, redirects=3)
"""WebFinger leads from a domain to the server of its people."""

_TYPED: Final = re.compile(r"(?:@?([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?)@)?([^\s@/]+)")
_PROFILE: Final = re.compile(r"https?://([^\s/@?#]+)(?:/@([A-Za-z0-9_.-]+))?/?")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]+")
_UNREADABLE: Final = "Write your handle with its server, like @name@mastodon.social."


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and whom it is asked about: the name (None: anybody), and the handles' domain.

    `hosts` are those at which its people's addresses are.
    """

    server: str
    name: str | None
    domain: str
    hosts: frozenset[str]
    guard: Guard

    @property
    def host(self) -> str:
        """What people call the server."""
        return urlsplit(self.server).netloc


class Places:
    """Finds servers; those of our own accounts, where they were set on purpose, may be private."""

    def __init__(self, homes: Sequence[Credential]) -> None:
        self._homes = {_domain(home): home.server for home in homes if _is_set(home)}

    def find(self, typed: str) -> Place:
        """Return the server that a handle, a profile's address or a server's name leads to.

        Raises `Invalid`, `NotFound` or `Unavailable`.
        """
        name, domain = _read(typed.strip())
        if domain in self._homes:
            return self.at(self._homes[domain], name, domain)
        domain = _checked(domain)
        if name is None:
            return self.at(f"https://{domain}", None, domain)
        host = _host(_finger(domain, name, domain), name, domain)
        if host != domain:
            subject = text(_finger(host, name, host).get("subject")) or ""
            if subject.casefold() != f"acct:{name}@{domain}".casefold():
                raise Invalid(f"{host} doesn't confirm that @{name}@{domain} is one of its people.")
        return self.at(f"https://{host}", name, domain)

    def at(self, server: str, name: str | None, domain: str) -> Place:
        """Return a server that has been found."""
        is_home = self._homes.get(domain) == server
        host = host_of(server) or ""
        hosts = {host, domain} if is_home else {host}
        guard = guard_for(server, may_be_private=True) if is_home else PUBLIC
        return Place(server, name, domain, frozenset(hosts), guard)


def _domain(home: Credential) -> str:
    return home.values["handle"].rpartition("@")[2].casefold()


def _is_set(home: Credential) -> bool:
    return "server_is_set" in home.values or host_of(home.server) != _domain(home)


def _read(typed: str) -> tuple[str | None, str]:
    """Return the name, if there is one, and the domain of what was typed."""
    if found := _PROFILE.fullmatch(typed):
        return found[2], found[1].casefold()
    if found := _TYPED.fullmatch(typed):
        return found[1], found[2].casefold()
    raise Invalid(_UNREADABLE)


def _checked(domain: str) -> str:
    """Return the name of a host as it is looked up; no number, and no port."""
    try:
        host = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError as error:
        raise Invalid(_UNREADABLE) from error
    if not _HOST.fullmatch(host) or _is_number(host):
        raise Invalid(_UNREADABLE)
    return host


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.rpartition(".")[2].isdigit()
    return True


def _finger(server: str, name: str, domain: str) -> Fields:
    query = urlencode({"resource": f"acct:{name}@{domain}"})
    address = f"https://{server}/.well-known/webfinger?{query}"
    try:
        answer = ask("GET", address, limits=_REDIRECTED, headers={"Accept": "application/jrd+json"})
        found = json.loads(answer.body) if answer.status == 200 else None
    except NotPublic as error:
        raise Invalid(f"{error.host} is a private address, so it isn't contacted.") from error
    except Unanswered as error:
        raise Unavailable(f"{server} can't be reached. {error.sentence}") from error
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotFound(f"{server} knows no @{name}@{domain}: check how it is written.")
    return found


def _host(found: Fields, name: str, domain: str) -> str:
    """Return the host on which somebody's account is."""
    links = found.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "self":
            parts = urlsplit(text(link.get("href")) or "")
            if parts.scheme == "https" and parts.hostname and parts.port is None:
                return _checked(parts.hostname)
    raise NotFound(f"{domain} doesn't say on which server @{name}@{domain} is.")
