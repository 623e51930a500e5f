"""The base addresses there ever were: short links that were posted under one stay ours."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from linktrack.db import to_ms
from linktrack.links.models import BaseAddress


def remember_address(session: Session, base_url: str, now: datetime) -> None:
    """Keep that short links begin with this address from now on, or did before."""
    if session.get(BaseAddress, base_url) is None:
        statement = text(
            "INSERT INTO base_addresses (address, since) VALUES (:address, :since)"
            " ON CONFLICT (address) DO NOTHING"
        )
        session.execute(statement, {"address": base_url, "since": to_ms(now)})


def own_hosts(session: Session) -> tuple[str, ...]:
    """Return the hosts of all base addresses there ever were, with their ports."""
    return tuple(sorted({urlsplit(each).netloc for each in base_addresses(session)}))


def base_addresses(session: Session) -> list[str]:
    """Return all base addresses, the newest first."""
    return list(session.scalars(_ADDRESSES))


def former_addresses(session: Session, base_url: str) -> list[str]:
    """Return the base addresses of before, the newest first."""
    return [each for each in base_addresses(session) if each != base_url]


def is_on_host(address: str, hosts: tuple[str, ...]) -> bool:
    """Whether an address is on one of these hosts, whatever its scheme."""
    return _host(urlsplit(address).netloc) in map(_host, hosts)


def _host(netloc: str) -> str:
    """Return host and port; those of http and https are none."""
    return netloc.rpartition("@")[2].lower().removesuffix(":443").removesuffix(":80")


_ADDRESSES = select(BaseAddress.address).order_by(BaseAddress.since.desc(), BaseAddress.address)
