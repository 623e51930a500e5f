"""Which domain is meant: by a host, by an account, or by a short link as it is written."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.errors import NotFound
from linktrack.ids import AccountId
from linktrack.links.hosts.models import AccountDomain, BaseAddress, Domain
from linktrack.links.hosts.names import host_of, hosts_of_domains, written_host


class NamedLink(NamedTuple):
    """A link as it was named: its code, and the domain that was said; None is the first."""

    code: str
    domain: Domain | None


def further_domains(session: Session) -> Sequence[Domain]:
    """Return all domains but the first, in order of adding."""
    return session.scalars(select(Domain).where(Domain.address != "").order_by(Domain.id)).all()


def domain_of_account(session: Session, account_id: AccountId) -> Domain | None:
    """Return the domain on which an account's new links are; None is the first."""
    query = select(Domain).join(AccountDomain, AccountDomain.domain_id == Domain.id)
    return session.scalar(query.where(AccountDomain.account_id == account_id))


def find_domain(session: Session, base_url: str, written: str) -> Domain | None:
    """Return the domain of a host or an address that short links begin with; None is the first.

    Those of before mean theirs. Raises `NotFound` for every other.
    """
    host = written_host(written)
    found = session.execute(select(BaseAddress.address, BaseAddress.domain_id)).all()
    first = [base_url, *(address for address, domain_id in found if domain_id is None)]
    further = [(address, number) for address, number in found if number is not None]
    number = hosts_of_domains(further, first).get(host)
    if number is not None:
        return session.get(Domain, number)
    if host not in {host_of(address) for address in first}:
        raise NotFound(f"There is no domain {written[:80]!r}: add it on Settings → Domains.")
    return None


def name_link(session: Session, base_url: str, written: str, said: str | None = None) -> NamedLink:
    """Return what names a link: a code, a host and a code, or a short address as it was posted.

    `said` is a host that was said beside it. Raises `NotFound` for a domain that there isn't.
    """
    host, slash, code = written.strip().rstrip("/").rpartition("/")
    if slash and host:
        return NamedLink(code, find_domain(session, base_url, host))
    return NamedLink(code, find_domain(session, base_url, said) if said else None)
