"""Which link somebody probably meant who asked for a code that no link has."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.bulk import among
from linktrack.clicks.models import link_totals
from linktrack.ids import LinkId
from linktrack.links.codes import Codes
from linktrack.links.models import FoldedCase, ImportedLink, Link

SHORTEST: Final = 4  # characters: of shorter codes nearly every one is another's neighbour
LONGEST: Final = 32
_CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789-_"

VERSION: Final = "a version of it, with a character wrong"
OLD_NAME: Final = "its code before it was imported"
NEAR: Final = "one character is different"


class Asked(Protocol):
    """A code that was asked for on a domain; None is the first."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def domain_id(self) -> int | None:
        """The domain's number."""

    @property
    def code(self) -> str:
        """The code as it is spelt."""


@dataclass(frozen=True, slots=True)
class Likely:
    """The link that was probably meant, and why that one."""

    link: Link
    why: str


def likely_links(session: Session, codes: Codes, asked: Sequence[Asked]) -> Mapping[int, Likely]:
    """Return for codes that no link has the link that each most probably stands for, if any.

    They are found by the codes' numbers. Of several links of a domain that are one character away
    it is the most clicked one.
    """
    versions = {one.id: link for one in asked if (link := codes.claimed(one.code)) is not None}
    found = dict(_by_number(session, versions, VERSION))
    old = _old_names(session, [one for one in asked if one.id not in found])
    found |= _by_number(session, old, OLD_NAME)
    near = _nearest(session, [one for one in asked if one.id not in found])
    return found | dict(_by_number(session, near, NEAR))


def _by_number(
    session: Session, numbers: Mapping[int, LinkId], why: str
) -> Iterator[tuple[int, Likely]]:
    query = select(Link).where(among(session.connection(), Link.id, sorted(numbers.values())))
    links = {link.id: link for link in session.scalars(query)}
    for asked, number in numbers.items():
        if number in links:
            yield asked, Likely(links[number], why)


def _old_names(session: Session, asked: Sequence[Asked]) -> Mapping[int, LinkId]:
    """Return the links that had one of these codes where they were imported from."""
    codes = [one.code for one in asked]
    query = select(ImportedLink.key, ImportedLink.link_id).where(ImportedLink.key.in_(codes))
    links = {row.key: row.link_id for row in session.execute(query)}
    return {one.id: links[one.code] for one in asked if one.code in links}


def _nearest(session: Session, asked: Sequence[Asked]) -> Mapping[int, LinkId]:
    """Return for each code the most clicked link of those that are one character away."""
    asked_by: defaultdict[str, list[Asked]] = defaultdict(list)
    for one in asked:
        for other in neighbours(one.code):
            asked_by[other].append(one)
    connection, folded = session.connection(), FoldedCase(Link.code)
    links = session.execute(
        select(Link.id, Link.domain_id, Link.code).where(
            among(connection, folded, sorted(asked_by))
        )
    ).all()
    totals = select(link_totals.c.link_id, link_totals.c.clicks).where(
        among(connection, link_totals.c.link_id, sorted(link.id for link in links))
    )
    clicks = {row.link_id: row.clicks for row in session.execute(totals)}
    found: dict[int, LinkId] = {}
    for link in sorted(links, key=lambda each: (clicks.get(each.id, 0), -each.id)):
        for one in asked_by[link.code.lower()]:
            if one.domain_id == link.domain_id:
                found[one.id] = link.id
    return found


def neighbours(code: str) -> set[str]:
    """Return the codes, in small letters, from which one slip of the hand makes this one.

    A character is wrong, missing or too many, or two are swapped. None for a code that is so
    short that this says nothing, or so long that there are too many.
    """
    code = code.lower()
    if not SHORTEST <= len(code) <= LONGEST:
        return set()
    found = set()
    for at in range(len(code) + 1):
        before, after = code[:at], code[at:]
        found |= {before + each + after for each in _CHARACTERS}
        if after:
            found.add(before + after[1:])
            found |= {before + each + after[1:] for each in _CHARACTERS}
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
    return found - {code}
