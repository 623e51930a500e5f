"""Errors of the API as application/problem+json (RFC 9457)."""

import json
from http import HTTPStatus

from flask import Response


def problem(status: int, sentence: str, kind: str = "about:blank") -> Response:
    """Return an error that programs and people can read."""
    body = {
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
    }
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="linktrack"'
    return response
