"""What the operations of reports have in common: the decorator, and their parameters."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import Final, ParamSpec, TypedDict, TypeVar, cast

from flask import g, request

from linktrack.api.access import named_account
from linktrack.api.operations import Parameter, asked, operation
from linktrack.api.read import Fields
from linktrack.audience.accounts import get_account, list_accounts
from linktrack.audience.models import Account
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import db_session, installation
from linktrack.reports.narrowing.ranges import Narrows, narrowed_range
from linktrack.reports.narrowing.wanted import EVERY, FILTERS, Wanted, wanted_of

P = ParamSpec("P")
R = TypeVar("R", bound=Mapping[str, object])

_MEANINGS: Final = {
    "source": "Only clicks from the source with this name; - where none was sent.",
    "segment": "Only clicks of the segment with this name; - where we can't tell who.",
}
ONLY: Final = tuple(
    Parameter(name, _MEANINGS.get(name, f"Only clicks of this {name}; - where it isn't known."))
    for name in FILTERS
)


class AskedRange(TypedDict):
    """The arguments `from` and `to`, as reports take them."""

    since: datetime | None
    until: datetime | None


def report_at(
    name: str, query: tuple[Parameter, ...], narrows: Narrows | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a view as the report with this name; it answers an object of the type it returns.

    With `narrows` it takes all filters, and clicks are narrowed to them while the view runs.
    """
    take = operation(
        "GET",
        f"/reports/{name}",
        scope="read",
        query=query if narrows is None else (*query, *ONLY),
        problems=(404,),
    )

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        if narrows is None:
            return take(view)

        @wraps(view)
        def narrowing(*args: P.args, **kwargs: P.kwargs) -> R:
            fields = asked()
            wanted = wanted_of({each: fields.optional_text(each) for each in FILTERS})
            accounts, days = asked_accounts(), installation().days()
            since = fields.moment("from")
            with narrowed_range(
                db_session(), accounts, wanted, days, narrows=narrows, since=since
            ) as left:
                g.wanted, g.left_to_narrow = wanted, left
                return view(*args, **kwargs)

        return take(narrowing)

    return decorate


def asked_accounts() -> Sequence[Account]:
    """Return the accounts asked for; if none is named, all those that the token is for."""
    session = db_session()
    handles = dict.fromkeys(handle for handle in request.args.getlist("account") if handle)
    if handles:
        return [named_account(handle) for handle in handles]
    if g.token.account_id is not None:
        return [get_account(session, g.token.account_id)]
    return list_accounts(session)


def asked_only() -> Wanted:
    """Return the filters asked for."""
    return cast("Wanted", g.get("wanted", EVERY))


def left_to_narrow() -> Wanted:
    """Return the filters asked for that the view has to narrow to by itself."""
    return cast("Wanted", g.get("left_to_narrow", EVERY))


def is_narrowed() -> bool:
    """Whether every count is narrowed already."""
    return asked_only() != left_to_narrow()


def asked_range(fields: Fields) -> AskedRange:
    """Return the range asked for; raises `Invalid`."""
    return {"since": fields.moment("from"), "until": fields.moment("to")}


def asked_window(fields: Fields) -> str:
    """Return the window asked for, or the default."""
    return fields.text("window", DEFAULT_WINDOW)
