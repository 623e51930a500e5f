"""The links of an installation: create them, look up where they lead, change it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.audience.utm import Utm, utm_of
from linktrack.audience.utm_fields import filled, has_fields
from linktrack.change_numbers import number_at_commit
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.ids import AccountId, LinkId, PostId, SegmentId
from linktrack.links.codes import Bearer, Codes, check_custom, is_reserved
from linktrack.links.destinations import (
    parameters_of,
    parse_destination,
    with_parameters,
    without_parameters,
)
from linktrack.links.hosts.finding import chosen_domain, name_link
from linktrack.links.hosts.models import Domain
from linktrack.links.models import ImportedTotal, Link, LinkDestination
from linktrack.links.own_addresses import leads_back
from linktrack.owners.audit import note

ATTEMPTS: Final = 20


@dataclass(frozen=True, slots=True)
class Shortener:
    """The short domain of this installation and the codes under it.

    `timezone` is the owner's: in it is the day that a new link's UTM values may name.
    """

    base_url: str
    codes: Codes
    timezone: tzinfo = UTC

    def short_url(self, code: str, domain: Domain | None = None) -> str:
        """Return the address people click: on the first domain, or another."""
        return f"{self.base_url if domain is None else domain.address}/{code}"

    def on(self, domain: Domain | None) -> "Shortener":
        """Return the same with another domain as the first: for a text that isn't stored yet."""
        return self if domain is None else replace(self, base_url=domain.address)

    def version_code(self, link_id: LinkId, segment_id: SegmentId) -> str:
        """Return the code of a link's version for a segment."""
        return self.codes.compute(Bearer(link_id, segment_id))


def add_link(
    session: Session,
    shortener: Shortener,
    *,
    account_id: AccountId,
    post_id: PostId | None,
    destination: str,
    at: datetime,
    slug: str | None = None,
    utm: Utm | None = None,
    tag: str | None = None,
    domain: Domain | None = None,
) -> Link:
    """Make a link to a destination that has been checked, under `slug` or a code of our own.

    It is on the first domain, or another, and leads there with the values of `utm`, which may name
    its code and its first tag. Raises `Conflict` if the slug is taken, `Invalid` if it cannot be a
    code.
    """
    link = Link(
        account_id=account_id,
        post_id=post_id,
        domain=domain,
        destination=destination,
        created_at=at,
        changed_at=at,
        history=[],  # or it is looked for when something is added
    )
    session.add(link)
    session.flush()
    number_at_commit(session)
    codes = shortener.codes
    link.code = (
        _free_slug(session, codes, slug, domain)
        if slug
        else _free_code(session, codes, link.id, domain)
    )
    if utm is not None:  # not before: a value may name the code
        link.destination = with_utm(shortener, destination, utm, at, code=link.code, tag=tag)
    link.history.append(LinkDestination(since=at, destination=link.destination))
    try:
        session.flush()
    except IntegrityError as error:  # taken by somebody else since we looked
        raise Conflict(f"The short code {link.code!r} has just been taken: try again.") from error
    return link


def with_utm(
    shortener: Shortener, destination: str, utm: Utm, at: datetime, *, code: str, tag: str | None
) -> str:
    """Return where a link leads that is made at a moment, under a code: with its UTM values."""
    day = at.astimezone(shortener.timezone).date()
    return parse_destination(with_parameters(destination, utm.filled(day=day, tag=tag, slug=code)))


def add_lone_link(
    session: Session,
    shortener: Shortener,
    *,
    account_id: AccountId,
    written: str,
    at: datetime,
    slug: str | None = None,
    tags: Sequence[str] = (),
    on: str | None = None,
) -> Link:
    """Make a link that belongs to no post: for a poster, a profile, a signature.

    It is on the domain with the host `on`, or else where the account's links are.
    The account's UTM values are added, and may name the first of `tags`, which the caller stores.
    Raises `Invalid` for an address that browsers cannot be sent to, or that leads back here, and
    what `add_link` raises.
    """
    return add_link(
        session,
        shortener,
        account_id=account_id,
        post_id=None,
        destination=led_away(session, shortener, written),
        at=at,
        slug=slug,
        utm=utm_of(session, session.get_one(Account, account_id)),
        domain=chosen_domain(session, shortener.base_url, account_id, on),
        tag=next((tag.strip() for tag in tags if tag.strip()), None),
    )


def addresses_before(destination: str, utm: Utm) -> Sequence[str]:
    """Return the addresses whose links lead to this destination, with these UTM values.

    A value that varies is the one that the destination has.
    """
    there, added = parameters_of(destination), dict[str, str]()
    for name, value in utm.values.items():
        if not has_fields(value):
            added[name] = filled(value, {})
        elif name in there:
            added[name] = there[name]
    return [
        address
        for address in without_parameters(destination, list(utm.values))
        if with_parameters(address, added) == destination
    ]


