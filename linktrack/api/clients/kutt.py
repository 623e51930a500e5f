"""A door for clients of Kutt: its API, version 2, with a token's secret in X-API-Key.

A client shortens, and reads what its own token has made. With a token of scope `write` it changes
links, too. What a link is known by is its code: Kutt's own ids are accepted nowhere.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypedDict

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from linktrack.api.clients.addresses import chosen_host, own_host, with_scheme
from linktrack.api.clients.admission import status_of, with_secret
from linktrack.api.clients.limits import Names, limit, sends_any
from linktrack.api.clients.making import existing_link, make_link, own_link
from linktrack.api.limits import add_limit_headers
from linktrack.api.read import arguments, posted_object
from linktrack.calendar.times import utc
from linktrack.context import close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, LinktrackError
from linktrack.links.catalog import change_destination, set_disabled
from linktrack.links.single import relabel
from linktrack.reports.links.of_token import (
    ClickGroup,
    DoorLink,
    Wanted,
    click_groups,
    door_links,
    door_totals,
)

blueprint = Blueprint("kutt", __name__)
blueprint.after_request(add_limit_headers)

MOST_LISTED: Final = 1_000
LARGEST: Final = 2**31
_CREATE: Final = {
    "target", "description", "expire_in", "password", "customurl", "reuse", "domain",
}  # fmt: skip
_LIMITS: Final[Names] = {"expire_in": "expires_in", "password": "password"}
_CHANGE: Final = {"target", "address", "description", "expire_in", "password"}

View = Callable[..., ResponseReturnValue]


def owns(path: str) -> bool:
    """Whether an address is one of this door's."""
    if path.startswith("/api/v2/"):
        return True
    below, _, rest = path.partition("/api/")
    return not below and rest.partition("/")[0] in ("links", "health", "users", "domains")


def refuse(status: int, sentence: str) -> Response:
    """Return an error in Kutt's form."""
    response = jsonify({"error": sentence})
    response.status_code = status
    return response


_with_key = partial(with_secret, lambda: request.headers.get("X-API-Key", ""))


def _at(method: str, path: str) -> Callable[[View], View]:
    """Answer at both of the addresses that clients know: below /api/v2, and below /api."""

    def decorate(view: View) -> View:
        for prefix in ("/api/v2", "/api"):
            name = f"{method} {prefix}{path}"
            blueprint.add_url_rule(f"{prefix}{path}", name.replace(".", ""), view, methods=[method])
        return view

    return decorate


@blueprint.errorhandler(LinktrackError)
def _answer_known(error: LinktrackError) -> Response:
    close_db_session()
    return refuse(status_of(error, invalid=400, conflict=400), error.sentence)


@_at("GET", "/health")
def health() -> Response:
    """Answer that the service is up."""
    return Response("OK", mimetype="text/plain")


@_at("GET", "/users")
@_with_key()
def user() -> Response:
    """Return the key's user, without a mail address: linktrack keeps none."""
    return jsonify({"apikey": None, "email": "", "domains": []})


@_at("POST", "/links")
@_with_key()
def create() -> tuple[Response, int]:
    """Create a link, or return the existing one if `reuse` says so."""
    fields = posted_object(request, _CREATE)
    on = chosen_host(fields.optional_text("domain"), own_host())
    target = with_scheme(fields.text("target"), "http")
    slug = fields.optional_text("customurl") or None
    description = fields.optional_text("description")
    reuses = fields.flag("reuse") and not sends_any(fields, _LIMITS)
    found = existing_link(target, slug, on) if reuses else None
    if found is None:
        limited = partial(limit, fields=fields, names=_LIMITS)
        found = make_link(target, slug=slug, title=description, on=on, limited=limited)
    return jsonify(_link(found)), 201


@_at("GET", "/links")
@_with_key()
def list_all() -> Response:
    """Return a page of the token's own links, newest first."""
    fields = arguments(request, {"limit", "skip", "all", "search"})
    limit = min(max(fields.whole("limit", 10) or 1, 1), MOST_LISTED)
    skip = min(max(fields.whole("skip", 0) or 0, 0), LARGEST)
    wanted = Wanted(
        search=(fields.optional_text("search") or "").replace("\0", ""), redirecting=True
    )
    found = door_links(db_session(), g.token.id, wanted, limit=limit, offset=skip)
    total = door_totals(db_session(), g.token.id, wanted).links
    data = [_link(link) for link in found]
    return jsonify({"limit": limit, "skip": skip, "total": total, "data": data})


