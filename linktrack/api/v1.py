"""JSON under /api/v1: all operations, and what all answers have in common."""

from importlib import import_module
from pkgutil import walk_packages

from flask import Response, request

import linktrack.api.documentation  # noqa: F401 - importing a module of operations makes their routes
from linktrack.api import reports, resources
from linktrack.api.limits import add_limit_headers
from linktrack.api.operations import blueprint, figures_of_request
from linktrack.api.versions import etag_of

for _room in (reports, resources):
    for _module in walk_packages(_room.__path__, f"{_room.__name__}."):
        import_module(_module.name)

__all__ = ["blueprint"]

blueprint.after_request(add_limit_headers)


@blueprint.after_request
def _let_ask_again(response: Response) -> Response:
    """Give complete JSON answers an ETag; a GET by a client that has it already gets 304."""
    whole = response.status_code == 200 and response.mimetype == "application/json"
    if request.method in ("GET", "PATCH") and whole and not response.is_streamed:
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization"
        response.set_etag(etag_of(response.get_data(), figures_of_request()))
        if request.method == "GET":
            response.make_conditional(request)
    return response
