"""Which domain is meant: by a host, by an account, or by a short link as it is written."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, or_, select
from sqlalchemy.orm import Session

from linktrack.errors import NotFound
from linktrack.ids import AccountId
from linktrack.links.hosts.models import AccountDomain, BaseAddress, Domain
from linktrack.links.hosts.names import host_of, hosts_of_domains, written_host

# Made once: every request asks it that comes by another host than the first domain's.
_ADDRESSES: Final = select(BaseAddress.address, BaseAddress.domain_id)


class NamedLink(NamedTuple):
    """A link as it was named: its code, and the domain that was said; None is the first."""

    code: str
    domain: Domain | None


def further_domains(session: Session) -> Sequence[Domain]:
    """Return all domains but the first, in order of adding."""
    return session.scalars(select(Domain).where(Domain.address != "").order_by(Domain.id)).all()


def domains_open_to(session: Session, account_id: AccountId) -> Sequence[Domain]:
    """Return the domains but the first on which a program of one account may make links.

    They are its own, and those that have no other default account.
    """
    own = select(AccountDomain.domain_id).where(AccountDomain.account_id == account_id)
    shared = or_(Domain.account_id.is_(None), Domain.account_id == account_id, Domain.id.in_(own))
    return session.scalars(
        select(Domain).where(Domain.address != "", shared).order_by(Domain.id)
    ).all()


def check_open_to(session: Session, base_url: str, account_id: AccountId, written: str) -> None:
    """Raise `NotFound` unless a program of one account may make links on the domain of a host."""
    domain = find_domain(session, base_url, written)
    if domain is not None and domain not in domains_open_to(session, account_id):
        raise NotFound(_no_domain(written))


def domains_of_accounts(session: Session) -> Mapping[AccountId, Domain]:
    """Return the domains of accounts' new links, by account, for those that aren't on the first."""
    query = select(AccountDomain.account_id, Domain)
    found = session.execute(query.join(Domain, Domain.id == AccountDomain.domain_id))
    return dict(iter(found))


def domain_of_account(session: Session, account_id: AccountId) -> Domain | None:
    """Return the domain on which an account's new links are; None is the first."""
    query = select(Domain).join(AccountDomain, AccountDomain.domain_id == Domain.id)
    return session.scalar(query.where(AccountDomain.account_id == account_id))


def chosen_domain(
    session: Session, base_url: str, account_id: AccountId, written: str | None
) -> Domain | None:
    """Return the domain that was named by its host, else that of an account's new links.

    Raises `NotFound` for a host of no domain.
    """
    if written:
        return find_domain(session, base_url, written)
    return domain_of_account(session, account_id)


def find_domain(session: Session, base_url: str, written: str) -> Domain | None:
    """Return the domain of a host or an address that short links begin with; None is the first.

    Those of before mean theirs. Raises `NotFound` for every other.
    """
    host, hosts = written_host(written), own_hosts_by_domain(session.connection(), base_url)
    if host not in hosts:
        raise NotFound(_no_domain(written))
    number = hosts[host]
    return None if number is None else session.get(Domain, number)


def own_hosts_by_domain(connection: Connection, base_url: str) -> Mapping[str, int | None]:
    """Return the hosts of all base addresses there ever were, as they are compared: whose they are.

    None is the first domain, whose address is `base_url`, if that is said.
    """
    found = connection.execute(_ADDRESSES).all()
    first = [base_url] if base_url else []
    first += [address for address, domain_id in found if domain_id is None]
    further = [(address, number) for address, number in found if number is not None]
    return {**dict.fromkeys(map(host_of, first)), **hosts_of_domains(further, first)}


def name_link(session: Session, written: str) -> NamedLink:
    """Return what names a link: a code, `CODE@HOST`, `HOST/CODE`, or its short address.

    A code alone is the first domain's. Raises `NotFound` for a host that was never ours.
    """
    written = written.strip()
    code, at, host = written.partition("@")
    if not at:
        host, _, code = written.rstrip("/").rpartition("/")
    return NamedLink(code, find_domain(session, "", host) if host else None)


def _no_domain(written: str) -> str:
    return f"There is no domain {written[:80]!r}: add it on Settings → Domains."