@_at("GET", "/links/<code>")
@_with_key()
def show(code: str) -> Response:
    """Return one of the token's own links."""
    return jsonify(_link(_own(code)))


@_at("PATCH", "/links/<code>")
@_with_key(changes=True)
def change(code: str) -> Response:
    """Change where a link leads, and what is said of it; its code stays."""
    fields, found = posted_object(request, _CHANGE), _own(code)
    if fields.optional_text("address") not in (None, "", found.link.code):
        raise Invalid(
            "A code can't be changed, since the link may already be shared: create another link."
        )
    session = db_session()
    if fields.value("target") is not None:
        target = with_scheme(fields.text("target"), "http")
        change_destination(session, installation().shortener, found.link, target, now())
    if fields.has("description"):
        relabel(session, found.link.id, title=fields.optional_text("description"))
    limit(found.link, fields, _LIMITS)
    session.commit()
    return jsonify(_link(_own(code)))


@_at("DELETE", "/links/<code>")
@_with_key(changes=True)
def delete(code: str) -> Response:
    """Disable a link: it answers 410, is listed no more, and keeps its clicks."""
    set_disabled(db_session(), _own(code).link, True, now())
    db_session().commit()
    return jsonify({"message": "The link has been deleted successfully."})


# Version 3.0.2 of the npm client asks for figures with DELETE, so that deletes nothing here.
@_at("DELETE", "/links/<code>/stats")
@_at("GET", "/links/<code>/stats")
@_with_key()
def stats(code: str) -> Response:
    """Return people's clicks on one of the token's own links by hour, day and month."""
    found = _own(code)
    moment = now()
    groups = click_groups(db_session(), found.link.id, moment - timedelta(days=365))
    return jsonify(
        {
            **_link(found),
            "lastDay": _period(groups, moment, timedelta(hours=1), 24),
            "lastWeek": _period(groups, moment, timedelta(days=1), 7),
            "lastMonth": _period(groups, moment, timedelta(days=1), 30),
            "lastYear": _period(groups, moment, timedelta(days=365) / 12, 12),
            "updatedAt": utc(moment),
        }
    )


@_at("POST", "/domains")
@_with_key()
def add_domain() -> Response:
    """Refuse: an owner adds domains, not the token of one account."""
    raise Invalid("Domains can't be added here: an owner does that, on Settings → Domains.")


def _own(code: str) -> DoorLink:
    return own_link(code, "Link could not be found.")


class LinkJson(TypedDict):
    """A link in Kutt's words; `visit_count` is people's clicks."""

    id: str
    address: str
    banned: bool
    created_at: str
    updated_at: str
    description: str | None
    domain: str | None
    expire_in: str | None
    link: str
    password: bool
    target: str
    visit_count: int


def _link(found: DoorLink) -> LinkJson:
    link = found.link
    return {
        "id": link.name,
        "address": link.code or "",
        "banned": False,
        "created_at": utc(link.created_at),
        "updated_at": utc(link.changed_at),
        "description": found.title,
        "domain": None if link.domain is None else link.domain.host,
        "expire_in": utc(found.limits.expires_at),
        "link": installation().shortener.short_url(link.code or "", link.domain),
        "password": found.limits.has_password,
        "target": link.destination,
        "visit_count": found.clicks,
    }


class Named(TypedDict):
    """How many clicks something had."""

    name: str
    value: int


class Stats(TypedDict):
    """Clicks of a period by what is known of them."""

    browser: list[Named]
    os: list[Named]
    country: list[Named]
    referrer: list[Named]


class Period(TypedDict):
    """Clicks of a period, and of each of its parts, the oldest first."""

    stats: Stats
    views: list[int]
    total: int


def _period(groups: Sequence[ClickGroup], until: datetime, step: timedelta, parts: int) -> Period:
    begin = until - step * parts
    within = [group for group in groups if group.hour >= begin - timedelta(hours=1)]
    views = [0] * parts
    for group in within:
        part = min(max(int((group.hour - begin) / step), 0), parts - 1)
        views[part] += group.clicks
    counters: Mapping[str, Counter[str]] = {
        name: Counter() for name in ("browser", "os", "country", "referrer")
    }
    for group in within:
        for name, counter in counters.items():
            counter[getattr(group, name) or "other"] += group.clicks
    named: dict[str, list[Named]] = {
        name: [{"name": value, "value": count} for value, count in counter.most_common()]
        for name, counter in counters.items()
    }
    return {
        "stats": {
            "browser": named["browser"],
            "os": named["os"],
            "country": named["country"],
            "referrer": named["referrer"],
        },
        "views": views,
        "total": sum(views),
    }
