"""Keys, errors and pages of Shlink's API."""

from collections.abc import Mapping
from functools import partial
from typing import Final, TypedDict

from flask import Blueprint, Response, g, jsonify, request

from linktrack.api.access import is_unauthenticated
from linktrack.api.clients.admission import with_secret
from linktrack.api.limits import add_limit_headers
from linktrack.api.problems import problem
from linktrack.api.read import Fields, arguments
from linktrack.context import close_db_session
from linktrack.errors import Conflict, Forbidden, Invalid, LinktrackError, NotFound, TooMany

blueprint = Blueprint("shlink", __name__, url_prefix="/rest")
blueprint.after_request(add_limit_headers)

VERSION: Final = "4.4.0"  # of Shlink, whose answers these are
MOST_LISTED: Final = 1_000
LARGEST: Final = 2**31
ERRORS: Final = "https://shlink.io/api/error/"
_KINDS: Final[Mapping[int, str]] = {
    400: "invalid-data",
    401: "invalid-api-key",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    429: "too-many-requests",
}


class TagNotFound(NotFound):
    """There is no such tag."""


class TagConflict(Conflict):
    """There is such a tag already."""


def _secret() -> str:
    return request.headers.get("X-Api-Key", "")


with_key = partial(with_secret, _secret)


def owns(path: str) -> bool:
    """Whether an address is one of this door's."""
    return path.startswith("/rest/")


def refuse(status: int, sentence: str) -> Response:
    """Return an error in Shlink's form."""
    return problem(status, sentence, ERRORS + _KINDS.get(status, "unavailable"))


@blueprint.after_request
def _let_pages_read(response: Response) -> Response:
    """Let Shlink's web client, a page of another origin, read answers; the key is in a header."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Headers"] = "X-Api-Key, Content-Type"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
    return response


@blueprint.errorhandler(LinktrackError)
def _answer_known(error: LinktrackError) -> Response:
    close_db_session()
    known: list[tuple[type[LinktrackError], int, str]] = [
        (TooMany, 429, "too-many-requests"),
        (TagNotFound, 404, "tag-not-found"),
        (NotFound, 404, "short-url-not-found"),
        (TagConflict, 409, "tag-conflict"),
        (Conflict, 400, "non-unique-slug"),
        (Invalid, 400, "invalid-data"),
    ]
    if isinstance(error, Forbidden):
        return refuse(401 if is_unauthenticated() or not _has_scope() else 403, error.sentence)
    for kind, status, name in known:
        if isinstance(error, kind):
            return problem(status, error.sentence, ERRORS + name)
    return refuse(503, error.sentence)


def _has_scope() -> bool:
    """Whether the key opens this door at all."""
    return g.token.account_id is not None and g.token.scope in ("wrap", "write")


@blueprint.get("/health")
@blueprint.get("/v3/health")
def health() -> Response:
    """Answer that the service is up, and which version of Shlink's API it speaks."""
    return jsonify({"status": "pass", "version": VERSION, "links": {"about": "", "project": ""}})


@blueprint.get("/v3/mercure-info")
@with_key()
def mercure_info() -> Response:
    """Say that there are no live updates, as a Shlink without Mercure does."""
    return problem(501, "There are no live updates here.", f"{ERRORS}mercure-not-configured")


DEFAULT: Final = "DEFAULT"
"""What clients call the only domain there is, if not by its name."""


class Pagination(TypedDict):
    """Which page this is, and of how many."""

    currentPage: int
    pagesCount: int
    itemsPerPage: int
    itemsInCurrentPage: int
    totalItems: int


def asked(known: set[str]) -> Fields:
    """Return the query arguments, lists (`tags[]`) apart; raises `Invalid` for unknown ones."""
    return arguments(request, known | {"page", "itemsPerPage", "domain"})


def page_of(fields: Fields) -> tuple[int, int]:
    """Return the page that is asked for, from 1, and how much is on one; -1 is all there may be."""
    page = min(max(fields.whole("page", 1) or 1, 1), LARGEST // MOST_LISTED)
    if fields.value("itemsPerPage") == "-1":
        return page, MOST_LISTED
    return page, min(max(fields.whole("itemsPerPage", 10) or 1, 1), MOST_LISTED)


def pagination(page: int, size: int, here: int, total: int) -> Pagination:
    """Return what Shlink says of a page."""
    return {
        "currentPage": page,
        "pagesCount": max(1, -(-total // size)),
        "itemsPerPage": size,
        "itemsInCurrentPage": here,
        "totalItems": total,
    }


def atom(moment: str) -> str:
    """Return a moment as Shlink writes it: +00:00 for Z."""
    return moment.removesuffix("Z") + "+00:00"


class Summary(TypedDict):
    """How often something was clicked."""

    total: int
    nonBots: int
    bots: int


def summary(clicks: int, left_out: int) -> Summary:
    """Return clicks of people, and of bots, previews and so on."""
    return {"total": clicks + left_out, "nonBots": clicks, "bots": left_out}
