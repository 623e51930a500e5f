"""Wiring: the Flask application, the lane in front of it, errors to statuses."""

import logging
import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import quote_from_bytes

from flask import Flask, Request, Response, abort, render_template, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.routing import Rule

from linktrack.api import v1
from linktrack.api.access import is_unauthenticated
from linktrack.api.clients.doors import DOORS, door_at
from linktrack.api.problems import problem
from linktrack.clicks.capture.wsgi_lane import WSGILane
from linktrack.context import EXTENSION, close_db_session
from linktrack.context import installation as opened_installation
from linktrack.db import resource
from linktrack.db_failures import (
    DUPLICATE,
    QUESTION,
    SENTENCES,
    is_duplicate,
    said_by,
    trouble_of,
)
from linktrack.errors import (
    Conflict,
    Ended,
    Forbidden,
    Invalid,
    LinktrackError,
    NotFound,
    Overtaken,
    TooLarge,
    TooMany,
    Unavailable,
    Unconfirmed,
)
from linktrack.installation import PATIENCE_OF_WORKERS, Installation
from linktrack.networks.errors import Refused, SignedOut, Unclear
from linktrack.owners.access import SESSION_LIFE
from linktrack.web import blueprints, delivery, formats, register_notices
from linktrack.web.context import page_path
from linktrack.web.public import feed, goals, hello, limited
from linktrack.web.public.community import join, leaving, suggest
from linktrack.web.public.domains.here import check_domain
from linktrack.web.serving.bodies import LARGEST
from linktrack.web.serving.site import THREADS, with_redirects
from linktrack.web.serving.threads import Threads
from linktrack.web.settings import own_clicks
from linktrack.web.wanted import kept_text

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from a2wsgi.asgi_typing import ASGIApp

    from linktrack.settings import Settings

    Writer = Callable[..., tuple[str, str]]

log = logging.getLogger(__name__)

STATUS: Final[dict[type[Exception], int]] = {
    Invalid: 422,
    NotFound: 404,
    Ended: 410,
    Conflict: 409,
    Unconfirmed: 409,
    Overtaken: 412,
    Forbidden: 403,
    TooLarge: 413,
    TooMany: 429,
    Unavailable: 503,
    Refused: 422,
    SignedOut: 409,
    Unclear: 503,
}


MOST_FIELDS: Final = 5_000  # of a form: a page of 1,000 people to choose from has less

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "X-Robots-Tag": "noindex",
}


SETTLED: Final = frozenset({"health", "probe"})
"""Blueprints that answer as they are set at the start, also while the database is away."""

HSTS: Final = "max-age=31536000"
"""A year of https alone, for browsers that have seen a page; other hosts of the domain are not
meant: they may be somebody else's."""


class AnyRequest(Request):
    """A request whose query may have any bytes: servers pass on what no browser would send.

    Werkzeug reads arguments from ASCII, and fails at others; they are percent-encoded here.
    """

    def __init__(self, environ: "WSGIEnvironment", *more: bool) -> None:
        super().__init__(environ, *more)
        if not self.query_string.isascii():
            self.query_string = quote_from_bytes(self.query_string, safe=_ASCII).encode()


_ASCII: Final = bytes(range(128))


class Pattern(Rule):
    """A pattern of addresses, made into code that writes addresses only when the first is written.

    Werkzeug does that at once for all of them: 0.25 s of each process that starts, for 455 of which
    most are never written.
    """

    def _compile_builder(self, append_unknown: bool = True) -> "Writer":
        made: Writer | None = None

        def write(pattern: Pattern, /, **values: object) -> tuple[str, str]:
            nonlocal made
            if made is None:
                made = super(Pattern, pattern)._compile_builder(append_unknown)
            return made(pattern, **values)

        return write


class Application(Flask):
    """Flask, quick to start."""

    url_rule_class = Pattern


