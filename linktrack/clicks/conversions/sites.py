"""Own sites whose visitors get a click id: which they are, and switching that on or off."""

from collections.abc import Collection, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from linktrack.errors import NotFound
from linktrack.links.models import OwnSite
from linktrack.links.promotion import check_host
from linktrack.owners.audit import note

_HOSTS = select(OwnSite.host).where(OwnSite.click_ids)


def hosts_with_ids(engine: Engine) -> Collection[str]:
    """Return the hosts of these sites, for the lane."""
    with engine.connect() as connection:
        return frozenset(connection.scalars(_HOSTS))


def any_with_ids(session: Session) -> bool:
    """Whether there is such a site."""
    return session.scalar(_HOSTS.limit(1)) is not None


def own_sites(session: Session) -> Sequence[OwnSite]:
    """Return all own sites by host."""
    return session.scalars(select(OwnSite).order_by(OwnSite.host)).all()


def set_click_ids(session: Session, written: str, on: bool, now: datetime) -> str:
    """Give the visitors of an own site click ids from now on, or no more; return its host.

    All workers do so within two seconds. Raises `Invalid` and `NotFound`.
    """
    host = check_host(written)
    site = session.get(OwnSite, host)
    if site is None:
        raise NotFound(f"{host} is not among your own sites.")
    if site.click_ids != on:
        site.click_ids = on
        note(session, f"Turned click ids {'on' if on else 'off'} for {host}.", now)
    return host


def is_own_origin(session: Session, origin: str) -> bool:
    """Whether a page at this origin, as browsers send it, may tell of goals."""
    try:
        name = (urlsplit(origin).hostname or "").removeprefix("www.")
    except ValueError:
        return False
    parts = name.split(".")
    above = [".".join(parts[first:]) for first in range(min(len(parts), 20))]
    return session.scalar(_HOSTS.where(OwnSite.host.in_(above)).limit(1)) is not None
