"""Tokens, errors and the domain of Dub's API."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, request

from linktrack.api.access import BEARER, admit_door, is_unauthenticated, require_changes
from linktrack.api.limits import add_limit_headers
from linktrack.context import close_db_session, installation
from linktrack.errors import (
    Conflict,
    Forbidden,
    Invalid,
    LinktrackError,
    NotFound,
    TooLarge,
    TooMany,
)

blueprint = Blueprint("dub", __name__)
blueprint.after_request(add_limit_headers)

_CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "bad_request",
    409: "conflict",
    422: "unprocessable_entity",
    429: "rate_limit_exceeded",
}

P = ParamSpec("P")
R = TypeVar("R")


def owns(path: str) -> bool:
    """Whether an address is one of this door's."""
    return path in ("/links", "/analytics") or path.startswith("/links/")


def refuse(status: int, sentence: str) -> Response:
    """Return an error in Dub's form."""
    code = _CODES.get(status, "internal_server_error")
    response = jsonify({"error": {"code": code, "message": sentence, "doc_url": ""}})
    response.status_code = status
    return response


def with_token(*, changes: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require the secret of a client's token, with `changes` of one that may change links."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            header = request.headers.get("Authorization", "")
            secret = header[len(BEARER) :] if header.casefold().startswith(BEARER) else ""
            g.token = admit_door(secret.strip(), changes=True)
            if changes:
                require_changes()
            return view(*args, **kwargs)

        return guarded

    return decorate


@blueprint.errorhandler(LinktrackError)
def _answer_known(error: LinktrackError) -> Response:
    close_db_session()
    if isinstance(error, Forbidden):
        return refuse(401 if is_unauthenticated() else 403, error.sentence)
    known: list[tuple[type[LinktrackError], int]] = [
        (TooMany, 429),
        (NotFound, 404),
        (Conflict, 409),
        (Invalid, 422),
        (TooLarge, 422),
    ]
    status = next((status for kind, status in known if isinstance(error, kind)), 503)
    return refuse(status, error.sentence)


def own_domain() -> str:
    """Return the domain, with its port, that short links begin with."""
    return urlsplit(installation().settings.base_url).netloc


def check_domain(domain: str | None) -> None:
    """Raise `Invalid` for any domain but the one there is."""
    own = urlsplit(installation().settings.base_url)
    if domain not in (None, "", own.netloc, own.hostname):
        raise Invalid(f"The only domain here is {own.netloc}.")
