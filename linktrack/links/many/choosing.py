"""Find many links by their codes, and which codes are in use, in few statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from linktrack.chunks import chunked
from linktrack.errors import NotFound
from linktrack.ids import LinkId
from linktrack.links.catalog import Shortener
from linktrack.links.codes import CODE, Bearer
from linktrack.links.hosts.finding import find_domain
from linktrack.links.models import Link
from linktrack.links.redirects.models import LinkLimit
from linktrack.links.redirects.rules.models import LinkOption

CHUNK: Final = 500


def links_with_codes(
    session: Session, shortener: Shortener, written: Collection[str]
) -> Sequence[LinkId]:
    """Return the links with these codes, stored or computed, as `get_link` does for one.

    A code may be named with its host, as `name_link` reads it. Raises `NotFound` with the first
    that no link has.
    """

    @cache
    def domain_id(host: str) -> int | None:
        domain = find_domain(session, shortener.base_url, host) if host else None
        return None if domain is None else domain.id

    wanted: dict[str, tuple[int | None, str]] = {}
    for each in written:
        code, at, host = each.strip().partition("@")
        if not at:
            host, _, code = each.strip().rstrip("/").rpartition("/")
        wanted[each] = (domain_id(host), code.rstrip("+"))
    codes = {code for _, code in wanted.values()}
    stored: dict[tuple[int | None, str], LinkId] = {}
    bearers: dict[str, Bearer | None] = {}
    for part in chunked(sorted(filter(CODE.fullmatch, codes)), CHUNK):
        query = select(Link.domain_id, Link.code, Link.id).where(Link.code.in_(part))
        stored.update(((on, code or ""), number) for on, code, number in session.execute(query))
        bearers.update((code, shortener.codes.read(code)) for code in part)
    numbers = sorted({bearer.link_id for bearer in bearers.values() if bearer is not None})
    on: dict[LinkId, int | None] = {}
    for some in chunked(numbers, CHUNK):
        of_numbers = select(Link.id, Link.domain_id).where(Link.id.in_(some))
        on.update((number, domain) for number, domain in session.execute(of_numbers))
    found = []
    for each, key in wanted.items():
        bearer = bearers.get(key[1])
        if key in stored:
            found.append(stored[key])
        elif bearer is not None and bearer.link_id in on and on[bearer.link_id] == key[0]:
            found.append(bearer.link_id)
        else:
            raise NotFound(f"There is no link with the code {each[:80]!r}.")
    return found


def slugs_in_use(connection: Connection, slugs: Iterable[str]) -> set[tuple[int | None, str]]:
    """Return which of these codes links have, each with the number of its domain.

    A session would leave out links that are hidden from who asks: their codes are taken all the
    same.
    """
    found: set[tuple[int | None, str]] = set()
    for part in chunked(slugs, CHUNK):
        query = select(Link.domain_id, Link.code).where(Link.code.in_(part))
        found.update((domain_id, code or "") for domain_id, code in connection.execute(query))
    return found


def also_led(session: Session, link_ids: Collection[LinkId]) -> Mapping[LinkId, Sequence[str]]:
    """Return where links lead besides their destinations: by rules, and after their end."""
    found: defaultdict[LinkId, list[str]] = defaultdict(list)
    by_rules = select(LinkOption.link_id, LinkOption.destination)
    by_rules = by_rules.where(LinkOption.link_id.in_(link_ids), LinkOption.closed_at.is_(None))
    ended = select(LinkLimit.link_id, LinkLimit.ended_to).where(LinkLimit.link_id.in_(link_ids))
    for query in (by_rules, ended.where(LinkLimit.ended_to.is_not(None))):
        for link_id, address in session.execute(query):
            found[link_id].append(address or "")
    return found
