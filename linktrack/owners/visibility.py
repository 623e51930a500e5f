"""Which rows a session sees: a viewer who is limited to some accounts finds nothing of the others.

Each table that belongs to an account says with `limit`, beside its model, which rows those are.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, event
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, with_loader_criteria

Shown: TypeAlias = Sequence[int]
"""The ids of the accounts that may be seen."""

_LIMITED: Final = "linktrack.limited"

_limits: dict[type[DeclarativeBase], Callable[[Shown], ColumnElement[bool]]] = {}


def limit(model: type[DeclarativeBase], rows: Callable[[Shown], ColumnElement[bool]]) -> None:
    """Limit a table: of its rows, `rows` names those that belong to the accounts it is given."""
    _limits[model] = rows


def show_only(session: Session, account_ids: Iterable[int]) -> None:
    """Make everything this session reads of accounts, and of what belongs to one, be of these.

    It holds for every query that names a limited model, by id too: what is elsewhere is not there.
    """
    shown = list(account_ids)
    session.info[_LIMITED] = True
    options = [with_loader_criteria(model, rows(shown)) for model, rows in _limits.items()]

    @event.listens_for(session, "do_orm_execute")
    def narrow(state: ORMExecuteState) -> None:
        if state.is_select:
            state.statement = state.statement.options(*options)


def sees_all(session: Session) -> bool:
    """Whether nothing is hidden from a session: what belongs to no account may be told, too."""
    return _LIMITED not in session.info
