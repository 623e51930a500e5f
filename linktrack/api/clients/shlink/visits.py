"""Visits: the clicks on a token's own links, and none on addresses that lead nowhere."""

from typing import Final, TypedDict

from flask import Response, g, jsonify

from linktrack.api.clients.addresses import check_domain
from linktrack.api.clients.shlink.door import (
    DEFAULT,
    asked,
    atom,
    blueprint,
    page_of,
    pagination,
    refuse,
    summary,
    with_key,
)
from linktrack.api.clients.shlink.short_urls import own_link
from linktrack.calendar.times import utc
from linktrack.context import db_session, installation
from linktrack.reports.links.of_token import Visit, Visited, door_totals
from linktrack.reports.links.of_token import visits as visits_of

_ASKED: Final = {"startDate", "endDate", "excludeBots"}


@blueprint.get("/v3/visits")
@with_key()
def overview() -> Response:
    """Return how often the token's own links were clicked."""
    totals = door_totals(db_session(), g.token.id)
    return jsonify(
        {
            "visits": {
                "nonOrphanVisits": summary(totals.clicks, totals.left_out),
                "orphanVisits": summary(0, 0),
            }
        }
    )


@blueprint.get("/v3/short-urls/<code>/visits")
@with_key()
def of_short_url(code: str) -> Response:
    """Return a page of the visits of one of the token's own short URLs, newest first."""
    return _page(link_id=own_link(code).link.id)


@blueprint.get("/v3/tags/<tag>/visits")
@with_key()
def of_tag(tag: str) -> Response:
    """Return a page of the visits of the token's own short URLs with a tag."""
    return _page(tag=tag.replace("\0", ""))


@blueprint.get("/v3/domains/<domain>/visits")
@with_key()
def of_domain(domain: str) -> Response:
    """Return a page of the visits of the only domain there is."""
    check_domain(domain, DEFAULT)
    return _page()


@blueprint.get("/v3/visits/non-orphan")
@with_key()
def of_all() -> Response:
    """Return a page of the visits of all of the token's own short URLs."""
    return _page()


@blueprint.get("/v3/visits/orphan")
@with_key()
def orphan() -> Response:
    """Return no visits: requests that lead nowhere are not kept."""
    page, size = page_of(asked(_ASKED | {"type"}))
    return jsonify({"visits": {"data": [], "pagination": pagination(page, size, 0, 0)}})


@blueprint.delete("/v3/short-urls/<code>/visits")
@with_key(changes=True)
def delete_visits(code: str) -> Response:
    """Refuse: every click is kept, or rates would say what nobody can check."""
    own_link(code)
    return refuse(403, "Clicks can't be deleted one link at a time.")


@blueprint.delete("/v3/visits/orphan")
@with_key(changes=True)
def delete_orphan_visits() -> Response:
    """Delete none, since there are none."""
    return jsonify({"deletedVisits": 0})


class VisitJson(TypedDict):
    """A click in Shlink's words; of the agent only its families."""

    referer: str
    date: str
    userAgent: str
    visitLocation: None
    potentialBot: bool
    visitedUrl: str
    redirectUrl: str


def _page(link_id: int | None = None, tag: str | None = None) -> Response:
    fields = asked(_ASKED)
    check_domain(fields.optional_text("domain"), DEFAULT)
    page, size = page_of(fields)
    visited = Visited(
        token_id=g.token.id,
        link_id=link_id,
        tag=tag,
        since=fields.moment("startDate"),
        until=fields.moment("endDate"),
        humans_only=fields.optional_text("excludeBots") in ("true", "1"),
    )
    found, total = visits_of(db_session(), visited, limit=size, offset=(page - 1) * size)
    data = [_visit(visit) for visit in found]
    return jsonify(
        {"visits": {"data": data, "pagination": pagination(page, size, len(data), total)}}
    )


def _visit(visit: Visit) -> VisitJson:
    return {
        "referer": f"https://{visit.referrer_host}/" if visit.referrer_host else "",
        "date": atom(utc(visit.at)),
        "userAgent": " on ".join(name for name in (visit.browser, visit.os) if name),
        "visitLocation": None,
        "potentialBot": not visit.human,
        "visitedUrl": f"{visit.base or installation().settings.base_url}/{visit.code}",
        "redirectUrl": visit.destination,
    }
