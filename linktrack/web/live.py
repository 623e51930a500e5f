"""Tell open pages when there are newer figures."""

from flask import g, jsonify, request
from werkzeug.wrappers import Response

from linktrack.context import db_session
from linktrack.upkeep.health.freshness import clicks_so_far, latest_click
from linktrack.web.context import owner_blueprint

blueprint = owner_blueprint("live", __name__)


@blueprint.get("/live.json")
def show() -> Response:
    """Return a number that changes with each counted click; 304 if the page knows it already.

    For who sees some accounts alone it changes with their clicks alone.

    An open page asks now and then, and reloads its figures when the number changes:
    no connection is kept open, since a worker's few threads answer redirects too.
    """
    session, shown = db_session(), g.shown_accounts
    seq = latest_click(session) if shown is None else clicks_so_far(session, shown)
    response = jsonify(seq=seq)
    response.add_etag()
    return response.make_conditional(request)
