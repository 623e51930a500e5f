"""Everything but redirects, behind an event loop that hands it on."""

import json
import sys
from typing import TYPE_CHECKING, Final

from linktrack.clicks.capture.asgi_lane import ASGILane
from linktrack.clicks.capture.lane import Lane
from linktrack.clicks.capture.pools import Busy
from linktrack.links.codes import code_in
from linktrack.web.serving.bodies import LARGEST, Bodies, Gone, Refused, announced, swallow
from linktrack.web.serving.queues import Pages, Queue, Unanswered

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import HTTPScope, Receive, Scope, Send

SWITCH_SECONDS: Final = 0.0005
"""How long a page computes before a redirect gets the interpreter; Python's own is ten times it."""

OWNERS_AT_A_TIME: Final = 1  # in each worker, pages and the API; 2 hold redirects up more
SLOW_OWNERS: Final = 1  # beside them, for a page that takes so long that others wait
EXPORTS_AT_A_TIME: Final = 2  # each as long as its reader takes
FORMS_AT_A_TIME: Final = 2  # what is sent
READERS_AT_A_TIME: Final = 2  # everything else: cards, unknown links, health
SIGN_INS_AT_A_TIME: Final = 1  # a password takes 19 MB and some 20 ms of a processor
SIGN_IN_SECONDS: Final = 5.0  # to wait for that; a script that guesses waits as long, too

THREADS: Final = (
    OWNERS_AT_A_TIME
    + SLOW_OWNERS
    + EXPORTS_AT_A_TIME
    + FORMS_AT_A_TIME
    + READERS_AT_A_TIME
    + 2 * SIGN_INS_AT_A_TIME
)
"""As many as one worker asks for at a time, so that no queue waits for another."""

SIGN_IN: Final = "/owner/sign-in"

_FORMS: Final = (b"application/x-www-form-urlencoded", b"multipart/form-data")

_TOO_MANY: Final = "Too many pages are asked for right now: try again."
_BUSY: Final = {
    SIGN_IN: (
        "Too many people are signing in right now: try again in a minute, or use a sign-in link."
    )
}
_UNANSWERED: Final = "This broke off, or is just starting: look whether it was done, or try again."


def with_redirects(pages: Pages, lane: Lane) -> ASGILane:
    """Return what an ASGI server serves: redirects in its event loop, and pages behind them."""
    return ASGILane(Site(pages, lane), lane)


class Site:
    """Everything but redirects: six queues, so that none of them waits for another."""

    def __init__(self, pages: Pages, lane: Lane) -> None:
        self._lane = lane
        self._bodies = Bodies(LARGEST)
        self._owners = Queue(pages, OWNERS_AT_A_TIME, spare=SLOW_OWNERS)
        self._exports = Queue(pages, EXPORTS_AT_A_TIME)
        self._forms = Queue(pages, FORMS_AT_A_TIME)
        self._readers = Queue(pages, READERS_AT_A_TIME)
        # Else whoever guesses passwords holds up everything that is sent, by half a minute; and
        # whoever guesses those of links, who signs in.
        self._sign_ins = Queue(pages, SIGN_INS_AT_A_TIME, wait_seconds=SIGN_IN_SECONDS)
        self._passwords = Queue(pages, SIGN_INS_AT_A_TIME, wait_seconds=SIGN_IN_SECONDS)

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
                await self._queue(scope).answer(scope, body, receive, send)
                whole = max(len(body), announced(scope) or 0) <= LARGEST
        except Gone:
            return
        except Unanswered:
            await _refuse(scope, send, 503, _UNANSWERED)
            return
        except Busy:
            await _refuse(scope, send, 503, _BUSY.get(scope["path"], _TOO_MANY))
        except Refused as error:
            await _refuse(scope, send, error.status, error.sentence)
        else:
            if whole:
                return
        await swallow(receive)

    def _queue(self, scope: "HTTPScope") -> Queue:
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            if path == SIGN_IN:
                return self._sign_ins
            return self._passwords if _is_password(scope) else self._forms
        if path.startswith("/api/v1/export/"):
            return self._exports
        if path.startswith(("/owner", "/api/")):
            return self._owners
        return self._readers


def _is_password(scope: "HTTPScope") -> bool:
    """Whether a link's password may be in this: a form that is sent to its address.

    Programs that make links at such an address send JSON.
    """
    if code_in(scope["path"]) is None:
        return False
    kinds = (value for name, value in scope["headers"] if name == b"content-type")
    return any(kind.lower().startswith(_FORMS) for kind in kinds)


async def _refuse(scope: "HTTPScope", send: "Send", status: int, sentence: str) -> None:
    """Answer in the place of a page that isn't made."""
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
