"""A door for clients of YOURLS: /yourls-api.php, with a token's secret as the signature.

A client shortens, and reads the totals of what its own token has made. Shapes follow YOURLS' own
includes/functions-api.php; answers that an address was shortened before have status 200, as in
the releases that clients in use were written for.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from flask import Blueprint, Response, g, request

from linktrack.api.access import admit_door
from linktrack.api.clients.addresses import with_scheme
from linktrack.api.clients.making import existing_link, link_of_client, make_link
from linktrack.api.limits import add_limit_headers
from linktrack.context import close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import Conflict, Forbidden, Invalid, LinktrackError, NotFound, TooMany
from linktrack.links.hosts.finding import find_domain
from linktrack.links.models import Link
from linktrack.links.own_addresses import leads_back
from linktrack.links.redirects.limiting import limits_of
from linktrack.reports.links.of_token import DoorLink, Field, door_links, door_totals

blueprint = Blueprint("yourls", __name__)
blueprint.after_request(add_limit_headers)

VERSION: Final = "1.9.2"  # of YOURLS, whose answers these are
MOST_LISTED: Final = 1_000
FORMATS: Final = ("xml", "json", "jsonp", "simple")
_CALLBACK: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.]{0,99}")

_FILTERS: Final[Mapping[str, tuple[Field, bool]]] = {
    "bottom": ("clicks", False),
    "rand": ("random", True),
    "random": ("random", True),
    "last": ("created", True),
}
"""What `filter` sorts by, and whether the greatest comes first; `top` is every other word."""

Answer = dict[str, object]


def owns(path: str) -> bool:
    """Whether an address is this door's."""
    return path == "/yourls-api.php"


def refuse(status: int, sentence: str) -> Response:
    """Return an error in YOURLS' form, in the format that is asked for."""
    return _write(request.args.get("format", "xml"), status, _failed(status, sentence))


@blueprint.route("/yourls-api.php", methods=["GET", "POST"])
def answer() -> Response:
    """Do what `action` says, and answer in `format`."""
    form = request.values.get("format", "xml")
    try:
        g.token = admit_door(request.values.get("signature", ""))
        actions = {
            "shorturl": _shorten,
            "expand": _expand,
            "url-stats": _link_stats,
            "stats": _stats,
            "db-stats": _totals,
            "version": _version,
        }
        act = actions.get(request.values.get("action", ""))
        if act is None:
            return _write(form, 400, _failed(400, 'Unknown or missing "action" parameter'))
        status, body = act()
    except Forbidden as error:
        status, body = 403, _failed(403, f"Please log in: {error.sentence}")
    except TooMany as error:
        status, body = 429, _failed(429, error.sentence)
    except NotFound as error:
        status, body = 404, _failed(404, error.sentence)
    except LinktrackError as error:
        status, body = 400, _failed(400, error.sentence)
    close_db_session()
    return _write(form, status, body)


def _failed(status: int, message: str) -> Answer:
    return {
        "status": "fail",
        "errorCode": str(status),
        "statusCode": str(status),
        "message": message,
    }


def _shorten() -> tuple[int, Answer]:
    written = request.values.get("url", "").strip()
    keyword = request.values.get("keyword", "").strip() or None
    if not written or "\0" in written:  # which PostgreSQL cannot store
        return 400, _refused("error:nourl", "Missing or malformed URL")
    try:
        written = with_scheme(written, "http")
    except Invalid as error:
        return 400, _refused("error:nourl", error.sentence)
    try:
        found = existing_link(written, keyword)
    except Invalid as error:
        own = leads_back(db_session(), written, installation().settings.base_url)
        return 400, _refused("error:noloop" if own else "error:nourl", error.sentence)
    if found is not None:
        destination, short = found.link.destination, _short(found.link)
        return 200, {
            "status": "fail",
            "code": "error:url",
            "url": _link_json(found, "date"),
            "message": f"{destination} already exists in database (short URL: {short})",
            "title": _title(found),
            "shorturl": short,
            "statusCode": "200",
        }
    title = request.values.get("title", "").strip() or None
    try:
        made = make_link(written, slug=keyword, title=title)
    except (Conflict, Invalid) as error:
        db_session().rollback()
        return 200, _refused("error:keyword", error.sentence)
    return 200, {
        "url": _link_json(made, "date"),
        "status": "success",
        "code": "",
        "message": f"{made.link.destination} added to database",
        "errorCode": "",
        "title": _title(made),
        "shorturl": _short(made.link),
        "statusCode": "200",
    }


