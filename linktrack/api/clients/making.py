"""Making a link for a client of another shortener, or finding one that it has made before."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from flask import g

from linktrack.audience.accounts import get_account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import NotFound
from linktrack.links.catalog import get_link
from linktrack.links.hosts.finding import domain_of_account, find_domain
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import limits_of
from linktrack.links.single import add_single, destination_for, find_single
from linktrack.reports.links.of_token import DoorLink, Wanted, door_links


def existing_link(written: str, slug: str | None, on: str | None = None) -> DoorLink | None:
    """Return the newest link that the token has made to an address, if it has this code.

    None if it has not, or is on another domain than `on`; without `slug` any code will do. Raises
    `Invalid`.
    """
    session = db_session(writes=True)
    account = get_account(session, g.token.account_id)
    shortener = installation().shortener
    destination = destination_for(session, shortener, written)
    there = find_single(session, account, g.token.id, destination)
    if there is None or slug not in (None, there.code):
        return None
    if on is not None and there.domain != find_domain(session, shortener.base_url, on):
        return None
    return door_links(session, g.token.id, link_id=there.id)[0]


def own_link(code: str, refusal: str, on: str | None = None) -> DoorLink:
    """Return one of the token's own links that redirects; raises `NotFound` with this sentence.

    It is on the domain with the host `on`; without one, where the account's links are, or else on
    the first.
    """
    session = db_session()
    link = link_of_client(code, on)
    found = door_links(session, g.token.id, Wanted(redirecting=True), link_id=link.id)
    if not found:
        raise NotFound(refusal)
    return found[0]


def link_of_client(code: str, on: str | None = None) -> Link:
    """Return the link that a client means by a code; raises `NotFound`."""
    session, codes = db_session(), installation().shortener.codes
    code = code.replace("\0", "")
    if on is not None:
        return get_link(session, codes, f"{code}@{on}")
    usual = domain_of_account(session, g.token.account_id)
    if usual is not None and "@" not in code and "/" not in code:
        with suppress(NotFound):
            return get_link(session, codes, code, usual.id)
    return get_link(session, codes, code)


def make_link(
    written: str,
    *,
    slug: str | None = None,
    title: str | None = None,
    tags: Sequence[str] = (),
    forward_query: bool = False,
    tenant: str | None = None,
    on: str | None = None,
    limited: Callable[[Link], None] = lambda _link: None,
) -> DoorLink:
    """Make a link, which `limited` may limit, and store it; raises `Invalid` or `Conflict`."""
    session = db_session(writes=True)
    link = add_single(
        session,
        installation().shortener,
        get_account(session, g.token.account_id),
        written,
        now(),
        token_id=g.token.id,
        slug=slug,
        title=title,
        tags=tags,
        forward_query=forward_query,
        tenant=tenant,
        on=on,
    )
    limited(link)
    session.commit()
    limits = limits_of(session, link)
    return DoorLink(link, title, list(tags), clicks=0, left_out=0, tenant=tenant, limits=limits)
