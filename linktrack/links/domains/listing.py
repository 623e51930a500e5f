"""Domains as every door gives them, the first of them first."""

from typing import TypedDict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import accounts_by_number
from linktrack.calendar.times import utc
from linktrack.db import EPOCH
from linktrack.links.domains.domains import links_by_domain
from linktrack.links.domains.faces import find_first_face
from linktrack.links.hosts.finding import further_domains
from linktrack.links.hosts.models import Domain
from linktrack.links.models import Link


class DomainJson(TypedDict):
    """A domain; `id` 0 is the first, whose address is LINKTRACK_BASE_URL.

    `account` has the links that are made on it without naming one. At its front page strangers are
    sent to `front_address`, or read `front_title` and `front_text`; at unknown links they are sent
    to `missing_address`, or read `missing_text`.
    """

    id: int
    address: str
    since: str | None
    links: int
    account: str | None
    front_title: str | None
    front_text: str | None
    front_address: str | None
    missing_text: str | None
    missing_address: str | None


def domain_lines(session: Session, base_url: str) -> list[DomainJson]:
    """Return all domains, the first one first, in order of adding."""
    links = links_by_domain(session)
    on_first = select(func.count()).select_from(Link).where(Link.domain_id.is_(None))
    handles = {number: each.handle for number, each in accounts_by_number(session).items()}
    face = find_first_face(session) or Domain(id=0, address="", since=EPOCH)
    first = _line(face, handles, session.scalar(on_first) or 0)
    first |= {"id": 0, "address": base_url}
    further = further_domains(session)
    return [first, *(_line(each, handles, links.get(each.id, 0)) for each in further)]


def _line(domain: Domain, handles: dict[int, str], links: int) -> DomainJson:
    return {
        "id": domain.id,
        "address": domain.address,
        "since": utc(domain.since) if domain.address else None,
        "links": links,
        "account": None if domain.account_id is None else handles.get(domain.account_id),
        "front_title": domain.front_title,
        "front_text": domain.front_text,
        "front_address": domain.front_address,
        "missing_text": domain.missing_text,
        "missing_address": domain.missing_address,
    }
