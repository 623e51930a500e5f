"""Errors of the API as application/problem+json (RFC 9457), each of a documented type."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypedDict

from flask import Response

from linktrack.context import installation


@dataclass(frozen=True, slots=True)
class Problem:
    """A type of error; `means` says what to do about it."""

    name: str
    means: str


PROBLEMS: Final = {
    400: Problem("bad-request", "The request can't be parsed: fix the client."),
    401: Problem("unauthorized", "No token was sent, or it is unknown, expired or revoked."),
    403: Problem("forbidden", "The token's scope or account does not allow this."),
    404: Problem("not-found", "There is no such thing, or the token has no access to it."),
    405: Problem("method-not-allowed", "The method is not allowed here: see the header Allow."),
    409: Problem("conflict", "The request conflicts with the current state; nothing was changed."),
    412: Problem("changed-since", "It was changed after you read it (If-Match): read it again."),
    413: Problem("too-large", "The request is over 2 MB, or the text has too many characters."),
    422: Problem("invalid", "A field or parameter is not valid; nothing was changed."),
    429: Problem("too-many", "The token's rate limit is reached: wait Retry-After seconds."),
    500: Problem("failure", "A bug in linktrack; details are in the log."),
    503: Problem("unavailable", "The database can't be reached or is busy: try again in a minute."),
}
"""What each status of an error means; its address is the `type` of the problem."""


def problem(status: int, sentence: str, kind: str | None = None) -> Response:
    """Return an error that programs and people can read; `kind` overrides its type's address."""
    body = json.dumps(problem_json(status, sentence, kind))
    response = Response(body, status, mimetype="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="linktrack"'
    return response


class ProblemJson(TypedDict):
    """An error; `type` is the address that explains it."""

    type: str
    title: str
    status: int
    detail: str


def problem_json(status: int, sentence: str, kind: str | None = None) -> ProblemJson:
    """Return the members of an error; its title is what HTTP calls the status."""
    return {
        "type": kind or problem_type(status),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
    }


def problem_type(status: int) -> str:
    """Return the address that explains a type of error."""
    known = PROBLEMS.get(status)
    if known is None:
        return "about:blank"
    return f"{installation().settings.base_url}/api/v1/docs#{known.name}"
