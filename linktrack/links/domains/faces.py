"""What a domain shows strangers: at its front page, and at links that there aren't."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.errors import Invalid
from linktrack.links.destinations import parse_destination
from linktrack.links.hosts.finding import find_domain
from linktrack.links.hosts.models import AccountDomain, Domain
from linktrack.links.hosts.names import host_of
from linktrack.links.own_addresses import site_of
from linktrack.owners.audit import note

LONGEST_TITLE: Final = 100
LONGEST_TEXT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Face:
    """What a domain shows strangers: at its front page, and at links that there aren't.

    An address is where they are sent in place of a page of ours.
    """

    front_title: str | None = None
    front_text: str | None = None
    front_address: str | None = None
    missing_text: str | None = None
    missing_address: str | None = None


def face_of(domain: Domain) -> Face:
    """Return what a domain shows strangers now."""
    return Face(**{each.name: getattr(domain, each.name) for each in fields(Face)})


def first_face(session: Session, now: datetime) -> Domain:
    """Return the row of what the first domain's pages say; it is made if there is none."""
    found = find_first_face(session)
    if found is None:
        found = Domain(address="", since=now)
        session.add(found)
        session.flush()
    return found


def find_first_face(session: Session) -> Domain | None:
    """Return the row of what the first domain's pages say, None if nothing was chosen."""
    return session.scalar(select(Domain).where(Domain.address == ""))


def set_face(session: Session, base_url: str, domain: Domain, face: Face, now: datetime) -> None:
    """Choose what a domain shows strangers; empty texts are none.

    Raises `Invalid` for an address that no browser can be sent to, or that leads in a circle.
    """
    here = domain.address or base_url
    domain.front_title = _text(face.front_title, "title", LONGEST_TITLE)
    domain.front_text = _text(face.front_text, "text", LONGEST_TEXT)
    domain.missing_text = _text(face.missing_text, "text", LONGEST_TEXT)
    domain.front_address = _led_to(face.front_address, here)
    domain.missing_address = _led_to(face.missing_address, here)
    note(session, f"Changed what {host_of(here)} shows strangers.", now)
    session.flush()


def set_default_account(
    session: Session, domain: Domain, account: Account | None, now: datetime
) -> None:
    """Choose whose links are those that are made on a domain without naming an account."""
    domain.account_id = None if account is None else account.id
    whose = "nobody's" if account is None else f"{account.handle}'s"
    host = host_of(domain.address) if domain.address else "the first domain"
    note(session, f"Links on {host} are {whose}, where no account is named.", now)
    session.flush()


def default_account(session: Session, base_url: str, host: str | None) -> Account:
    """Return whose links are made on a domain without naming an account; None is the first.

    Raises `Invalid` if nobody was chosen, and `NotFound` for a host of no domain.
    """
    domain = find_domain(session, base_url, host) if host else None
    domain = find_first_face(session) if domain is None else domain
    account = domain and domain.account_id and session.get(Account, domain.account_id)
    if not account or account.removed_at is not None:
        raise Invalid("Name an account: this domain has no default account.")
    return account


def accounts_on_front_page(session: Session, domain_id: int | None) -> Sequence[Account]:
    """Return whom a domain's front page names: who chose that, and whose new links are on it.

    None is the first domain.
    """
    query = (
        select(Account)
        .outerjoin(AccountDomain, AccountDomain.account_id == Account.id)
        .where(Account.on_front_page, Account.removed_at.is_(None))
        .where(AccountDomain.domain_id == domain_id)
    )
    return session.scalars(query.order_by(Account.id)).all()


def set_on_front_page(session: Session, account: Account, shown: bool, now: datetime) -> None:
    """Let strangers read an account's name on the front page, or not."""
    if shown != account.on_front_page:
        account.on_front_page = shown
        named = "names" if shown else "no longer names"
        note(session, f"The front page {named} {account.handle}.", now)
        session.flush()


def _text(written: str | None, what: str, most: int) -> str | None:
    text = (written or "").replace("\0", "").strip()
    if len(text) > most:
        raise Invalid(f"This {what} is too long: it may have {most:,} characters.")
    return text or None


def _led_to(written: str | None, here: str) -> str | None:
    if not (written or "").strip():
        return None
    destination = parse_destination(written or "")
    if site_of(destination) == site_of(here):
        raise Invalid(f"An address on {host_of(here)} itself would lead in a circle.")
    return destination
