"""Accounts with their latest follower counts, as lists show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import list_accounts
from linktrack.audience.credentials import connections
from linktrack.audience.models import FollowerCount, Role
from linktrack.calendar.times import utc
from linktrack.networks.registry import NetworkName


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account and the last count of its followers."""

    id: int
    network: NetworkName
    handle: str
    role: Role | None
    followers: int | None
    followers_at: datetime | None
    connected: bool


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
                id=account.id,
                network=account.network,
                handle=account.handle,
                role=account.role,
                followers=None if count is None else count.count,
                followers_at=None if count is None else count.counted_at,
                connected=account.id in connected,
            )
        )
    return lines


class AccountLineJson(TypedDict):
    """An account and the last count of its followers."""

    network: NetworkName
    handle: str
    role: Role | None
    followers: int | None
    followers_at: str | None
    connected: bool


def account_line_json(line: AccountLine) -> AccountLineJson:
    """Return an account as lists of accounts have it."""
    return {
        "network": line.network,
        "handle": line.handle,
        "role": line.role,
        "followers": line.followers,
        "followers_at": utc(line.followers_at),
        "connected": line.connected,
    }
