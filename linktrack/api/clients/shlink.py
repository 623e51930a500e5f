"""A door for clients of Shlink: its REST API, version 3, with a token's secret as the API key.

A client shortens, and reads what its own token has made: short URLs and their visits, which say
nothing of who it was. It changes and deletes nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, request

from linktrack.api.access import admit_door
from linktrack.api.limits import add_limit_headers
from linktrack.api.problems import problem
from linktrack.api.read import Fields, posted_object
from linktrack.audience.accounts import get_account
from linktrack.calendar.times import utc
from linktrack.context import close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import Conflict, Forbidden, Invalid, LinktrackError, NotFound, TooMany
from linktrack.links.catalog import get_link
from linktrack.links.single import add_single, destination_for, find_single
from linktrack.reports.links.of_token import DoorLink, Visit, door_links, door_totals, visits_of

blueprint = Blueprint("shlink", __name__, url_prefix="/rest")
blueprint.after_request(add_limit_headers)

VERSION: Final = "4.4.0"  # of Shlink, whose answers these are
MOST_LISTED: Final = 1_000
LARGEST: Final = 2**31
ERRORS: Final = "https://shlink.io/api/error/"
ORDERS: Final = {
    "dateCreated-DESC": "last",
    "dateCreated-ASC": "first",
    "visits-DESC": "top",
    "visits-ASC": "bottom",
    "nonBotVisits-DESC": "top",
    "nonBotVisits-ASC": "bottom",
}
CREATE: Final = {
    "longUrl", "customSlug", "findIfExists", "domain", "tags", "title", "forwardQuery",
    "shortCodeLength", "crawlable", "validateUrl",
}  # fmt: skip
NEVER_KEPT: Final = ("validSince", "validUntil", "maxVisits", "pathPrefix")

P = ParamSpec("P")
R = TypeVar("R")


def with_key(view: Callable[P, R]) -> Callable[P, R]:
    """Require the secret of a client's token in X-Api-Key."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        g.token = admit_door(request.headers.get("X-Api-Key", ""))
        return view(*args, **kwargs)

    return guarded


@blueprint.after_request
def _let_pages_read(response: Response) -> Response:
    """Let Shlink's web client, a page of another origin, read answers; the key is in a header."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Headers"] = "X-Api-Key, Content-Type"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
    return response


@blueprint.errorhandler(LinktrackError)
def _answer_known(error: LinktrackError) -> Response:
    close_db_session()
    known: list[tuple[type[LinktrackError], int, str]] = [
        (Forbidden, 401, "invalid-api-key"),
        (TooMany, 429, "too-many-requests"),
        (NotFound, 404, "short-url-not-found"),
        (Conflict, 400, "non-unique-slug"),
        (Invalid, 400, "invalid-data"),
    ]
    for kind, status, name in known:
        if isinstance(error, kind):
            return problem(status, error.sentence, ERRORS + name)
    return problem(503, error.sentence, ERRORS + "unavailable")


@blueprint.get("/health")
@blueprint.get("/v3/health")
def health() -> Response:
    """Answer that the service is up, and which version of Shlink's API it speaks."""
    return jsonify({"status": "pass", "version": VERSION, "links": {"about": "", "project": ""}})


@blueprint.post("/v3/short-urls")
@with_key
def create() -> Response:
    """Create a short URL, or return the existing one if `findIfExists` says so."""
    fields = posted_object(request, CREATE | {*NEVER_KEPT})
    for name in NEVER_KEPT:
        if fields.value(name):
            raise Invalid(f"{name} is not kept here: leave it out.")
    _check_domain(fields.optional_text("domain"))
    opened, session = installation(), db_session()
    account = get_account(session, g.token.account_id)
    written = fields.text("longUrl")
    slug = fields.optional_text("customSlug")
    if fields.value("findIfExists") is True:
        destination = destination_for(session, opened.shortener, account, written)
        there = find_single(session, g.token.id, destination)
        if there is not None and slug in (None, there.code):
            (found,) = door_links(session, g.token.id, link_id=there.id)
            return jsonify(_short_url_json(found))
    title = fields.optional_text("title")
    tags = _tags(fields)
    link = add_single(
        session,
        opened.shortener,
        account,
        written,
        now(),
        token_id=g.token.id,
        slug=slug,
        title=title,
        tags=tags,
        forward_query=fields.value("forwardQuery") is True,
    )
    session.commit()
    return jsonify(_short_url_json(DoorLink(link, title, list(tags), 0, 0)))


