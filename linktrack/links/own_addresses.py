"""The base addresses there ever were: short links that were posted under one stay ours."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from linktrack.db import to_ms
from linktrack.links.hosts.models import BaseAddress, Domain


def remember_address(
    session: Session, base_url: str, now: datetime, domain: Domain | None = None
) -> None:
    """Keep that links of the first domain, or another, begin with this, now or before."""
    if session.get(BaseAddress, base_url) is None:
        statement = text(
            "INSERT INTO base_addresses (address, since, domain_id) VALUES (:address, :since, :id)"
            " ON CONFLICT (address) DO NOTHING"
        )
        number = None if domain is None else domain.id
        session.execute(statement, {"address": base_url, "since": to_ms(now), "id": number})


def own_hosts(session: Session) -> tuple[str, ...]:
    """Return the hosts of all base addresses there ever were, with their ports."""
    return tuple(sorted({urlsplit(each).netloc for each in base_addresses(session)}))


def base_addresses(session: Session) -> list[str]:
    """Return all base addresses, of all domains, the newest first."""
    return list(session.scalars(_ADDRESSES))


def first_addresses(session: Session) -> list[str]:
    """Return all base addresses of the first domain, the newest first."""
    return list(session.scalars(_ADDRESSES.where(BaseAddress.domain_id.is_(None))))


def former_addresses(session: Session, base_url: str) -> list[str]:
    """Return the first domain's base addresses of before, the newest first."""
    return [each for each in first_addresses(session) if each != base_url]


def leads_back(session: Session, destination: str, base_url: str) -> bool:
    """Whether an address is on the host of this base address, or of one that was given up."""
    return site_of(destination) in own_sites(session, base_url)


def own_sites(session: Session | Connection, base_url: str) -> set[tuple[str | None, int | None]]:
    """Return host and port of this base address, and of those before it, as `site_of` does."""
    return {site_of(base) for base in (base_url, *session.scalars(_ADDRESSES))}


def site_of(address: str) -> tuple[str | None, int | None]:
    """Return host and port, whatever the scheme: a redirect from http to https is a loop too.

    What is no address has neither.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None, None
    return host, None if port in (80, 443) else port


_ADDRESSES = select(BaseAddress.address).order_by(BaseAddress.since.desc(), BaseAddress.address)
