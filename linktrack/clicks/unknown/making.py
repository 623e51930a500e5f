"""Make a link of a code that people asked for, lead it to where another leads, or ignore it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import literal, select, update
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.audience.utm import Utm, utm_of
from linktrack.clicks.unknown.counting import bare, delete_codes
from linktrack.clicks.unknown.listing import UnknownCode
from linktrack.clicks.unknown.models import unknown_codes
from linktrack.db import take_write_lock
from linktrack.errors import Invalid, NotFound
from linktrack.ids import AccountId
from linktrack.links.catalog import Shortener, add_link, get_link, led_away
from linktrack.links.hosts.finding import find_domain
from linktrack.links.hosts.models import Domain
from linktrack.links.labels import describe, labels_of
from linktrack.links.models import FoldedCase, Link
from linktrack.owners.audit import note


def number_of(session: Session, base_url: str, written: str) -> int:
    """Return the number of a code that people asked for, in any spelling.

    It is a code, `CODE@HOST` or a short address; a code alone is that of the first domain, or else
    the only one of any other. Raises `NotFound`.
    """
    host, code = _split(written)
    codes = unknown_codes.c
    folded = FoldedCase(codes.code) == FoldedCase(literal(bare(code)))
    query = select(codes.id, codes.domain_id).where(folded)
    if host:
        domain = find_domain(session, base_url, host)
        number = None if domain is None else domain.id
        query = query.where(codes.domain_id.is_not_distinct_from(number))
    found = session.execute(query.order_by(codes.domain_id.is_not(None))).all()
    if not found or (not host and found[0].domain_id is not None and len(found) > 1):
        raise NotFound(f"Nobody is known to have asked for the code {written[:80]!r}.")
    return int(found[0].id)


def _split(written: str) -> tuple[str, str]:
    """Return the host and the code of `CODE@HOST` or a short address; "" where none is said."""
    code, at, host = written.strip().partition("@")
    if not at:
        host, _, code = written.strip().rstrip("/").rpartition("/")
    return host, code


def short_urls(
    session: Session, shortener: Shortener, unknown: Sequence[UnknownCode]
) -> Mapping[int, str]:
    """Return what people opened who asked for these codes, by the codes' numbers."""
    numbers = {each.domain_id for each in unknown} - {None}
    query = select(Domain).where(Domain.id.in_(sorted(n for n in numbers if n is not None)))
    domains = {domain.id: domain for domain in session.scalars(query)}
    return {
        each.id: shortener.short_url(each.code, domains.get(each.domain_id or 0))
        for each in unknown
    }


def make_link(
    session: Session,
    shortener: Shortener,
    unknown: UnknownCode,
    *,
    account_id: AccountId,
    written: str,
    at: datetime,
) -> Link:
    """Make the code a link of an account, to an address; raises what `add_link` raises."""
    utm = utm_of(session, session.get_one(Account, account_id))
    destination = led_away(session, shortener, written)
    return _made(session, shortener, unknown, account_id, destination, at=at, utm=utm)


def _made(
    session: Session,
    shortener: Shortener,
    unknown: UnknownCode,
    account_id: AccountId,
    destination: str,
    *,
    at: datetime,
    utm: Utm | None = None,
) -> Link:
    take_write_lock(session.connection())
    domain = None if unknown.domain_id is None else session.get_one(Domain, unknown.domain_id)
    link = add_link(
        session,
        shortener,
        account_id=account_id,
        post_id=None,
        destination=destination,
        at=at,
        slug=unknown.code,
        utm=utm,
        domain=domain,
    )
    delete_codes(session.connection(), [unknown.id])
    note(session, f"Made the unknown code {unknown.code} a link to {link.destination}", at)
    return link


def lead_to(
    session: Session, shortener: Shortener, unknown: UnknownCode, written: str, at: datetime
) -> Link:
    """Make the code a link to where another leads now, in its account, with its title and tags.

    It is a link of its own: its clicks are counted apart, and each can be changed without the
    other. Raises `NotFound` if there is no such link, `Invalid` if that is disabled.
    """
    link = _link_named(session, shortener, unknown, written)
    if link.disabled_at is not None:
        raise Invalid(f"The link {link.shown} is disabled: enable it first, or choose another.")
    made = _made(session, shortener, unknown, link.account_id, link.destination, at=at)
    label = labels_of(session, [link.id])[link.id]
    describe(session, made, at, title=label.title, tags=label.tags)
    return made


def _link_named(session: Session, shortener: Shortener, unknown: UnknownCode, written: str) -> Link:
    """Return the link of a code, `CODE@HOST` or short address.

    A code alone is looked for on the domain where the unknown one was asked for, then on the first.
    """
    host, code = _split(written)
    if host:
        domain = find_domain(session, shortener.base_url, host)
        return get_link(session, shortener.codes, code, None if domain is None else domain.id)
    with suppress(NotFound):
        return get_link(session, shortener.codes, code, unknown.domain_id)
    return get_link(session, shortener.codes, code)


def set_ignored(session: Session, unknown: UnknownCode, ignored: bool, at: datetime) -> None:
    """Show a code no more and count it no more, or do so again."""
    if ignored == unknown.ignored:
        return
    session.execute(
        update(unknown_codes).where(unknown_codes.c.id == unknown.id).values(ignored=ignored)
    )
    note(
        session, f"{'Ignored' if ignored else 'Watched again'} the unknown code {unknown.code}.", at
    )