def create_app(installation: Installation) -> Flask:
    """Return the Flask application of an installation: everything but the redirects."""
    app = Application(
        __name__,
        template_folder=str(resource("templates")),
        static_folder="web/static",
        static_url_path="/static",
    )
    app.request_class = AnyRequest
    settings = installation.settings
    app.config.update(
        SECRET_KEY=installation.keys.session,
        SESSION_COOKIE_NAME="linktrack",
        SESSION_COOKIE_PATH="/owner",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open overnight works
        WTF_CSRF_SSL_STRICT=False,  # the token decides; privacy add-ons strip referrers
        MAX_CONTENT_LENGTH=LARGEST,
        MAX_FORM_MEMORY_SIZE=LARGEST,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # fields in the order of the guide
    app.extensions[EXTENSION] = installation
    app.before_request(_check_fields)
    app.before_request(_keep_up)
    app.before_request(check_domain)
    csrf = CSRFProtect(app)
    doors = [door.blueprint for door in DOORS.values()]  # open or not: that may change
    for blueprint in (v1.blueprint, *doors):
        csrf.exempt(blueprint)
    csrf.exempt(own_clicks.device)  # its address is the secret
    csrf.exempt(feed.blueprint)  # whose addresses are secrets, and which has no session
    for stranger in (hello.blueprint, join.blueprint, suggest.blueprint, limited.blueprint):
        csrf.exempt(stranger)  # without a session; they ask where a form comes from
    csrf.exempt(leaving.blueprint)  # as that of feeds
    csrf.exempt(goals.blueprint)  # whose power is a click id, signed by us
    for blueprint in (v1.blueprint, *doors, *blueprints()):
        app.register_blueprint(blueprint)
    formats.register(app, cast("Settings", LocalProxy(lambda: installation.settings)))
    delivery.register(app)
    register_notices(app)
    app.teardown_appcontext(close_db_session)
    app.after_request(_add_headers)
    app.register_error_handler(LinktrackError, _answer_known)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(CSRFError, _answer_csrf)
    app.register_error_handler(Exception, _answer_unexpected)
    return app


def create_wsgi_app(installation: Installation | None = None) -> "WSGIApplication":
    """Return what a WSGI server serves: the lane, and Flask behind it.

    Threads and files are made at the first click, so that the result may cross a fork. Raises
    `Conflict` on a database of an older or a newer linktrack, unless the caller has seen to it.
    """
    installation = installation or opened_for_a_server()
    app = create_app(installation)
    app.wsgi_app = WSGILane(app.wsgi_app, installation.lane())  # type: ignore[method-assign]  # Flask's own way to add middleware
    return app


def create_asgi_app(installation: Installation | None = None) -> "ASGIApp":
    """Return what an ASGI server serves: the lane in its event loop, Flask behind it in threads.

    Files and threads as for `create_wsgi_app`; raises what that raises.
    """
    installation = installation or opened_for_a_server()
    return with_redirects(Threads(create_app(installation), THREADS), installation.lane())


def opened_for_a_server() -> Installation:
    """Return the installation that the environment names, without a connection.

    Raises `Conflict` on a database of an older or a newer linktrack.
    """
    installation = Installation.open(patience=PATIENCE_OF_WORKERS)
    with suppress(Unavailable):  # away just now: redirects begin when it is back
        installation.database.prepare()
    installation.database.close()  # no connection may cross a fork
    return installation


def _check_fields() -> None:
    """Refuse a form of endless fields before it is read: 2 MB have room for a million."""
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    if is_form and request.get_data().count(b"&") >= MOST_FIELDS:
        raise TooLarge(f"This form is too large: it may have {MOST_FIELDS:,} fields.")


def _keep_up() -> None:
    """Take up the settings that were changed; a door that is closed by now is no address."""
    if request.blueprint in SETTLED or request.endpoint in (None, "static"):
        return
    opened = opened_installation()
    opened.keep_up()
    if door_at(request.path, DOORS) is not door_at(request.path, opened.settings.doors):
        abort(404)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if opened_installation().settings.is_https:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _answer_known(error: LinktrackError) -> Response:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    if isinstance(error, Forbidden) and is_unauthenticated():
        status = 401
    return _answer(status, error.sentence)


def _answer_http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400 and error.response is None:
        return Response(error.get_response().get_data(), error.code, error.get_headers())
    sentences = {
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
        413: "This is too large: a request may have 2 MB.",
    }
    status = error.code or 500
    response = _answer(status, sentences.get(status, error.description or error.name))
    if status == 405:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return response


def _answer_csrf(_error: CSRFError) -> Response:
    why = "This form was too old, or came from elsewhere: go back, reload the page, try again."
    if request.path.startswith("/owner/"):
        kept = kept_text(page_path(), "This form was too old to be sent.")
        if kept is not None:
            return Response(kept, 400, mimetype="text/html")
    return _answer(400, why)


def _answer_unexpected(error: Exception) -> Response:
    if is_duplicate(error):
        return _answer(409, DUPLICATE)
    if isinstance(error, DBAPIError):
        trouble = trouble_of(error)
        if trouble is not None:
            log.error("The database is %s: %s", trouble, said_by(error))
            return _answer(503, SENTENCES[trouble])
        asked = f"{request.method} {request.endpoint}"
        log.error("A wrong question of ours at %s, %s: %s", asked, _ours(error), said_by(error))
        return _answer(500, QUESTION)
    log.error("An unexpected failure at %s %s", request.method, request.endpoint, exc_info=error)
    return _answer(500, "Something went wrong on our side. It is in the log; nothing was changed.")


def _ours(error: Exception) -> str:
    """Return the innermost line of this package that a failure went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}linktrack{os.sep}" in frame.filename]
    return f"{ours[-1].filename}:{ours[-1].lineno}" if ours else "?"


def _answer(status: int, sentence: str) -> Response:
    close_db_session()
    door = door_at(request.path, opened_installation().settings.doors)
    if door is not None:
        return door.refuse(status, sentence)
    if request.path.startswith("/api/"):
        return problem(status, sentence)
    page = render_template("error.html", status=status, sentence=sentence)
    return Response(page, status, mimetype="text/html")
