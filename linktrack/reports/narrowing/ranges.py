"""Narrow a report of a range: clicks are read from when its figures need them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.reports.narrowing.shadows import narrowed
from linktrack.reports.narrowing.since import before_posts
from linktrack.reports.narrowing.wanted import EVERY, Wanted


def nothing(_: Wanted) -> bool:
    """Whether a report without counts of its own for filters can narrow to these: never."""
    return False


@dataclass(frozen=True, slots=True)
class Narrows:
    """How a report is narrowed: its range is of clicks, or `of_posts`, perhaps `with_usual` ones.

    `counted` tells which filters the report narrows to by itself.
    """

    of_posts: bool = False
    with_usual: bool = False
    counted: Callable[[Wanted], bool] = nothing


OF_CLICKS: Final = Narrows()
OF_POSTS: Final = Narrows(of_posts=True)
OF_RANKED_POSTS: Final = Narrows(of_posts=True, with_usual=True)
BY_DAY: Final = Narrows(counted=lambda wanted: wanted.is_one_facet)
BY_SOURCE: Final = Narrows(counted=lambda wanted: not wanted.facets)


@contextmanager
def narrowed_range(
    session: Session,
    accounts: Sequence[Account],
    wanted: Wanted,
    days: Days,
    *,
    narrows: Narrows,
    since: datetime | None,
) -> Iterator[Wanted]:
    """Let reports of what is since then count the wanted clicks only; yield what is left to do.

    Raises `Unavailable` where the SQL database would have to read too many clicks.
    """
    if wanted.is_whole or narrows.counted(wanted):
        yield wanted
        return
    ids = [account.id for account in accounts]
    if narrows.of_posts:
        since = before_posts(session, ids, since, with_usual=narrows.with_usual)
    first = None if since is None else since.astimezone(days.timezone).date()
    with narrowed(session, ids, wanted, days, since=first):
        yield EVERY
