"""Short URLs: made, found, listed, changed, and no longer redirected."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final, TypedDict

from flask import Response, g, jsonify, request

from linktrack.api.clients import making
from linktrack.api.clients.addresses import check_domain, chosen_host
from linktrack.api.clients.limits import Names, limit, sends_any
from linktrack.api.clients.shlink.door import (
    DEFAULT,
    Summary,
    asked,
    atom,
    blueprint,
    page_of,
    pagination,
    summary,
    with_key,
)
from linktrack.api.read import Fields, posted_object
from linktrack.calendar.times import utc
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.catalog import change_destination, set_disabled, set_forwarding
from linktrack.links.single import relabel
from linktrack.reports.links.of_token import DoorLink, Field, Wanted, door_links, door_totals

_FIELDS: Final[Mapping[str, Field]] = {
    "dateCreated": "created",
    "shortCode": "code",
    "longUrl": "destination",
    "title": "title",
    "visits": "visits",
    "nonBotVisits": "clicks",
}
_EDIT: Final = {
    "longUrl", "title", "tags", "crawlable", "forwardQuery", "validSince", "validUntil",
    "maxVisits", "validateUrl",
}  # fmt: skip
_CREATE: Final = {"customSlug", "findIfExists", "domain", "shortCodeLength", "pathPrefix", *_EDIT}
_NEVER_KEPT: Final = ("pathPrefix", "crawlable")
_LIMITS: Final[Names] = {
    "validSince": "valid_from",
    "validUntil": "expires_at",
    "maxVisits": "most_clicks",
}
_LIST: Final = {
    "searchTerm", "tags", "tags[]", "tagsMode", "excludeTags[]", "excludeTagsMode", "orderBy",
    "startDate", "endDate", "excludeMaxVisitsReached", "excludePastValidUntil",
}  # fmt: skip


@blueprint.post("/v3/short-urls")
@with_key()
def create() -> Response:
    """Create a short URL, or return the existing one if `findIfExists` says so."""
    fields = posted_object(request, _CREATE)
    _check_kept(fields)
    on = chosen_host(fields.optional_text("domain"), DEFAULT)
    written, slug = fields.text("longUrl"), fields.optional_text("customSlug")
    finds = fields.value("findIfExists") is True and not sends_any(fields, _LIMITS)
    found = making.existing_link(written, slug, on) if finds else None
    if found is None:
        found = making.make_link(
            written,
            slug=slug,
            title=fields.optional_text("title"),
            tags=_tags(fields),
            forward_query=fields.flag("forwardQuery"),
            on=on,
            limited=partial(limit, fields=fields, names=_LIMITS),
        )
    return jsonify(_short_url(found))


@blueprint.get("/v3/short-urls")
@with_key()
def list_all() -> Response:
    """Return a page of the token's own short URLs that redirect."""
    fields = asked(_LIST)
    check_domain(fields.optional_text("domain"), DEFAULT)
    page, size = page_of(fields)
    wanted = Wanted(
        search=(fields.optional_text("searchTerm") or "").replace("\0", ""),
        tags=(*request.args.getlist("tags[]"), *request.args.getlist("tags")),
        every_tag=_mode(fields, "tagsMode"),
        without_tags=request.args.getlist("excludeTags[]"),
        without_every_tag=_mode(fields, "excludeTagsMode"),
        since=fields.moment("startDate"),
        until=fields.moment("endDate"),
        redirecting=True,
    )
    by, descending = _order(fields)
    found = door_links(
        db_session(),
        g.token.id,
        wanted,
        by=by,
        descending=descending,
        limit=size,
        offset=(page - 1) * size,
    )
    data = [_short_url(link) for link in found]
    total = door_totals(db_session(), g.token.id, wanted).links
    return jsonify(
        {"shortUrls": {"data": data, "pagination": pagination(page, size, len(data), total)}}
    )


@blueprint.get("/v3/short-urls/<code>")
@with_key()
def show(code: str) -> Response:
    """Return one of the token's own short URLs."""
    return jsonify(_short_url(own_link(code)))


