"""What the operations of reports have in common: how they are made, and what they are asked."""

from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, TypedDict

from flask import Response

from linktrack.api.operations import Parameter, operation
from linktrack.api.read import Fields
from linktrack.clicks.vocabulary import DEFAULT_WINDOW

P = ParamSpec("P")


class AskedRange(TypedDict):
    """The arguments `from` and `to`, as reports take them."""

    since: datetime | None
    until: datetime | None


def report_at(
    name: str, query: tuple[Parameter, ...], *answers: type
) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Make a view the report of this name; it answers an object of one of these types."""
    (first, *others) = answers
    return operation(
        "GET",
        f"/reports/{name}",
        scope="read",
        query=query,
        answers={200: answers if others else first},
        problems=(404,),
    )


def asked_range(fields: Fields) -> AskedRange:
    """Return the range that is asked for; raises `Invalid`."""
    return {"since": fields.moment("from"), "until": fields.moment("to")}


def asked_window(fields: Fields) -> str:
    """Return the counting window that is asked for, or the usual one."""
    return fields.text("window", DEFAULT_WINDOW)