def _refused(code: str, message: str) -> Answer:
    return {
        "status": "fail",
        "code": code,
        "message": message,
        "errorCode": "400",
        "statusCode": "400",
    }


def _expand() -> tuple[int, Answer]:
    keyword = _keyword()
    link = _own_account(keyword)
    if link is None or link.disabled_at is not None:
        return 404, {"keyword": keyword, **_failed(404, "Error: short URL not found")}
    found = door_links(db_session(), g.token.id, link_id=link.id)
    if not found and limits_of(db_session(), link).keeps_secret(now()):
        return 404, {"keyword": keyword, **_failed(404, "Error: short URL not found")}
    return 200, {
        "keyword": link.code,
        "shorturl": _short(link),
        "longurl": link.destination,
        "title": _title(found[0]) if found else link.destination,
        "message": "success",
        "statusCode": "200",
    }


def _link_stats() -> tuple[int, Answer]:
    link = _own_account(_keyword())
    found = [] if link is None else door_links(db_session(), g.token.id, link_id=link.id)
    if not found:
        return 404, _failed(404, "Error: short URL not found")
    return 200, {
        "statusCode": "200",
        "message": "success",
        "link": _link_json(found[0], "timestamp"),
    }


def _stats() -> tuple[int, Answer]:
    by, descending = _FILTERS.get(request.values.get("filter", ""), ("clicks", True))
    limit = min(max(request.values.get("limit", 0, type=int), 0), MOST_LISTED)
    start = min(max(request.values.get("start", 0, type=int), 0), 2**31)
    found = door_links(
        db_session(), g.token.id, by=by, descending=descending, limit=limit, offset=start
    )
    _, totals = _totals()
    links = {
        f"link_{number}": _link_json(link, "timestamp") for number, link in enumerate(found, 1)
    }
    body: Answer = {"links": links} if links else {}
    return 200, {**body, "stats": totals["db-stats"], "statusCode": "200", "message": "success"}


def _totals() -> tuple[int, Answer]:
    totals = door_totals(db_session(), g.token.id)
    stats = {"total_links": str(totals.links), "total_clicks": str(totals.clicks)}
    return 200, {"db-stats": stats, "statusCode": "200", "message": "success"}


def _version() -> tuple[int, Answer]:
    return 200, {"version": VERSION, "statusCode": "200", "message": "success"}


def _keyword() -> str:
    """Return the code that `shorturl` names, alone or as a whole short address."""
    written = request.values.get("shorturl", "").strip()
    try:
        split = urlsplit(written)
    except ValueError:
        return written
    if "/" not in written:
        return written
    code = split.path.strip("/")
    with suppress(NotFound):
        domain = find_domain(db_session(), installation().settings.base_url, split.netloc)
        return code if domain is None else f"{code}@{domain.host}"
    return code


def _own_account(keyword: str) -> Link | None:
    try:
        link = link_of_client(keyword)
    except NotFound:
        return None
    return link if link.account_id == g.token.account_id else None


def _link_json(found: DoorLink, moment: str) -> Answer:
    """Return a link as YOURLS does; `ip`, who created it, is never given."""
    return {
        "keyword": found.link.code,
        "shorturl": _short(found.link),
        "url": found.link.destination,
        "title": _title(found),
        moment: _local(found.link.created_at),
        "ip": "",
        "clicks": str(found.clicks),
    }


def _title(found: DoorLink) -> str:
    return found.title or found.link.destination


def _short(link: Link) -> str:
    return installation().shortener.short_url(link.code or "", link.domain)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(installation().settings.timezone):%Y-%m-%d %H:%M:%S}"


def _write(form: str, status: int, body: Answer) -> Response:
    if form == "simple":
        text = str(body.get("shorturl") or body.get("longurl") or "")
        return Response(text, status, mimetype="text/plain")
    if form == "json":
        return Response(json.dumps(body), status, mimetype="application/json")
    callback = request.values.get("callback", "")
    if form == "jsonp" and _CALLBACK.fullmatch(callback):
        script = f"{callback}({json.dumps(body)})"
        return Response(script, status, mimetype="application/javascript")
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<result>{_xml(body)}</result>\n'
    return Response(xml, status, mimetype="application/xml")


def _xml(value: object) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(part)}</{name}>" for name, part in value.items())
    # XML 1.0 cannot hold control characters, however they are written.
    return escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", str(value)))