@blueprint.patch("/v3/short-urls/<code>")
@with_key(changes=True)
def change(code: str) -> Response:
    """Change where a short URL leads, its title, its tags, and what it hands on."""
    fields, found = posted_object(request, _EDIT), own_link(code)
    _check_kept(fields)
    session, link = db_session(), found.link
    if fields.value("longUrl") is not None:
        change_destination(session, installation().shortener, link, fields.text("longUrl"), now())
    if fields.value("forwardQuery") is not None:
        set_forwarding(session, link, fields.truth("forwardQuery"), now())
    title = fields.optional_text("title") if fields.has("title") else found.title
    tags = _tags(fields) if fields.has("tags") else found.tags
    relabel(session, link.id, title=title, tags=tags)
    limit(link, fields, _LIMITS)
    session.commit()
    return jsonify(_short_url(own_link(code)))


@blueprint.delete("/v3/short-urls/<code>")
@with_key(changes=True)
def delete(code: str) -> tuple[str, int]:
    """Disable a short URL: it answers 410, is listed no more, and keeps its clicks."""
    set_disabled(db_session(), own_link(code).link, True, now())
    db_session().commit()
    return "", 204


def own_link(code: str) -> DoorLink:
    """Return one of the token's own links that redirects; raises `NotFound`."""
    on = chosen_host(request.args.get("domain"), DEFAULT)
    return making.own_link(code, f"No URL found with short code {code[:80]!r}.", on)


def _check_kept(fields: Fields) -> None:
    for name in _NEVER_KEPT:
        if fields.value(name):
            raise Invalid(f"{name} isn't supported here: leave it out.")


def _tags(fields: Fields) -> tuple[str, ...]:
    """Return tags, of which some clients send a single one as a text."""
    value = fields.value("tags")
    return (value,) if isinstance(value, str) and value else fields.texts("tags")


def _mode(fields: Fields, name: str) -> bool:
    mode = fields.optional_text(name) or "any"
    if mode not in ("any", "all"):
        raise Invalid(f"{name!r} must be any or all.")
    return mode == "all"


def _order(fields: Fields) -> tuple[Field, bool]:
    """Return what to sort by, and whether the greatest comes first."""
    written = fields.optional_text("orderBy") or "dateCreated-DESC"
    name, _, direction = written.partition("-")
    if name not in _FIELDS or direction not in ("", "ASC", "DESC"):
        raise Invalid(f"'orderBy' must be one of {', '.join(_FIELDS)}, followed by -ASC or -DESC.")
    return _FIELDS[name], direction == "DESC"


class Meta(TypedDict):
    """Limits of a link."""

    validSince: str | None
    validUntil: str | None
    maxVisits: int | None


class ShortUrl(TypedDict):
    """A link in Shlink's words."""

    shortCode: str
    shortUrl: str
    longUrl: str
    dateCreated: str
    visitsSummary: Summary
    tags: list[str]
    meta: Meta
    domain: str | None
    title: str | None
    crawlable: bool
    forwardQuery: bool
    hasRedirectRules: bool


def _atom(at: datetime | None) -> str | None:
    return None if at is None else atom(utc(at))


def _short_url(found: DoorLink) -> ShortUrl:
    link = found.link
    return {
        "shortCode": link.code or "",
        "shortUrl": installation().shortener.short_url(link.code or "", link.domain),
        "longUrl": link.destination,
        "dateCreated": atom(utc(link.created_at)),
        "visitsSummary": summary(found.clicks, found.left_out),
        "tags": found.tags,
        "meta": {
            "validSince": _atom(found.limits.valid_from),
            "validUntil": _atom(found.limits.expires_at),
            "maxVisits": found.limits.most_clicks,
        },
        "domain": None if link.domain is None else link.domain.host,
        "title": found.title,
        "crawlable": False,
        "forwardQuery": link.forward_query,
        "hasRedirectRules": False,
    }
