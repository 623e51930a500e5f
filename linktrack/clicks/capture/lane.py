"""The lane: short links answered in front of Flask. It looks up, writes down, and answers.

Everything that is not a plain known code goes to the application behind it; so does a fetcher of
link previews, once it is written down, where an account shows cards of our own.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.own_clicks import OwnClicks
from linktrack.clicks.capture.visitors import Visitors, client_address
from linktrack.clicks.classify.agents import is_preview
from linktrack.clicks.classify.referrers import referrer_key
from linktrack.clicks.records import MOST_AGENT, ClickRecord, encode
from linktrack.clicks.vocabulary import (
    EMBEDDED,
    FORWARDED,
    HEAD,
    NO_LANGUAGES,
    NO_VISITOR,
    OWNER,
    PREFETCH,
)
from linktrack.ids import FollowerId, SegmentId
from linktrack.keys.markers import Markers, said_hello
from linktrack.links.codes import code_in
from linktrack.links.destinations import with_query
from linktrack.links.targets import Target, Targets
from linktrack.settings import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

CARD: Final = "linktrack.card"
"""In the environment of a request that the application is to answer with a link's card."""

_PAGES: Final = frozenset({"", "document", "iframe", "frame", "empty"})
"""What Sec-Fetch-Dest says of a page: in a tab, in a frame, read by a script, or nothing at all."""


class Lane:
    """WSGI middleware that redirects short links and journals their clicks."""

    def __init__(
        self,
        application: "WSGIApplication",
        targets: Targets,
        journal: Journal,
        visitors: Visitors,
        trusted_proxies: tuple[Network, ...] = (),
        clock: Callable[[], float] = time.time,
        own: OwnClicks | None = None,
        country_of: Callable[[str], str | None] | None = None,
        markers: Markers | None = None,
    ) -> None:
        self._application = application
        self._targets = targets
        self._journal = journal
        self._visitors = visitors
        self._trusted = trusted_proxies
        self._clock = clock
        self._own = own
        self._country_of = country_of
        self._markers = markers
        self._watching = False

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a known code with 302, or have its card answered; hand everything else on."""
        code = code_in(environ["PATH_INFO"])
        if code is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        if not self._watching:
            self._watching = True
            self._targets.watch()
        try:
            target = self._targets.get(code)
        except Exception as error:  # noqa: BLE001 - whatever the database raises: it is away
            log.error("A code could not be looked up: %s", error)
            return _unavailable(start_response)
        if target is None or target.location is None:
            # In its own spelling, without what was left on it.
            environ["PATH_INFO"] = f"/{(target and target.code) or code}"
            return self._application(environ, start_response)
        self._journal.append(encode(self._record(environ, target)))
        if target.shows_card and is_preview(environ.get("HTTP_USER_AGENT", "")[:MOST_AGENT]):
            environ["PATH_INFO"], environ[CARD] = f"/{target.code or code}", True
            return self._application(environ, start_response)
        location = target.location
        if target.forward_query:
            location = with_query(location, environ.get("QUERY_STRING", ""))
        start_response(
            "302 Found",
            [
                ("Location", location),
                ("Cache-Control", "private, no-store"),
                ("X-Robots-Tag", "noindex"),
                ("Content-Length", "0"),
            ],
        )
        return []

    def _record(self, environ: "WSGIEnvironment", target: Target) -> ClickRecord:
        at = self._clock()
        agent = environ.get("HTTP_USER_AGENT")
        flags = request_flags(environ)
        address = client_address(environ, self._trusted)
        if self._own is not None and self._own.is_own(environ.get("HTTP_COOKIE"), address):
            flags |= OWNER
        if "HTTP_X_FORWARDED_FOR" in environ and address == environ.get("REMOTE_ADDR"):
            flags |= FORWARDED
        visitor = None
        if not flags & NO_VISITOR:
            languages = environ.get("HTTP_ACCEPT_LANGUAGE", "")
            try:
                visitor = self._visitors.identify(at, address, agent or "", languages)
            except OSError as error:
                log.error("The visitor key cannot be used, a click has no visitor: %s", error)
        segment_id, follower_id, attribution = self._attribute(environ, target, flags)
        return ClickRecord(
            clicked_at=int(at * 1000),
            link_id=target.link_id,
            user_agent=agent[:MOST_AGENT] if agent else None,
            referrer=referrer_key(environ.get("HTTP_REFERER")),
            visitor=visitor,
            flags=flags,
            segment_id=segment_id,
            follower_id=follower_id,
            attribution=attribution,
            country=None if self._country_of is None else self._country_of(address),
        )

    def _attribute(
        self, environ: "WSGIEnvironment", target: Target, flags: int
    ) -> tuple[SegmentId | None, FollowerId | None, str | None]:
        """Return segment, follower and how they are known: by the code, else by a hello.

        Whoever asks not to be tracked is neither named by a personal link nor recognised.
        """
        personal = target.follower_id is not None
        if target.attribution is not None and not (personal and flags & NO_VISITOR):
            return target.segment_id, target.follower_id, target.attribution
        cookies = environ.get("HTTP_COOKIE")
        if cookies and self._markers and target.account_id and not flags & NO_VISITOR:
            segment_id = said_hello(self._markers, target.account_id, cookies)
            if segment_id is not None:
                return segment_id, None, "recognised"
        return None, None, None


def request_flags(environ: "WSGIEnvironment") -> int:
    """Return what the request says of itself, as flags of vocabulary.py.

    Prefetch: Sec-Purpose (Fetch standard), Purpose (older Chromium and Safari), X-Moz (Firefox).
    No visitor: Sec-GPC (Global Privacy Control) or DNT. Embedded: Sec-Fetch-Dest names another
    destination than a page (Fetch Metadata), or Accept asks for a picture, as browsers without
    Fetch Metadata and the picture proxies of mail services do.
    """
    flags = 0
    if environ["REQUEST_METHOD"] == "HEAD":
        flags |= HEAD
    get = environ.get
    if not get("HTTP_ACCEPT_LANGUAGE"):
        flags |= NO_LANGUAGES
    if get("HTTP_SEC_GPC") == "1" or get("HTTP_DNT") == "1":
        flags |= NO_VISITOR
    purpose = get("HTTP_SEC_PURPOSE") or get("HTTP_PURPOSE") or get("HTTP_X_MOZ")
    if purpose and ("prefetch" in purpose or "preview" in purpose or "prerender" in purpose):
        flags |= PREFETCH
    if get("HTTP_SEC_FETCH_DEST", "") not in _PAGES or _wants_picture(get("HTTP_ACCEPT", "")):
        flags |= EMBEDDED
    return flags


def _wants_picture(accept: str) -> bool:
    return accept.startswith("image/") and "text/html" not in accept


def _unavailable(start_response: "StartResponse") -> Iterable[bytes]:
    body = b"This short link cannot be looked up just now. Please try again in a minute.\n"
    start_response(
        "503 Service Unavailable",
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Retry-After", "60"),
            ("Cache-Control", "no-store"),
        ],
    )
    return [body]
