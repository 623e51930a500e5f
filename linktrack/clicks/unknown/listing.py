"""The codes that people asked for and no link has: which, how often, and by how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple, TypedDict

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import Session

from linktrack.clicks.unknown.likely import Likely
from linktrack.clicks.unknown.models import unknown_code_days, unknown_codes
from linktrack.errors import NotFound
from linktrack.links.models import FoldedCase, Link

SHOWN_DAYS: Final = 30
MANY: Final = 5
MANY_DAYS: Final = 7
"""A code that so many people asked for within so many days is worth a look."""


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code that no link of its domain has; None is the first domain.

    `requests` and `people` are of the last `SHOWN_DAYS` days; a visitor counts once a day, and one
    whose browser asks not to be tracked is in the requests alone. `first` and `last` are days
    within those that are kept.
    """

    id: int
    domain_id: int | None
    code: str
    ignored: bool
    requests: int
    people: int
    first: date | None
    last: date | None


class AskedByMany(NamedTuple):
    """A code that many people asked for in the last days, and how many did."""

    id: int
    code: str
    people: int


class UnknownCodeJson(TypedDict):
    """A code that people asked for and no link has.

    `people` and `requests` are of the last 30 days, `first_day` and `last_day` within the last 90.
    `probably` is the code of the link that was probably meant, and `why` says why.
    """

    id: int
    code: str
    short_url: str
    people: int
    requests: int
    first_day: str | None
    last_day: str | None
    ignored: bool
    probably: str | None
    why: str | None


IS_LINK: Final = exists().where(
    FoldedCase(Link.code) == FoldedCase(unknown_codes.c.code),
    Link.domain_id.is_not_distinct_from(unknown_codes.c.domain_id),
)
"""Whether a link has a code by now, in whatever way that was made."""


def list_unknown(
    session: Session, today: date, *, ignored: bool = False, skip: int = 0, most: int = 50
) -> Sequence[UnknownCode]:
    """Return codes that people asked for, those that most people asked for first.

    Or those that are ignored. Codes that have become a link's are not among them.
    """
    query = _listed(today).where(unknown_codes.c.ignored.is_(ignored), ~IS_LINK)
    return [_unknown(row) for row in session.execute(query.offset(skip).limit(most))]


def get_unknown(session: Session, number: int, today: date) -> UnknownCode:
    """Return a code by its number; raises `NotFound`, also where it has become a link's."""
    row = session.execute(_listed(today).where(unknown_codes.c.id == number, ~IS_LINK)).first()
    if row is None:
        raise NotFound("Nobody is known to have asked for this code, or it is a link's by now.")
    return _unknown(row)


def asked_by_many(session: Session, today: date) -> Sequence[AskedByMany]:
    """Return the codes that at least `MANY` people asked for in the last days, most first."""
    codes, days = unknown_codes.c, unknown_code_days.c
    people = func.sum(days.people)
    query = (
        select(codes.id, codes.code, people)
        .join(unknown_code_days, days.code_id == codes.id)
        .where(days.day > today.toordinal() - MANY_DAYS, ~codes.ignored, ~IS_LINK)
        .group_by(codes.id, codes.code)
        .having(people >= MANY)
        .order_by(people.desc(), codes.id)
    )
    return [AskedByMany(*row) for row in session.execute(query)]


def unknown_json(unknown: UnknownCode, likely: Likely | None, short_url: str) -> UnknownCodeJson:
    """Return a code as programs get it; `short_url` is what people opened."""
    return {
        "id": unknown.id,
        "code": unknown.code,
        "short_url": short_url,
        "people": unknown.people,
        "requests": unknown.requests,
        "first_day": None if unknown.first is None else unknown.first.isoformat(),
        "last_day": None if unknown.last is None else unknown.last.isoformat(),
        "ignored": unknown.ignored,
        "probably": None if likely is None else likely.link.name,
        "why": None if likely is None else likely.why,
    }


def _listed(today: date) -> Select[*tuple[Any, ...]]:
    codes, days = unknown_codes.c, unknown_code_days.c
    requests = _recent(days.requests, today).label("requests")
    people = _recent(days.people, today).label("people")
    first, last = func.min(days.day).label("first"), func.max(days.day).label("last")
    return (
        select(
            codes.id,
            codes.domain_id,
            codes.code,
            codes.ignored,
            requests,
            people,
            first,
            last,
        )
        .outerjoin(unknown_code_days, days.code_id == codes.id)
        .group_by(codes.id)
        .order_by(people.desc(), requests.desc(), last.desc(), codes.id)
    )


def _recent(column: ColumnElement[int], today: date) -> ColumnElement[int]:
    is_recent = unknown_code_days.c.day > today.toordinal() - SHOWN_DAYS
    return func.coalesce(func.sum(case((is_recent, column), else_=0)), 0)


def _unknown(row: Any) -> UnknownCode:
    return UnknownCode(
        id=row.id,
        domain_id=row.domain_id,
        code=row.code,
        ignored=bool(row.ignored),
        requests=int(row.requests),
        people=int(row.people),
        first=_day(row.first),
        last=_day(row.last),
    )


def _day(number: int | None) -> date | None:
    return None if number is None else date.fromordinal(number)
