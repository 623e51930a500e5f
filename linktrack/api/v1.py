"""JSON under /api/v1: every resource's operations, and what all answers have in common."""

from typing import Final

from flask import Response, request

from linktrack.api import documentation
from linktrack.api.limits import add_limit_headers
from linktrack.api.operations import blueprint
from linktrack.api.reports import audience, reports
from linktrack.api.resources import (
    accounts,
    experiments,
    exports,
    follow_back,
    links,
    not_wrapped,
    notes,
    people,
    posts,
    queue,
    rosters,
    segments,
    sharing,
    webhooks,
)

__all__ = ["MODULES", "blueprint"]

MODULES: Final = (
    accounts,
    audience,
    documentation,
    experiments,
    exports,
    follow_back,
    links,
    not_wrapped,
    notes,
    people,
    posts,
    queue,
    reports,
    rosters,
    segments,
    sharing,
    webhooks,
)
"""All modules of operations: importing one makes its routes."""

blueprint.after_request(add_limit_headers)


@blueprint.after_request
def _let_ask_again(response: Response) -> Response:
    """Give whole JSON answers to GET an ETag; who has it already gets 304."""
    whole = response.status_code == 200 and response.mimetype == "application/json"
    if request.method == "GET" and whole and not response.is_streamed:
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization"
        response.add_etag()
        response.make_conditional(request)
    return response
