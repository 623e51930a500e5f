"""The document of the API for programs, and a page of it for people, from our own origin."""

from flask import Response, jsonify, render_template

from linktrack.api.openapi import document
from linktrack.api.operations import OPERATIONS, blueprint
from linktrack.api.problems import PROBLEMS
from linktrack.context import installation


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI 3.1 document; it is nobody's secret."""
    return jsonify(document(installation().settings.base_url))


@blueprint.get("/docs")
def page() -> str:
    """Show what the API can do, and what its errors mean."""
    return render_template("api/docs.html", operations=list(OPERATIONS.values()), problems=PROBLEMS)
