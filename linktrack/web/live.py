"""Tell open pages when there are newer figures."""

from flask import jsonify, request
from werkzeug.wrappers import Response

from linktrack.context import db_session
from linktrack.upkeep.health.freshness import latest_click
from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("live", __name__)


@blueprint.get("/live.json")
def show() -> Response:
    """Return the number of the latest counted click; 304 if the page knows it already.

    An open page asks now and then, and reloads its figures when the number changes:
    no connection is kept open, since a worker's few threads answer redirects too.
    """
    response = jsonify(seq=latest_click(db_session()))
    response.add_etag()
    return response.make_conditional(request)
