"""Links: made, found, listed, changed, and no longer redirected."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from flask import Response, g, jsonify, request

from linktrack.api.clients.addresses import check_domain, chosen_host, own_host, with_scheme
from linktrack.api.clients.dub.door import blueprint, with_token
from linktrack.api.clients.dub.link_json import LinkJson, link_json, named_link, own_link
from linktrack.api.clients.limits import Names, limit, sends_any
from linktrack.api.clients.making import existing_link, make_link
from linktrack.api.read import Fields, arguments, posted_object
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.catalog import change_destination, set_disabled
from linktrack.links.single import relabel
from linktrack.reports.links.of_token import (
    Field,
    Wanted,
    door_links,
    door_totals,
    last_clicks,
)

MOST_LISTED: Final = 100
LARGEST: Final = 2**31
_KEPT: Final = {"url", "domain", "key", "tenantId", "title", "tagNames"}
_NEVER_KEPT: Final = {
    "keyLength", "externalId", "programId", "partnerId", "prefix", "trackConversion", "archived",
    "publicStats", "tagId", "tagIds", "folderId", "comments", "proxy", "description", "image",
    "video", "rewrite", "ios", "android", "geo", "doIndex", "utm_source", "utm_medium",
    "utm_campaign", "utm_term", "utm_content", "ref", "webhookIds", "testVariants",
    "testStartedAt", "testCompletedAt",
}  # fmt: skip
_LIMITS: Final[Names] = {
    "expiresAt": "expires_at",
    "expiredUrl": "ended_to",
    "password": "password",
}
_FILTERS: Final = {"domain", "tagNames", "search", "tenantId", "showArchived", "withTags"}
_SORTS: Final[Mapping[str, Field]] = {"createdAt": "created", "clicks": "clicks"}


@blueprint.post("/links")
@with_token()
def create() -> Response:
    """Make a link."""
    return jsonify(_made(_sent()))


@blueprint.put("/links/upsert")
@with_token()
def upsert() -> Response:
    """Return the link that the token has made to this address, or make one."""
    fields = _sent()
    url = with_scheme(fields.text("url"), "https")
    found = None if sends_any(fields, _LIMITS) else existing_link(url, _key(fields), _host(fields))
    return jsonify(link_json(found) if found is not None else _made(fields))


@blueprint.get("/links")
@with_token()
def list_all() -> Response:
    """Return a page of the token's own links, newest first unless something else is said."""
    fields = arguments(
        request, _FILTERS | {"page", "pageSize", "sortBy", "sortOrder", "sort", "startingAfter"}
    )
    size = min(max(fields.whole("pageSize", MOST_LISTED) or 1, 1), MOST_LISTED)
    page = min(max(fields.whole("page", 1) or 1, 1), LARGEST // MOST_LISTED)
    by = fields.optional_text("sortBy") or fields.optional_text("sort") or "createdAt"
    order = fields.optional_text("sortOrder") or "desc"
    if by not in _SORTS or order not in ("asc", "desc"):
        raise Invalid(f"Links are sorted by {' or '.join(_SORTS)}, asc or desc.")
    wanted = _wanted(fields)
    after = fields.optional_text("startingAfter")
    if after is not None:
        wanted = replace(wanted, made_before=own_link(after).link.id)
    found = door_links(
        db_session(),
        g.token.id,
        wanted,
        by=_SORTS[by],
        descending=order == "desc",
        limit=size,
        offset=(page - 1) * size,
    )
    clicked = last_clicks(db_session(), [one.link.id for one in found])
    return jsonify([link_json(one, clicked.get(one.link.id)) for one in found])


@blueprint.get("/links/count")
@with_token()
def count() -> Response:
    """Return how many links the token has made."""
    wanted = _wanted(arguments(request, _FILTERS))
    return jsonify(door_totals(db_session(), g.token.id, wanted).links)


@blueprint.get("/links/info")
@with_token()
def info() -> Response:
    """Return one of the token's own links, by domain and key, by id, or by the whole short link."""
    fields = arguments(request, {"domain", "key", "linkId"})
    return jsonify(link_json(named_link(fields)))


@blueprint.patch("/links/<link_id>")
@with_token(changes=True)
def change(link_id: str) -> Response:
    """Change where a link leads, its title and its tags; its key stays."""
    fields, found, session = _sent(), own_link(link_id), db_session()
    if _key(fields) not in (None, found.link.code):
        raise Invalid(
            "A key can't be changed, since the link may already be shared: create another link."
        )
    if fields.value("url") is not None:
        url = with_scheme(fields.text("url"), "https")
        change_destination(session, installation().shortener, found.link, url, now())
    title = fields.optional_text("title") if fields.has("title") else found.title
    tags = _tags(fields) if fields.has("tagNames") else None
    relabel(session, found.link.id, title=title, tags=tags)
    limit(found.link, fields, _LIMITS)
    session.commit()
    return jsonify(link_json(own_link(found.link.name)))


@blueprint.delete("/links/<link_id>")
@with_token(changes=True)
def delete(link_id: str) -> Response:
    """Disable a link: it answers 410, is listed no more, and keeps its clicks."""
    found = own_link(link_id)
    set_disabled(db_session(), found.link, True, now())
    db_session().commit()
    return jsonify({"id": link_json(found)["id"]})


def _sent() -> Fields:
    fields = posted_object(request, _KEPT | {*_LIMITS} | _NEVER_KEPT)
    for name in sorted(_NEVER_KEPT):
        if fields.value(name):
            raise Invalid(f"{name} isn't supported here: leave it out.")
    chosen_host(fields.optional_text("domain"), own_host())
    return fields


def _made(fields: Fields) -> LinkJson:
    return link_json(
        make_link(
            with_scheme(fields.text("url"), "https"),
            slug=_key(fields),
            title=fields.optional_text("title"),
            tags=_tags(fields),
            tenant=_tenant(fields),
            on=_host(fields),
            limited=partial(limit, fields=fields, names=_LIMITS),
        )
    )


def _host(fields: Fields) -> str | None:
    return chosen_host(fields.optional_text("domain"), own_host())


def _wanted(fields: Fields) -> Wanted:
    check_domain(fields.optional_text("domain"), own_host())
    tags = ",".join(request.args.getlist("tagNames")).split(",")
    return Wanted(
        search=(fields.optional_text("search") or "").replace("\0", ""),
        tenant=_tenant(fields),
        tags=[tag for tag in tags if tag],
        has_tags=fields.optional_text("withTags") == "true",
        redirecting=True,
    )


def _tenant(fields: Fields) -> str | None:
    tenant = fields.optional_text("tenantId")
    return tenant.replace("\0", "") if tenant else None


def _tags(fields: Fields) -> tuple[str, ...]:
    value = fields.value("tagNames")
    return (value,) if isinstance(value, str) and value else fields.texts("tagNames")


def _key(fields: Fields) -> str | None:
    return fields.optional_text("key") or None
