"""The API's OpenAPI document for programs, and a page of it for people."""

from flask import Response, jsonify, render_template

from linktrack.api.openapi import document
from linktrack.api.operations import OPERATIONS, blueprint
from linktrack.api.problems import PROBLEMS
from linktrack.context import installation


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI 3.1 document; it is public."""
    return jsonify(document(installation().settings.base_url))


@blueprint.get("/docs")
def page() -> str:
    """Show the API's operations, and what its errors mean."""
    return render_template("api/docs.html", operations=list(OPERATIONS.values()), problems=PROBLEMS)
