"""Wiring for ASGI: redirects in the event loop, Flask behind them in threads."""

import json
import sys
from typing import TYPE_CHECKING, Final

from linktrack.api.clients.doors import DOORS, door_at
from linktrack.app import LARGEST_REQUEST, create_app, create_lane, opened_for_a_server
from linktrack.clicks.capture.asgi_lane import ASGILane
from linktrack.clicks.capture.lane import Lane
from linktrack.clicks.capture.pools import Busy
from linktrack.installation import Installation
from linktrack.links.codes import code_in
from linktrack.web.serving.bodies import Bodies, Gone, Refused, announced, swallow
from linktrack.web.serving.pages import Pages

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from a2wsgi.asgi_typing import ASGIApp, HTTPScope, Receive, Scope, Send

SWITCH_SECONDS: Final = 0.0005
"""How long a page computes before a redirect gets the interpreter; Python's own is ten times it."""

OWNERS_THREADS: Final = 1  # in each worker, for pages and the API; 2 hold redirects up more
SLOW_OWNERS_THREADS: Final = 1  # beside them, for a page that takes so long that others wait
EXPORTS_THREADS: Final = 2  # for exports, each as long as its reader takes
FORMS_THREADS: Final = 2  # for what is sent
READERS_THREADS: Final = 2  # for everything else: cards, unknown links, health
MOST_WAITING: Final = 200  # for each of these

SIGN_IN: Final = "/owner/sign-in"
SIGN_IN_THREADS: Final = 1  # a password takes 19 MB and some 20 ms of a processor
SIGN_IN_SECONDS: Final = 5.0  # to wait for that; a script that guesses waits as long, too

_TOO_MANY: Final = "Too many pages are asked for right now: try again."
_BUSY: Final = {
    SIGN_IN: (
        "Too many people are signing in right now: try again in a minute, or use a sign-in link."
    )
}


def create_asgi_app(installation: Installation | None = None) -> "ASGIApp":
    """Return what an ASGI server serves: the lane, and Flask behind it.

    Threads and files are made at the first click, so that the result may cross a fork. Raises
    `Conflict` on a database of an older or a newer linktrack, unless the caller has seen to it.
    """
    installation = installation or opened_for_a_server()
    lane = create_lane(installation)
    return ASGILane(Site(create_app(installation), lane), lane)


class Site:
    """Everything but redirects: six pools of threads, so that none of them waits for another."""

    def __init__(self, application: "WSGIApplication", lane: Lane) -> None:
        self._lane = lane
        self._bodies = Bodies(LARGEST_REQUEST)
        self._owners = Pages(application, OWNERS_THREADS, MOST_WAITING, spare=SLOW_OWNERS_THREADS)
        self._exports = Pages(application, EXPORTS_THREADS, MOST_WAITING)
        self._forms = Pages(application, FORMS_THREADS, MOST_WAITING)
        self._readers = Pages(application, READERS_THREADS, MOST_WAITING)
        # Else whoever guesses passwords holds up everything that is sent, by half a minute; and
        # whoever guesses those of links, who signs in.
        self._sign_ins = Pages(application, SIGN_IN_THREADS, MOST_WAITING, SIGN_IN_SECONDS)
        self._passwords = Pages(application, SIGN_IN_THREADS, MOST_WAITING, SIGN_IN_SECONDS)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request; begin and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: "Receive", send: "Send") -> None:
        await receive()
        sys.setswitchinterval(SWITCH_SECONDS)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._lane.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: "HTTPScope", receive: "Receive", send: "Send") -> None:
        try:
            async with self._bodies.collected(scope, receive) as body:
                await self._pages(scope).answer(scope, body, receive, send)
                whole = max(len(body), announced(scope) or 0) <= LARGEST_REQUEST
        except Gone:
            return
        except Busy:
            await _refuse(scope, send, 503, _BUSY.get(scope["path"], _TOO_MANY))
        except Refused as error:
            await _refuse(scope, send, error.status, error.sentence)
        else:
            if whole:
                return
        await swallow(receive)

    def _pages(self, scope: "HTTPScope") -> Pages:
        if scope["method"] not in ("GET", "HEAD"):
            if scope["path"] == SIGN_IN:
                return self._sign_ins
            return self._passwords if _is_password(scope["path"]) else self._forms
        if scope["path"].startswith("/api/v1/export/"):
            return self._exports
        if scope["path"].startswith(("/owner", "/api/")):
            return self._owners
        return self._readers


def _is_password(path: str) -> bool:
    """Whether a form that is sent there has a link's password."""
    return code_in(path) is not None and door_at(path, DOORS) is None


async def _refuse(scope: "HTTPScope", send: "Send", status: int, sentence: str) -> None:
    """Answer without the application, which has no thread for it."""
    kind, body = b"text/plain; charset=utf-8", f"{sentence}\n"
    if scope["path"].startswith("/api/"):
        kind = b"application/problem+json"
        body = json.dumps({"type": "about:blank", "status": status, "detail": sentence})
    encoded = body.encode()
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(encoded)),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"10"),
    ]
    if scope["http_version"].startswith("1"):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": encoded})
