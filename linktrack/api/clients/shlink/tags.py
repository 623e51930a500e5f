"""Tags of a token's own short URLs."""

from collections.abc import Sequence

from flask import Response, g, jsonify, request

from linktrack.api.clients.shlink.door import (
    TagConflict,
    TagNotFound,
    asked,
    blueprint,
    page_of,
    pagination,
    summary,
    with_key,
)
from linktrack.api.read import posted_object
from linktrack.context import db_session
from linktrack.links.single import replace_tags
from linktrack.reports.links.of_token import tag_totals


@blueprint.get("/v3/tags")
@with_key()
def tags() -> Response:
    """Return all tags, in alphabetical order."""
    return jsonify({"tags": _page(list(tag_totals(db_session(), g.token.id)))})


@blueprint.get("/v3/tags/stats")
@with_key()
def tag_stats() -> Response:
    """Return how many short URLs each tag has, and how often they were clicked."""
    sought = request.args.get("searchTerm", "").casefold()
    data = [
        {
            "tag": tag,
            "shortUrlsCount": totals.links,
            "visitsSummary": summary(totals.clicks, totals.left_out),
        }
        for tag, totals in tag_totals(db_session(), g.token.id).items()
        if sought in tag.casefold()
    ]
    return jsonify({"tags": _page(data)})


def _page(data: Sequence[object]) -> dict[str, object]:
    """Return the page of these that is asked for: all of them unless something is said."""
    fields = asked({"searchTerm"})
    page, size = page_of(fields) if fields.has("itemsPerPage") else (1, max(len(data), 1))
    here = data[(page - 1) * size : page * size]
    return {"data": here, "pagination": pagination(page, size, len(here), len(data))}


@blueprint.put("/v3/tags")
@with_key(changes=True)
def rename_tag() -> tuple[str, int]:
    """Rename a tag wherever it is."""
    fields = posted_object(request, {"oldName", "newName"})
    old, new = fields.text("oldName"), fields.text("newName")
    known = tag_totals(db_session(), g.token.id)
    if new != old and new in known:
        raise TagConflict(f"There is a tag {new[:80]!r} already.")
    if not replace_tags(db_session(), g.token.id, {old: new}):
        raise TagNotFound(f"There is no tag {old[:80]!r}.")
    db_session().commit()
    return "", 204


@blueprint.delete("/v3/tags")
@with_key(changes=True)
def delete_tags() -> tuple[str, int]:
    """Take tags off all short URLs; those that nothing has are passed over."""
    replace_tags(db_session(), g.token.id, dict.fromkeys(request.args.getlist("tags[]")))
    db_session().commit()
    return "", 204
