"""Whether newer figures are there, for pages that stay open."""

from flask import jsonify, request
from werkzeug.wrappers import Response

from linktrack.context import db_session
from linktrack.upkeep.health.freshness import latest_click
from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("live", __name__)


@blueprint.get("/live.json")
def show() -> Response:
    """Return the number of the click that was counted last; 304 where it is the one asked about.

    A page that stays open asks now and then, and loads its figures anew when the number changes:
    no connection is held open, since a worker's few threads answer redirects too.
    """
    response = jsonify(seq=latest_click(db_session()))
    response.add_etag()
    return response.make_conditional(request)
