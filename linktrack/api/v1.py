"""JSON under /api/v1: wrap posts, read reports, export."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from flask import Blueprint, Response, g, jsonify, request

from linktrack.api.read import arguments, posted_object
from linktrack.audience.accounts import find_account
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import close_db_session, db_session, installation, reading
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid, NotFound
from linktrack.links.posts import Wish, no_post_json, post_json, wrap_post
from linktrack.owners.tokens import check_token, require_scope
from linktrack.portability import export
from linktrack.reports.build import MOST_POSTS, cpf_json, cpf_report
from linktrack.reports.followers import followers_json, followers_report
from linktrack.reports.rated import SORTS
from linktrack.reports.segments import segments_json, segments_report
from linktrack.times import parse_moment

if TYPE_CHECKING:
    from linktrack.audience.models import Account
    from linktrack.owners.models import Token

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
P = ParamSpec("P")
R = TypeVar("R")

BEARER: Final = "bearer "


def needs(scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Ask for a bearer token that allows this; raises `Forbidden` else."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            g.unauthenticated = True
            header = request.headers.get("Authorization", "")
            if not header.casefold().startswith(BEARER):
                raise Forbidden("Send a token: Authorization: Bearer lt_….")
            with reading() as session:
                g.token = check_token(session, header[len(BEARER) :].strip())
            g.actor = f"token {g.token.name}"
            g.unauthenticated = False
            require_scope(g.token, scope)
            return view(*args, **kwargs)

        return guarded

    return decorate


def is_unauthenticated() -> bool:
    """Whether the caller is unknown: then the answer is 401 and not 403."""
    return bool(g.get("unauthenticated"))


def named_account(handle: str) -> "Account":
    """Return the account a caller names, as far as its token reaches."""
    account = find_account(db_session(), handle)
    refuse_elsewhere(account.id)
    return account


def refuse_elsewhere(account_id: int | None) -> None:
    """Raise `Forbidden` where an account lies beyond the caller's token; None lies nowhere."""
    token: Token = g.token
    if account_id is not None and token.account_id not in (None, account_id):
        raise Forbidden("This token is for another account.")


def refuse_narrow() -> None:
    """Raise `Forbidden` where a question is about all accounts and the token is for one."""
    token: Token = g.token
    if token.account_id is not None:
        raise Forbidden("This token is for one account: name it.")


@blueprint.post("/posts")
@needs("wrap")
def create_post() -> tuple[Response, int]:
    """Wrap a text and record it as a post; 200 where it holds no new address."""
    fields = posted_object(
        request,
        {
            "account",
            "text",
            "state",
            "posted_at",
            "segments",
            "slugs",
            "addressed",
            "promotes",
        },
    )
    wish = Wish(
        text=fields.text("text"),
        state=fields.text("state", "published"),
        posted_at=fields.moment("posted_at"),
        segments=fields.texts("segments"),
        slugs=fields.texts("slugs"),
        addressed=fields.wholes("addressed"),
        promotes=fields.texts("promotes"),
    )
    shortener = installation().shortener
    session = db_session()
    post = wrap_post(session, shortener, named_account(fields.text("account")), wish, now())
    if post is None:
        return jsonify(no_post_json(wish.text)), 200
    session.commit()
    return jsonify(post_json(session, shortener, post)), 201


@blueprint.get("/reports/cpf")
@needs("read")
def report_cpf() -> Response:
    """Return clicks per follower of an account."""
    fields = arguments(request, {"account", "window", "from", "to", "limit", "after", "sort"})
    report = cpf_report(
        db_session(),
        named_account(fields.text("account")),
        window=fields.text("window", DEFAULT_WINDOW),
        since=fields.moment("from"),
        until=fields.moment("to"),
        limit=fields.whole("limit") or MOST_POSTS,
        after=fields.whole("after"),
        sort=fields.text("sort", SORTS[0]),
        now=now(),
    )
    return jsonify(cpf_json(report))


@blueprint.get("/reports/segments")
@needs("read")
def report_segments() -> Response:
    """Return who clicked, as far as it is known, by segment."""
    fields = arguments(request, {"account", "window", "from", "to"})
    report = segments_report(
        db_session(),
        named_account(fields.text("account")),
        window=fields.text("window", DEFAULT_WINDOW),
        settings=installation().settings,
        now=now(),
        since=fields.moment("from"),
        until=fields.moment("to"),
    )
    return jsonify(segments_json(report))


@blueprint.get("/reports/followers")
@needs("read")
def report_followers() -> Response:
    """Return who came and left, and what an event cost (`event` may be there several times)."""
    fields = arguments(request, {"account", "from", "to", "event"})
    timezone = installation().settings.timezone
    report = followers_report(
        db_session(),
        named_account(fields.text("account")),
        timezone,
        since=fields.moment("from"),
        until=fields.moment("to"),
        events=[parse_moment(text, timezone) for text in request.args.getlist("event") if text],
    )
    return jsonify(followers_json(report))


@blueprint.get("/export/<what>")
@needs("read")
def export_rows(what: str) -> Response:
    """Stream clicks, links, posts, counts, followers or segments as NDJSON or CSV."""
    if what not in export.KINDS:
        raise NotFound(f"There is no export of {what!r}: choose one of {', '.join(export.KINDS)}.")
    fields = arguments(request, {"account", "format", "from", "to", "after"})
    handle = fields.optional_text("account")
    account_id = g.token.account_id if handle is None else named_account(handle).id
    kind = fields.text("format", "ndjson")
    if kind not in export.MEDIA_TYPES:
        raise Invalid(f"There is no format {kind[:40]!r}: choose ndjson or csv.")
    selection = export.Selection(
        since=fields.moment("from"),
        until=fields.moment("to"),
        after=fields.whole("after") or 0,
        account_id=account_id,
    )
    close_db_session()
    opened = installation()
    lines = export.stream(opened.database.engine, opened.shortener, what, kind, selection)
    return Response(lines, mimetype=export.MEDIA_TYPES[kind])
