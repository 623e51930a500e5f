"""Goals told by the script on an own site, and the script itself.

Nobody signs in here, so a goal is taken only with an id of a click that was made, from pages of
own sites, and each once. Whoever sends anything else learns nothing: the answer is the same.
"""

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, Response, current_app, request

from linktrack.clicks.classify.agents import classify_agent
from linktrack.clicks.click_ids import ClickIds
from linktrack.clicks.conversions.declaring import get_goal
from linktrack.clicks.conversions.reaching import is_reached, reach_goal
from linktrack.clicks.conversions.sites import is_own_origin
from linktrack.clicks.records import MOST_AGENT
from linktrack.context import client_network, close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, NotFound
from linktrack.web.public.strangers import asks_not_to_be_tracked

blueprint = Blueprint("goals_told", __name__)

SCRIPT: Final = "goal.js"
SCRIPT_KEPT: Final = "public, max-age=86400"
LARGEST: Final = 100  # bytes of what is sent: a click id

MOST: Final = 60
"""Requests that a worker takes from one network within a minute."""

MOST_OF_ALL: Final = 1_200
"""Goals that it counts of all networks within a minute, with ids of real clicks."""

MOST_NETWORKS: Final = 20_000
MINUTE: Final = 60.0


@dataclass(slots=True)
class Throttle:
    """Counts within a minute, in this process's memory; `network` holds no address."""

    begun: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    def is_full(self, what: str, most: int) -> bool:
        """Count one more of what comes; return whether that is too many."""
        at = time.monotonic()
        if at - self.begun >= MINUTE:
            self.begun, self.counts = at, Counter()
        if what not in self.counts and len(self.counts) >= MOST_NETWORKS:
            return True
        self.counts[what] += 1
        return self.counts[what] > most


@blueprint.get("/goal.js")
def script() -> Response:
    """Send the script for own sites, which any page may load."""
    answer = current_app.send_static_file(SCRIPT)
    answer.headers["Cache-Control"] = SCRIPT_KEPT
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@blueprint.post("/goals/<name>")
def tell(name: str) -> Response:
    """Count a goal that the script tells of, if all is right; answer nothing in any case."""
    throttle: Throttle = current_app.extensions.setdefault("goals_told", Throttle())
    if throttle.is_full(client_network(), MOST):
        return _too_many()
    answer = Response(status=204, headers={"Vary": "Origin"})
    origin = request.headers.get("Origin", "")
    if (request.content_length or 0) > LARGEST or asks_not_to_be_tracked():
        return answer
    if not is_own_origin(db_session(writes=False), origin):
        return answer
    answer.headers["Access-Control-Allow-Origin"] = origin
    ids = ClickIds(installation().keys.click_ids())
    click_id = request.get_data().decode("ascii", "replace")
    carried = ids.read(click_id)
    if carried is None or not _is_person() or is_reached(db_session(), name, carried):
        return answer
    if throttle.is_full("", MOST_OF_ALL):
        return _too_many()
    with suppress(Invalid, NotFound):
        _count(name, click_id, ids)
    return answer


def _too_many() -> Response:
    return Response(status=429, headers={"Retry-After": "60"})


def _is_person() -> bool:
    return classify_agent(request.headers.get("User-Agent", "")[:MOST_AGENT]).reason is None


def _count(name: str, click_id: str, ids: ClickIds) -> None:
    close_db_session()  # which only read: now the write lock is worth it
    session = db_session(writes=True)
    goal = get_goal(session, name)
    if goal.by_script:
        days = installation().days()
        reach_goal(session, goal, click_id, ids=ids, days=days, now=now())
        session.commit()
