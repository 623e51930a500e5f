"""JSON under /api/v1: every resource's operations, and what all answers have in common."""

from flask import Response, request

from linktrack.api.limits import add_limit_headers
from linktrack.api.operations import blueprint

# Importing a module of operations makes their routes.

__all__ = ["blueprint"]

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