@blueprint.get("/v3/short-urls")
@with_key
def list_all() -> Response:
    """Return a page of the token's own short URLs."""
    page, size = _page()
    search = request.args.get("searchTerm", "").replace("\0", "")
    total, _ = door_totals(db_session(), g.token.id, search)
    found = door_links(
        db_session(),
        g.token.id,
        order=ORDERS.get(request.args.get("orderBy", ""), "last"),
        limit=size,
        offset=(page - 1) * size,
        search=search,
    )
    data = [_short_url_json(link) for link in found]
    return jsonify(
        {"shortUrls": {"data": data, "pagination": _pages(page, size, len(data), total)}}
    )


@blueprint.get("/v3/short-urls/<code>")
@with_key
def show(code: str) -> Response:
    """Return one of the token's own short URLs."""
    return jsonify(_short_url_json(_own(code)))


@blueprint.get("/v3/short-urls/<code>/visits")
@with_key
def visits(code: str) -> Response:
    """Return a page of the visits of one of the token's own short URLs, newest first."""
    page, size = _page()
    found = _own(code)
    humans_only = request.args.get("excludeBots", "") in ("true", "1")
    clicks, total = visits_of(
        db_session(), found.link.id, humans_only=humans_only, limit=size, offset=(page - 1) * size
    )
    data = [_visit(visit, found) for visit in clicks]
    return jsonify({"visits": {"data": data, "pagination": _pages(page, size, len(data), total)}})


@blueprint.get("/v3/tags")
@with_key
def tags() -> Response:
    """Return an empty list: tags are part of each link."""
    return jsonify({"tags": {"data": []}})


def _own(code: str) -> DoorLink:
    _check_domain(request.args.get("domain"))
    link = get_link(db_session(), installation().shortener.codes, code.replace("\0", ""))
    found = door_links(db_session(), g.token.id, link_id=link.id)
    if not found:
        raise NotFound(f"No URL found with short code {code[:80]!r}.")
    return found[0]


def _check_domain(domain: str | None) -> None:
    own = urlsplit(installation().settings.base_url).netloc
    if domain not in (None, "", "DEFAULT", own):
        raise Invalid(f"The only domain here is {own}.")


def _tags(fields: Fields) -> tuple[str, ...]:
    """Return a list of tags; some clients send a single one as a string."""
    value = fields.value("tags")
    return (value,) if isinstance(value, str) and value else fields.texts("tags")


def _page() -> tuple[int, int]:
    page = min(max(request.args.get("page", 1, type=int), 1), LARGEST // MOST_LISTED)
    size = request.args.get("itemsPerPage", 10, type=int)
    return page, MOST_LISTED if size == -1 else min(max(size, 1), MOST_LISTED)


def _pages(page: int, size: int, here: int, total: int) -> dict[str, int]:
    return {
        "currentPage": page,
        "pagesCount": max(1, -(-total // size)),
        "itemsPerPage": size,
        "itemsInCurrentPage": here,
        "totalItems": total,
    }


def _short_url_json(found: DoorLink) -> dict[str, object]:
    link = found.link
    return {
        "shortCode": link.code,
        "shortUrl": installation().shortener.short_url(link.code or ""),
        "longUrl": link.destination,
        "dateCreated": _atom(utc(link.created_at)),
        "visitsSummary": {
            "total": found.clicks + found.left_out,
            "nonBots": found.clicks,
            "bots": found.left_out,
        },
        "tags": found.tags,
        "meta": {"validSince": None, "validUntil": None, "maxVisits": None},
        "domain": None,
        "title": found.title,
        "crawlable": False,
        "forwardQuery": link.forward_query,
        "hasRedirectRules": False,
    }


def _visit(visit: Visit, found: DoorLink) -> dict[str, object]:
    """Return a click as Shlink does; of the user agent only browser and system are given."""
    agent = " on ".join(name for name in (visit.browser, visit.os) if name)
    return {
        "referer": f"https://{visit.referrer_host}/" if visit.referrer_host else "",
        "date": _atom(utc(visit.at)),
        "userAgent": agent,
        "visitLocation": None,
        "potentialBot": not visit.human,
        "visitedUrl": installation().shortener.short_url(found.link.code or ""),
        "redirectUrl": found.link.destination,
    }


def _atom(moment: str) -> str:
    """Return a time as Shlink writes it: +00:00 instead of Z."""
    return moment.removesuffix("Z") + "+00:00"
