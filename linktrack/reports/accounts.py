"""Accounts with their last follower counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import list_accounts
from linktrack.audience.credentials import connections
from linktrack.audience.models import FollowerCount
from linktrack.calendar.times import utc
from linktrack.shapes import Json


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account and the last count of its followers."""

    id: int
    network: str
    handle: str
    role: str | None
    followers: int | None
    followers_at: datetime | None
    connected: bool

    def as_json(self) -> dict[str, Json]:
        """Return the account as every door gives it."""
        return {
            "network": self.network,
            "handle": self.handle,
            "role": self.role,
            "followers": self.followers,
            "followers_at": None if self.followers_at is None else utc(self.followers_at),
            "connected": self.connected,
        }


def account_lines(session: Session) -> list[AccountLine]:
    """Return all accounts in the order of the pages."""
    last = (
        select(FollowerCount.account_id, func.max(FollowerCount.counted_at).label("counted_at"))
        .group_by(FollowerCount.account_id)
        .subquery()
    )
    query = select(FollowerCount).join(
        last,
        and_(
            FollowerCount.account_id == last.c.account_id,
            FollowerCount.counted_at == last.c.counted_at,
        ),
    )
    counts = {count.account_id: count for count in session.scalars(query)}
    connected = connections(session)
    lines = []
    for account in list_accounts(session):
        count = counts.get(account.id)
        lines.append(
            AccountLine(
                account.id,
                account.network,
                account.handle,
                account.role,
                None if count is None else count.count,
                None if count is None else count.counted_at,
                account.id in connected,
            )
        )
    return lines
