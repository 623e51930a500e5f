"""Who came and who left by name, as the follower lists show it; newest first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Follower, FollowPeriod

Way = Literal["left", "came"]

ON_A_PAGE: Final = 20
LAST_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Mover:
    """A follower who came or left between two lists; came: `after` is None at no earlier list."""

    handle: str | None
    network_id: str
    after: datetime | None
    by: datetime


@dataclass(frozen=True, slots=True)
class MoversPage:
    """One page of them; `has_more` if there is another."""

    movers: Sequence[Mover]
    has_more: bool


def movers(
    session: Session,
    account: Account,
    way: Way,
    since: datetime,
    until: datetime,
    *,
    page: int = 1,
) -> MoversPage:
    """Return who was seen to have come (also again), or left, by the lists taken in [since, until).

    Those on an account's first list are not among them: nobody knows when they came.
    """
    period = FollowPeriod
    after, by = (
        (period.ended_after, period.ended_by)
        if way == "left"
        else (period.began_after, period.began_by)
    )
    query = (
        select(Follower.handle, Follower.network_id, after, by)
        .join(Follower, Follower.id == period.follower_id)
        .where(period.account_id == account.id, by >= since, by < until, after.is_not(None))
        .order_by(by.desc(), period.follower_id.desc())
        .limit(ON_A_PAGE + 1)
        .offset((min(page, LAST_PAGE) - 1) * ON_A_PAGE)
    )
    found = [
        Mover(handle, network_id, before, at)
        for handle, network_id, before, at in session.execute(query)
        if at is not None
    ]
    return MoversPage(found[:ON_A_PAGE], len(found) > ON_A_PAGE)
