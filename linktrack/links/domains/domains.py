"""Add, change and remove domains. What is changed is followed by every worker within 2 seconds."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.change_numbers import number_at_commit
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.links.domains.faces import first_face
from linktrack.links.hosts.models import AccountDomain, BaseAddress, Domain
from linktrack.links.hosts.names import host_of
from linktrack.links.models import Link
from linktrack.links.own_addresses import base_addresses, remember_address
from linktrack.owners.audit import note
from linktrack.setting_texts import base_url as parse_base_url


def add_domain(session: Session, base_url: str, written: str, now: datetime) -> Domain:
    """Add a domain whose short links begin with an address such as https://go.example.org.

    `base_url` is the first domain's. Raises `Invalid` for what is no such address, and `Conflict`
    for one that was ever one of ours.
    """
    address = _new_address(session, base_url, written)
    domain = Domain(address=address, since=now)
    session.add(domain)
    session.flush()
    remember_address(session, address, now, domain)
    number_at_commit(session)
    note(session, f"Added the domain {host_of(address)}.", now)
    return domain


def move_domain(
    session: Session, base_url: str, domain: Domain, written: str, now: datetime
) -> None:
    """Let a domain's links begin with another address; those posted under the old one go on.

    It may be one that the domain has had before. Raises what `add_domain` raises.
    """
    _check_further(domain)
    if _is_its_own(session, domain, written):
        address = _parsed(written)
    else:
        address = _new_address(session, base_url, written)
    if address == domain.address:
        return
    note(session, f"The domain {host_of(domain.address)} is now {host_of(address)}.", now)
    domain.address = address
    remember_address(session, address, now, domain)
    number_at_commit(session)
    session.flush()


def set_domain_of(session: Session, account: Account, domain: Domain | None, now: datetime) -> None:
    """Choose the domain on which an account's new links are; None is the first."""
    kept = session.get(AccountDomain, account.id)
    if domain is None:
        if kept is not None:
            session.delete(kept)
    elif kept is None:
        session.add(AccountDomain(account_id=account.id, domain_id=domain.id))
    else:
        kept.domain_id = domain.id
    host = "the first domain" if domain is None else host_of(domain.address)
    note(session, f"New links of {account.handle} are on {host}.", now)
    session.flush()


def links_by_domain(session: Session) -> Mapping[int, int]:
    """Return how many links each domain has, but for the first."""
    query = select(Link.domain_id, func.count()).where(Link.domain_id.is_not(None))
    rows = session.execute(query.group_by(Link.domain_id))
    return {number: count for number, count in rows if number is not None}


def remove_domain(session: Session, domain: Domain, now: datetime) -> None:
    """Remove a domain that has no links; accounts that used it use the first from now on.

    Raises `Conflict` if it has links: they were posted, and would be dead.
    """
    _check_further(domain)
    session.refresh(domain, with_for_update=True)  # who makes a link on it meanwhile waits
    count = links_by_domain(session).get(domain.id, 0)
    if count:
        some = "1 link begins" if count == 1 else f"{count:,} links begin"
        raise Conflict(
            f"{some} with {domain.address}, and would be dead: keep the domain, or give it "
            "another address."
        )
    for table in (AccountDomain, BaseAddress):
        session.execute(delete(table).where(table.domain_id == domain.id))
    session.delete(domain)
    number_at_commit(session)
    note(session, f"Removed the domain {host_of(domain.address)}.", now)
    session.flush()


def _check_further(domain: Domain) -> None:
    if not domain.address:
        raise Invalid("The first domain begins with LINKTRACK_BASE_URL: change that setting.")


def _new_address(session: Session, base_url: str, written: str) -> str:
    address = _parsed(written)
    host = host_of(address)
    if host in {host_of(each) for each in (base_url, *base_addresses(session))}:
        raise Conflict(
            f"{host} is, or was, an address of short links here already: they go on, and a domain "
            "of its own would take them over."
        )
    return address


def _is_its_own(session: Session, domain: Domain, written: str) -> bool:
    query = select(BaseAddress.address).where(BaseAddress.domain_id == domain.id)
    return host_of(_parsed(written)) in set(map(host_of, session.scalars(query)))


def _parsed(written: str) -> str:
    address = written.strip()
    try:
        return parse_base_url(address if "://" in address else f"https://{address}").lower()
    except ValueError as error:
        raise Invalid(f"{written[:80]!r} can't be a domain's address: {error}.") from error


def get_domain(session: Session, number: int, now: datetime) -> Domain:
    """Return a domain by its number, 0 for what the first one says; raises `NotFound`."""
    if number == 0:
        return first_face(session, now)
    domain = session.get(Domain, number)
    if domain is None or not domain.address:
        raise NotFound(f"There is no domain number {number}.")
    return domain
