"""Making a link for a client of another shortener, or finding one that it has made before."""

from collections.abc import Sequence

from flask import g

from linktrack.audience.accounts import get_account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import NotFound
from linktrack.links.catalog import get_link
from linktrack.links.single import add_single, destination_for, find_single
from linktrack.reports.links.of_token import DoorLink, Wanted, door_links


def existing_link(written: str, slug: str | None) -> DoorLink | None:
    """Return the newest link that the token has made to an address, if it has this code.

    None if it has not; without `slug` any code will do. Raises `Invalid`.
    """
    session = db_session(writes=True)
    account = get_account(session, g.token.account_id)
    destination = destination_for(session, installation().shortener, written)
    there = find_single(session, account, g.token.id, destination)
    if there is None or slug not in (None, there.code):
        return None
    return door_links(session, g.token.id, link_id=there.id)[0]


def own_link(code: str, refusal: str) -> DoorLink:
    """Return one of the token's own links that redirects; raises `NotFound` with this sentence."""
    session = db_session()
    link = get_link(session, installation().shortener.codes, code.replace("\0", ""))
    found = door_links(session, g.token.id, Wanted(redirecting=True), link_id=link.id)
    if not found:
        raise NotFound(refusal)
    return found[0]


def make_link(
    written: str,
    *,
    slug: str | None = None,
    title: str | None = None,
    tags: Sequence[str] = (),
    forward_query: bool = False,
    tenant: str | None = None,
) -> DoorLink:
    """Make a link and store it; raises `Invalid` or `Conflict`."""
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
    )
    session.commit()
    return DoorLink(link, title, list(tags), clicks=0, left_out=0, tenant=tenant)
