"""Which links a search finds: by their labels, and by their addresses as people write them."""

from collections.abc import Collection
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

import ada_url
from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import Session

from linktrack.errors import Invalid
from linktrack.ids import LinkId
from linktrack.links.catalog import Shortener
from linktrack.links.codes import code_in, spellings
from linktrack.links.hosts.finding import find_domain
from linktrack.links.models import Link, LinkCard, LinkLabel, LinkTag
from linktrack.links.own_addresses import own_sites, site_of

MOST_SEARCHED: Final = 2_000

_KEPT: Final = "!#$%&'()*+,/:;=?@[]~"
"""What stands in an address as it is written; the rest is percent-encoded there."""


def check_search(search: str) -> None:
    """Raise `Invalid` for a search that is longer than a database should look for."""
    if len(search) > MOST_SEARCHED:
        raise Invalid(f"Search for at most {MOST_SEARCHED:,} characters.")


def found_by(session: Session, shortener: Shortener, search: str) -> ColumnElement[bool]:
    """Return the condition for links with this in code, destination, title, note or a tag.

    A pasted short address finds its link. Raises `Invalid` for a search that is too long.
    """
    check_search(search)
    search = search.strip() or search  # pasted, with a space at its end
    code = pasted_code(search, own_sites(session, shortener.base_url))
    if code is not None:
        domain = find_domain(session, shortener.base_url, search)
        named = or_(*(_is_code(shortener, each) for each in spellings(code)))
        return and_(named, Link.domain_id == (None if domain is None else domain.id))
    texts = (Link.code, LinkLabel.title, LinkLabel.note)
    said = [text.icontains(search, autoescape=True) for text in texts]
    led = [Link.destination.icontains(each, autoescape=True) for each in as_in_addresses(search)]
    tagged = exists().where(
        LinkTag.link_id == Link.id, LinkTag.tag.icontains(search, autoescape=True)
    )
    page = and_(
        LinkLabel.title.is_(None),
        exists().where(
            LinkCard.link_id == Link.id,
            LinkCard.destination == Link.destination,
            LinkCard.title.icontains(search, autoescape=True),
        ),
    )
    return or_(*said, *led, tagged, page)


def as_in_addresses(search: str) -> tuple[str, ...]:
    """Return what a search may look like in a destination: as written, and as ASCII.

    "bücher" stands there as `b%C3%BCcher` in a path, and as `xn--bcher-kva` in a host's name.
    """
    found = [search, quote(search, safe=_KEPT)]
    scheme, mark, rest = search.rpartition("://")
    host, slash, path = rest.partition("/")
    if not host.isascii():
        try:
            name = ada_url.idna_to_ascii(host).decode()
        except ValueError:  # it is no host's name
            name = ""
        if name:
            found.append(f"{scheme}{mark}{name}{slash}{quote(path, safe=_KEPT)}")
    return tuple(dict.fromkeys(found))


def pasted_code(search: str, sites: Collection[tuple[str | None, int | None]]) -> str | None:
    """Return the code of a short address of ours that was pasted, None if it is none.

    `sites` are the hosts and ports of our base addresses; the scheme may be missing.
    """
    address = search if "://" in search else f"https://{search}"
    if any(each.isspace() for each in search) or site_of(address) not in sites:
        return None
    path = unquote_to_bytes(urlsplit(address).path.rstrip("+")).decode("latin-1")
    return code_in(path)


def _is_code(shortener: Shortener, code: str) -> ColumnElement[bool]:
    bearer = shortener.codes.read(code)
    number = LinkId(0) if bearer is None else bearer.link_id
    return or_(Link.code == code, Link.id == number)
