"""Who may come in by a door, and the status of what goes wrong there."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g

from linktrack.api.access import admit_door, is_unauthenticated, require_changes
from linktrack.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LinktrackError,
    NotFound,
    TooLarge,
    TooMany,
)

P = ParamSpec("P")
R = TypeVar("R")


def with_secret(
    read_secret: Callable[[], str], *, changes: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require the secret of a client's token, with `changes` of one that may change links."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            g.token = admit_door(read_secret(), changes=True)
            if changes:
                require_changes()
            return view(*args, **kwargs)

        return guarded

    return decorate


def status_of(error: LinktrackError, *, invalid: int, conflict: int) -> int:
    """Return an error's status; shorteners differ about invalid fields and taken codes."""
    if isinstance(error, Forbidden):
        return 401 if is_unauthenticated() else 403
    known: list[tuple[type[LinktrackError], int]] = [
        (TooMany, 429),
        (NotFound, 404),
        (Conflict, conflict),
        (Invalid, invalid),
        (TooLarge, invalid),
    ]
    return next((status for kind, status in known if isinstance(error, kind)), 503)
