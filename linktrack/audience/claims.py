"""Claims: only one of several processes asks a network about an account at a time."""

from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.db import Base

T = TypeVar("T", bound=Base)


def accounts_due(
    session: Session, table: type[T], at: datetime, which: ColumnElement[bool]
) -> list[Account]:
    """Return those of `which` accounts whose time has come, or that never had a turn.

    `table` is as in `claim_turn`. Nobody knows a simulated account.
    """
    columns = table.__table__.c
    query = (
        select(Account)
        .outerjoin(table, columns.account_id == Account.id)
        .where(which, Account.removed_at.is_(None), Account.simulated.is_(False))
        .where(or_(columns.next_at.is_(None), columns.next_at <= at))
    )
    return list(session.scalars(query.order_by(Account.id)))


def claim_turn(
    session: Session, table: type[T], account_id: int, at: datetime, lease: timedelta
) -> bool:
    """Reserve a due account for this process, for as long as `lease`.

    Of several that try at once only one gets it. `table` has one row for each
    account, by its `account_id`, and says with `next_at` when it is due. The caller commits.
    """
    if session.get(table, account_id) is None:
        session.add(table(account_id=account_id, next_at=at + lease))
        try:
            session.flush()
        except IntegrityError:
            session.rollback()
            return False
        return True
    columns = table.__table__.c
    due = update(table).where(columns.account_id == account_id, columns.next_at <= at)
    claimed = due.values(next_at=at + lease).returning(columns.account_id)
    return len(session.scalars(claimed).all()) > 0
