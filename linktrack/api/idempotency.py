"""Idempotency-Key: a POST sent again gets the first answer, and is done only once."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from flask import Response, g, make_response, request

from linktrack.context import one_commit
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.owners.answers import remember_answer, reserve_answer

LONGEST: Final = 255
P = ParamSpec("P")
R = TypeVar("R")


def once(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Run a view only once for each key of a token (for a day).

    The key and the answer are stored in the transaction of the view's own work: all, or nothing.
    Raises `Invalid` for a malformed key or one used for another request, `Conflict` while the
    first is still being answered.
    """

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(*args, **kwargs)
        if not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
            raise Invalid(f"An Idempotency-Key has 1 to {LONGEST} visible ASCII characters.")
        with one_commit() as session:
            known = reserve_answer(session, g.token.id, key, _digest(), now())
            if known is not None:
                response = Response(known.body, known.status, mimetype="application/json")
                response.headers["Idempotent-Replayed"] = "true"
                return response
            response = make_response(view(*args, **kwargs))
            body = response.get_data(as_text=True)
            remember_answer(session, g.token.id, key, response.status_code, body)
            session.commit()
            return response

    return answered


def unrepeated(view: Callable[P, R]) -> Callable[P, R]:
    """Refuse keys (`Invalid`) for a view whose answer holds a secret, which must not be stored."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> R:
        if "Idempotency-Key" in request.headers:
            raise Invalid(
                "This answer contains a secret and isn't stored, so it can't be repeated: leave "
                "the Idempotency-Key out."
            )
        return view(*args, **kwargs)

    return answered


def _digest() -> str:
    """Return a digest of a request: its path and its content."""
    sent = json.dumps([request.method, request.full_path]).encode() + request.get_data()
    return hashlib.sha256(sent).hexdigest()
