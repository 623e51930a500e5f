"""Which domain a stranger's request is for, and which pages there are on it."""

from typing import Final

from flask import abort, g, request

from linktrack.context import db_session, installation
from linktrack.errors import NotFound
from linktrack.links.catalog import get_link
from linktrack.links.domains.faces import find_first_face
from linktrack.links.hosts.models import Domain
from linktrack.links.hosts.names import bare_host, host_of
from linktrack.links.models import Link
from linktrack.links.redirects.lookup import find_hosts

ON_EVERY_DOMAIN: Final = frozenset(
    {"device", "health", "hello", "limited", "pictures", "privacy", "probe"}
)
"""Blueprints whose pages are on every domain; hello's and device's cookies are a host's own."""

PAGES_ON_EVERY_DOMAIN: Final = frozenset(
    f"public.{name}" for name in ("favicon", "home", "preview", "robots", "security", "unknown")
) | {"static"}


def check_domain() -> None:
    """Answer 404 for what is on the first domain alone: owners' pages, the API, communities.

    So nobody signs in, or sends a form with a session, on another host than it was made for.
    """
    g.domain_id = None
    opened = installation()
    host = bare_host(request.environ.get("HTTP_HOST", ""))
    is_for_programs = request.blueprint in ("health", "probe") or request.endpoint == "static"
    if request.endpoint is None:  # nothing is there, on whichever domain
        return
    if is_for_programs or host == host_of(opened.settings.base_url):
        return
    g.domain_id = find_hosts(opened.database.engine, opened.settings.base_url).get(host)
    is_everywhere = (
        request.blueprint in ON_EVERY_DOMAIN or request.endpoint in PAGES_ON_EVERY_DOMAIN
    )
    if g.domain_id is not None and not is_everywhere:
        abort(404)


def is_first_domain() -> bool:
    """Whether this request is for the first domain, as for every host that we don't know."""
    return g.get("domain_id") is None


def domain_here() -> Domain | None:
    """Return what the pages of this request's domain say, None if nothing was chosen."""
    if is_first_domain():
        return find_first_face(db_session())
    return db_session().get(Domain, g.domain_id)


def address_here() -> str:
    """Return what short links of this request's domain begin with."""
    domain = None if is_first_domain() else domain_here()
    return installation().settings.base_url if domain is None else domain.address


def host_here() -> str:
    """Return the host of this request's domain, as people read it."""
    return address_here().partition("://")[2]


def link_here(code: str) -> Link:
    """Return the link of a code on this request's domain; raises `NotFound`."""
    if "@" in code or "/" in code:  # a link is named so on owners' pages alone
        raise NotFound("There is no such link.")
    return get_link(db_session(), installation().shortener.codes, code, g.get("domain_id"))
