"""What the operations of reports have in common: the decorator, and their parameters."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ParamSpec, TypedDict, TypeVar

from linktrack.api.operations import Parameter, operation
from linktrack.api.read import Fields
from linktrack.clicks.vocabulary import DEFAULT_WINDOW

P = ParamSpec("P")
R = TypeVar("R", bound=Mapping[str, object])


class AskedRange(TypedDict):
    """The arguments `from` and `to`, as reports take them."""

    since: datetime | None
    until: datetime | None


def report_at(
    name: str, query: tuple[Parameter, ...]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a view as the report with this name; it answers an object of the type it returns."""
    return operation("GET", f"/reports/{name}", scope="read", query=query, problems=(404,))


def asked_range(fields: Fields) -> AskedRange:
    """Return the range asked for; raises `Invalid`."""
    return {"since": fields.moment("from"), "until": fields.moment("to")}


def asked_window(fields: Fields) -> str:
    """Return the window asked for, or the default."""
    return fields.text("window", DEFAULT_WINDOW)
