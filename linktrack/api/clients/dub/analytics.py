"""How often the token's links were clicked."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from flask import Response, g, jsonify, request

from linktrack.api.clients.dub.door import blueprint, with_token
from linktrack.api.clients.dub.link_json import named_link
from linktrack.api.read import Fields, arguments
from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.reports.links.of_token import Visited, count_visits

_INTERVALS: Final[Mapping[str, int]] = {"24h": 1, "7d": 7, "30d": 30, "90d": 90, "1y": 365}
"""Days of an interval that figures can be asked for."""


@blueprint.get("/analytics")
@with_token()
def analytics() -> Response:
    """Return how often people clicked one of the token's links, or all of them."""
    fields = arguments(
        request,
        {"event", "groupBy", "domain", "key", "linkId", "interval", "start", "end", "timezone"},
    )
    if fields.optional_text("event") not in (None, "clicks"):
        raise Invalid("Only clicks are counted here: leave out event, or set it to clicks.")
    if fields.optional_text("groupBy") not in (None, "count"):
        raise Invalid("Clicks can't be grouped here: leave out groupBy, or set it to count.")
    is_one = fields.has("key") or fields.has("linkId")
    visited = Visited(
        token_id=g.token.id,
        link_id=named_link(fields).link.id if is_one else None,
        since=_since(fields),
        until=fields.moment("end"),
        humans_only=True,
    )
    return jsonify(
        {
            "clicks": count_visits(db_session(), visited),
            "leads": 0,
            "sales": 0,
            "saleAmount": 0,
        }
    )


def _since(fields: Fields) -> datetime | None:
    if fields.has("start"):
        return fields.moment("start")
    interval = fields.optional_text("interval") or "24h"
    if interval == "all":
        return None
    if interval not in _INTERVALS:
        raise Invalid(f"'interval' must be one of {', '.join(_INTERVALS)} or all.")
    return now() - timedelta(days=_INTERVALS[interval])
