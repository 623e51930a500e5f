"""The lane in front of an ASGI application: known codes are answered in the event loop."""

from typing import TYPE_CHECKING, Final

from linktrack.clicks.capture.bytes_lane import BytesLane
from linktrack.clicks.capture.gate import Undecided
from linktrack.clicks.capture.lane import (
    CARD,
    READ,
    REDIRECT,
    UNAVAILABLE,
    Asked,
    Away,
    Behind,
    Lane,
)
from linktrack.clicks.capture.pools import Busy, Pool
from linktrack.clicks.capture.ruled import Led
from linktrack.links.codes import code_in
from linktrack.links.redirects.limits import Verdict
from linktrack.links.redirects.targets import Target

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import ASGIApp, HTTPScope, Receive, Scope, Send, SendEvent

_NAMES: Final = {
    name.removeprefix("HTTP_").replace("_", "-").lower().encode(): name for name in READ
}
_REDIRECT: Final = [(name.lower().encode(), value.encode()) for name, value in REDIRECT]
_UNAVAILABLE: "Final[tuple[SendEvent, ...]]" = (
    {
        "type": "http.response.start",
        "status": int(UNAVAILABLE.status[:3]),
        "headers": [(name.lower().encode(), value.encode()) for name, value in UNAVAILABLE.headers],
    },
    {"type": "http.response.body", "body": UNAVAILABLE.body},
)

LOOK_UPS: Final = 4  # at a time, in each worker; a database that hangs holds these and no other
DRAWS: Final = 16
"""Of clicks that links have left, whose first one draws for all; and looks at new agents."""
MOST_LOOK_UPS: Final = 1_000
LOOK_UP_SECONDS: Final = 5.0  # longer than PATIENCE_OF_WORKERS
DRAW_SECONDS: Final = 15.0  # the first agent takes a second, on a busy machine several
MOST_WRITES: Final = 10_000
WRITE_SECONDS: Final = 30.0


class ASGILane:
    """ASGI middleware that redirects short links and journals their clicks.

    Nothing here waits in the event loop: a code that must be looked up, a click that must be drawn
    from what is left of a link's, an agent that rules must know first, and a journal that waits for
    the disk have threads of their own. A server that has a request's bytes asks `at_once` first,
    unless it is None.
    """

    def __init__(self, application: "ASGIApp", lane: Lane) -> None:
        self._application = application
        self._lane = lane
        self.at_once = None if lane.waits else BytesLane(lane)
        self._look_ups = Pool("look-up", LOOK_UPS, MOST_LOOK_UPS, LOOK_UP_SECONDS)
        self._draws = Pool("draw", DRAWS, MOST_LOOK_UPS, DRAW_SECONDS)
        self._writes = Pool("journal", 1, MOST_WRITES, WRITE_SECONDS)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a known code with 302, or have its card answered; hand everything else on."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return await self._application(scope, receive, send)
        path = scope["path"]
        code = code_in(path if path.isascii() else path.encode().decode("latin-1"))
        if code is None:
            return await self._application(scope, receive, send)
        lane = self._lane
        asked = asked_by(scope)
        try:
            try:
                target = lane.known(asked, code)
            except LookupError:
                target = await self._look_ups.run(lane.look_up, asked, code)
            try:
                answer = await self._answer(asked, code, target)
            except Undecided:
                decided = await self._draws.run(lane.decide, asked, target)
                answer = await self._answer(asked, code, target, decided)
        except (Away, Busy):
            for message in _UNAVAILABLE:
                await send(message)
            return None
        if isinstance(answer, Behind):
            scope["path"] = answer.path
            if answer.card:
                scope.setdefault("extensions", {})[CARD] = {}
            return await self._application(scope, receive, send)
        return await _redirect(answer, send)

    async def _answer(
        self, asked: Asked, code: str, target: Target | None, decided: Verdict | None = None
    ) -> str | Led | Behind:
        if self._lane.waits:
            return await self._writes.run(self._lane.answer, asked, code, target, decided)
        return self._lane.answer(asked, code, target, decided)


async def _redirect(answer: str | Led, send: "Send") -> None:
    location, cookie = (answer, None) if isinstance(answer, str) else answer[::2]
    headers = [(b"location", location.encode("latin-1")), *_REDIRECT]
    if cookie is not None:
        headers.append((b"set-cookie", cookie.encode()))
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def asked_by(scope: "HTTPScope") -> Asked:
    """Return what the lane reads of a request, by CGI's names.

    A header that comes twice is joined by a comma, as servers of WSGI do.
    """
    client = scope.get("client")
    asked = {
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": scope["path"],
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": client[0] if client else "",
    }
    for header, value in scope["headers"]:
        name = _NAMES.get(header)
        if name is not None:
            text = value.decode("latin-1")
            asked[name] = f"{asked[name]},{text}" if name in asked else text
    return asked
