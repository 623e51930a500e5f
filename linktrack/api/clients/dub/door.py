"""Tokens, errors and the domain of Dub's API."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from flask import Blueprint, Response, jsonify, request

from linktrack.api.access import BEARER
from linktrack.api.clients.admission import status_of, with_secret
from linktrack.api.limits import add_limit_headers
from linktrack.context import close_db_session
from linktrack.errors import (
    LinktrackError,
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


def owns(path: str) -> bool:
    """Whether an address is one of this door's."""
    return path in ("/links", "/analytics") or path.startswith("/links/")


def refuse(status: int, sentence: str) -> Response:
    """Return an error in Dub's form."""
    code = _CODES.get(status, "internal_server_error")
    response = jsonify({"error": {"code": code, "message": sentence, "doc_url": ""}})
    response.status_code = status
    return response


def _secret() -> str:
    header = request.headers.get("Authorization", "")
    return header[len(BEARER) :].strip() if header.casefold().startswith(BEARER) else ""


with_token = partial(with_secret, _secret)


@blueprint.errorhandler(LinktrackError)
def _answer_known(error: LinktrackError) -> Response:
    close_db_session()
    return refuse(status_of(error, invalid=422, conflict=409), error.sentence)