def leading_from(addresses: Collection[str]) -> ColumnElement[bool]:
    """Return the condition for links to one of these addresses, with any UTM values or none."""
    begun: dict[int, set[str]] = {}
    for address in addresses:
        page = address.partition("#")[0]
        start = f"{page}{'&' if '?' in page else '?'}utm_"
        begun.setdefault(len(start), set()).add(start)
    return or_(
        Link.destination.in_(addresses),
        *(func.substr(Link.destination, 1, n).in_(starts) for n, starts in begun.items()),
    )


def led_away(session: Session, shortener: Shortener, written: str) -> str:
    """Return an address as a destination; raises `Invalid`, also for one that leads back here."""
    destination = parse_destination(written)
    if leads_back(session, destination, shortener.base_url):
        raise Invalid("A short link cannot lead to another short link of this installation.")
    return destination


def _free_slug(session: Session, codes: Codes, slug: str, domain: Domain | None) -> str:
    if code_is_taken(session, check_custom(slug), domain) or codes.read(slug) is not None:
        raise Conflict(f"The short code {slug!r} is taken: choose another.")
    return slug


def _free_code(session: Session, codes: Codes, number: int, domain: Domain | None) -> str:
    for attempt in range(ATTEMPTS):
        code = codes.propose(number, attempt)
        if not is_reserved(code) and not code_is_taken(session, code, domain):
            return code
    raise Conflict(f"No free short code was found for link {number}: please report this as a bug.")


def code_is_taken(session: Session, code: str, domain: Domain | None = None) -> bool:
    """Whether a stored link of the first domain, or another, has this code."""
    query = select(Link.id).where(Link.code == code, _on(None if domain is None else domain.id))
    return session.scalar(query) is not None


def _on(domain_id: int | None) -> ColumnElement[bool]:
    return Link.domain_id == domain_id


def get_link(session: Session, codes: Codes, code: str, domain_id: int | None = None) -> Link:
    """Return the link of a stored or computed code, with or without a trailing `+`.

    It is on the first domain, or the one that was said: by its number, or with the code, as
    `name_link` reads it. Raises `NotFound`.
    """
    if "\0" in code:  # which no database can be asked for
        raise NotFound("There is no link with this code.")
    if domain_id is None:
        code, domain = name_link(session, code)
        domain_id = None if domain is None else domain.id
    code = code.rstrip("+")
    link = session.scalar(select(Link).where(Link.code == code, _on(domain_id)))
    if link is None:
        bearer = codes.read(code)
        link = session.get(Link, bearer.link_id) if bearer else None
    if link is None or link.domain_id != domain_id:
        raise NotFound(f"There is no link with the code {code[:80]!r}.")
    return link


def newest_link(session: Session) -> Link | None:
    """Return the link that was made last, or None if there is none."""
    return session.scalar(select(Link).order_by(Link.id.desc()).limit(1))


def set_disabled(session: Session, link: Link, disabled: bool, at: datetime) -> None:
    """Answer this link's clicks with 410 from now on, or redirect them again.

    Raises `Invalid` if it cannot redirect: an imported link may have led to an FTP server.
    """
    if disabled == (link.disabled_at is not None):
        return
    if not disabled:
        parse_destination(link.destination)
    link.disabled_at = at if disabled else None
    link.changed_at = at
    number_at_commit(session, link)
    note(session, f"{'Disabled' if disabled else 'Enabled'} the link {link.code}.", at)


def set_forwarding(session: Session, link: Link, forward: bool, at: datetime) -> None:
    """Pass a click's query string on to the destination, or stop passing it on."""
    if forward != link.forward_query:
        link.forward_query = forward
        link.changed_at = at
        number_at_commit(session, link)
        session.flush()


def change_destination(
    session: Session, shortener: Shortener, link: Link, written: str, at: datetime
) -> None:
    """Lead this link elsewhere from now on; where it led before stays in its history.

    Raises `Invalid` for an address that browsers cannot be sent to, or that leads back here.
    """
    destination = led_away(session, shortener, written)
    if destination == link.destination:
        return
    link.destination = destination
    link.history.append(LinkDestination(since=at, destination=destination))
    link.changed_at = at
    number_at_commit(session, link)
    note(session, f"Redirected the link {link.code} to {destination}", at)


def imported_totals(session: Session, link_id: LinkId) -> Sequence[ImportedTotal]:
    """Return how often a link was clicked elsewhere before it came here, by source."""
    query = select(ImportedTotal).where(ImportedTotal.link_id == link_id)
    return session.scalars(query.order_by(ImportedTotal.source)).all()
