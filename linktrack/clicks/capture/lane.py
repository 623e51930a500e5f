"""The lane: what is done with a request for a short link. It looks up, writes down, and answers.

It knows no server: wsgi_lane.py and asgi_lane.py hand it requests, and say its answers. What is no
plain known code goes to the application behind it; so does a fetcher of link previews, once it is
written down, where an account shows cards of our own.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from linktrack.clicks.capture.gate import Gate, Undecided
from linktrack.clicks.capture.geoip import NOWHERE, Where
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.own_clicks import OwnClicks
from linktrack.clicks.capture.own_sites import OwnSites
from linktrack.clicks.capture.ruled import Clicked, Led, Ruling
from linktrack.clicks.capture.unknown_codes import AskedFor, UnknownCodes
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
    RECOGNISED_AS,
    first_language,
)
from linktrack.ids import FollowerId, SegmentId
from linktrack.keys import Markers, said_hello
from linktrack.links.destinations import with_query
from linktrack.links.redirects.hosts import Hosts
from linktrack.links.redirects.limits import Limits, Verdict
from linktrack.links.redirects.plan import Plan
from linktrack.links.redirects.targets import Target, Targets
from linktrack.settings import Network

log = logging.getLogger(__name__)

CARD: Final = "linktrack.card"
"""In the environment of a request that the application is to answer with a link's card."""

Asked = Mapping[str, str]
"""A request by the names of CGI (RFC 3875 4.1), as far as the lane reads it: see `READ`."""

READ: Final = frozenset(
    {
        "HTTP_ACCEPT",
        "HTTP_ACCEPT_LANGUAGE",
        "HTTP_COOKIE",
        "HTTP_DNT",
        "HTTP_HOST",
        "HTTP_PURPOSE",
        "HTTP_REFERER",
        "HTTP_SEC_FETCH_DEST",
        "HTTP_SEC_GPC",
        "HTTP_SEC_PURPOSE",
        "HTTP_USER_AGENT",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_X_MOZ",
    }
)
"""The headers that the lane reads; beside them method, path, query and REMOTE_ADDR."""

_PAGES: Final = frozenset({"", "document", "iframe", "frame", "empty"})
"""What Sec-Fetch-Dest says of a page: in a tab, in a frame, read by a script, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `headers` are ASCII."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Behind:
    """The application behind the lane answers, for `path`; with the link's card, if `card`."""

    path: str
    card: bool = False


REDIRECT: Final = (
    ("Cache-Control", "private, no-store"),
    ("X-Robots-Tag", "noindex"),
    ("Content-Length", "0"),
)
"""The headers of every redirect, beside its `Location`."""

_UNAVAILABLE: Final = (
    b"This short link cannot be looked up just now. Please try again in a minute.\n"
)

UNAVAILABLE: Final = Answer(
    "503 Service Unavailable",
    (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(_UNAVAILABLE))),
        ("Retry-After", "60"),
        ("Cache-Control", "no-store"),
    ),
    _UNAVAILABLE,
)


class Away(Exception):
    """The database cannot be asked."""


class Lane:
    """Where codes lead, and the journal of their clicks.

    Nothing here waits but `look_up` and `decide`, for the database, and where `waits`, `answer`,
    for the disk.
    """

    def __init__(
        self,
        targets: Targets,
        journal: Journal,
        visitors: Visitors,
        trusted_proxies: tuple[Network, ...] = (),
        clock: Callable[[], float] = time.time,
        own: OwnClicks | None = None,
        place_of: Callable[[str], Where] | None = None,
        markers: Markers | None = None,
        gate: Gate | None = None,
        ruling: Ruling | None = None,
        hosts: Hosts | None = None,
        own_sites: OwnSites | None = None,
        unknown: UnknownCodes | None = None,
    ) -> None:
        self._targets = targets
        self._hosts = hosts
        self._journal = journal
        self._visitors = visitors
        self._trusted = trusted_proxies
        self._clock = clock
        self._own = own
        self._place_of = place_of
        self._markers = markers
        self._gate = gate or Gate()
        self._ruling = ruling or Ruling(markers)
        self._own_sites = own_sites or OwnSites()
        self._unknown = unknown
        self._watching = False
        self.waits = journal.waits

    def known(self, asked: Asked, code: str) -> Target | None:
        """Return where a code leads, None if nowhere, without asking the database.

        Raises `LookupError` where that is not known.
        """
        return self._targets.known(self._key(asked, code))

    def _key(self, asked: Asked, code: str) -> str:
        """Return what stands for a code on the host that was asked, for which no proxy speaks."""
        return code if self._hosts is None else self._hosts.key(asked.get("HTTP_HOST", ""), code)

    def look_up(self, asked: Asked, code: str) -> Target | None:
        """Return where a code leads, None if nowhere; it may wait for the database.

        Raises `Away`, whatever the database raises.
        """
        self._visitors.keep_up(self._clock())
        try:
            if not self._watching:  # this worker may have waited an hour for its first click
                self._own_sites.keep_up()
                self._targets.watch()
                self._watching = True
            if self._hosts is not None:
                self._hosts.load_once()
            return self._targets.get(self._key(asked, code))
        except Exception as error:
            log.error("A code could not be looked up: %s", error)
            raise Away from error

    def decide(self, asked: Asked, target: Target | None) -> Verdict:
        """Return what becomes of a click that `answer` left undecided; it waits for the database.

        Raises `Away`, whatever the database raises.
        """
        if target is None or target.plan is None:
            return "open"
        if target.plan.rules:
            self._ruling.learn(asked.get("HTTP_USER_AGENT"))
        if target.plan.limits is None:
            return "open"
        try:
            return self._judge(asked, target, target.plan.limits, may_wait=True)
        except Exception as error:
            log.error("Whether a link has clicks left could not be looked up: %s", error)
            raise Away from error

    def answer_in_time(self, asked: Asked, code: str, target: Target | None) -> str | Led | Behind:
        """Return what `answer` returns; it waits for the database where that has to decide."""
        try:
            return self.answer(asked, code, target)
        except Undecided:
            return self.answer(asked, code, target, self.decide(asked, target))

    def close(self) -> None:
        """End the journals, which the loader then takes as done; a click begins another."""
        self._gate.close()
        self._journal.close()
        if self._unknown is not None:
            self._unknown.close()

    def answer(
        self, asked: Asked, code: str, target: Target | None, decided: Verdict | None = None
    ) -> str | Led | Behind:
        """Write a click down, and return where it leads; or who answers in our place.

        Raises `Undecided` where `decide` has to be asked before.
        """
        if target is None or target.location is None:
            if target is None and self._unknown is not None:
                self._note_unknown(self._unknown, asked, code)
            # In its own spelling, without what was left on it.
            return Behind(f"/{(target and target.code) or code}")
        at = self._clock()
        if target.plan is not None:
            planned = self._by_plan(asked, code, target, at, decided)
            if planned is not None:
                return planned
        record = self._own_sites.marked(self._record(asked, target, at), target.location)
        self._journal.append(encode(record))
        if target.shows_card and is_preview(record.user_agent or ""):
            return Behind(f"/{target.code or code}", card=True)
        location = target.location
        if target.forward_query:
            location = with_query(location, asked.get("QUERY_STRING", ""))
        return self._own_sites.onward(location, record)

    def _by_plan(
        self, asked: Asked, code: str, target: Target, at: float, decided: Verdict | None
    ) -> str | Led | Behind | None:
        """Do the same for a link that has a plan; None where it redirects as one without."""
        assert target.plan is not None
        limits, rules = target.plan.limits, target.plan.rules
        if rules and decided is None and not self._ruling.knows(asked.get("HTTP_USER_AGENT")):
            raise Undecided  # classifying an agent takes a millisecond, the first of all a second
        if limits is not None:
            verdict = decided or self._judge(asked, target, limits, may_wait=False)
            if verdict == "ended" and limits.ended_to is not None:
                return limits.ended_to  # no click of the link: it didn't lead to its destination
            if verdict != "open":
                return Behind(f"/{target.code or code}")
        return self._by_rules(asked, code, target, target.plan, at) if rules else None

    def _by_rules(
        self, asked: Asked, code: str, target: Target, plan: Plan, at: float
    ) -> Led | Behind:
        query = asked.get("QUERY_STRING", "")
        record = self._record(asked, target, at)
        led = self._ruling.lead(
            plan,
            target.location or "",
            record,
            Clicked(code, query, asked.get("HTTP_ACCEPT_LANGUAGE"), asked.get("HTTP_COOKIE")),
            self._visitors.timezone,
        )
        record = self._own_sites.marked(replace(record, option=led.option), led.location)
        self._journal.append(encode(record))
        if target.shows_card and is_preview(record.user_agent or ""):
            return Behind(f"/{target.code or code}", card=True)
        location = with_query(led.location, query) if target.forward_query else led.location
        return led._replace(location=self._own_sites.onward(location, record))

    def _judge(self, asked: Asked, target: Target, limits: Limits, *, may_wait: bool) -> Verdict:
        return self._gate.judge(
            asked,
            target.link_id,
            limits,
            at=self._clock(),
            flags=lambda: self._flags(asked, client_address(asked, self._trusted)),
            may_wait=may_wait,
        )

    def _note_unknown(self, unknown: UnknownCodes, asked: Asked, code: str) -> None:
        address = client_address(asked, self._trusted)
        flags = self._flags(asked, address)
        if unknown.wants(asked, code, flags, address):
            at, agent = self._clock(), asked["HTTP_USER_AGENT"][:MOST_AGENT]
            visitor = self._visitor(asked, at, flags, address)
            unknown.note(AskedFor(int(at * 1000), self._key(asked, code), agent, visitor))

    def _flags(self, asked: Asked, address: str) -> int:
        flags = request_flags(asked)
        if self._own is not None and self._own.is_own(asked.get("HTTP_COOKIE"), address):
            flags |= OWNER
        return flags

    def _visitor(self, asked: Asked, at: float, flags: int, address: str) -> int | None:
        if flags & NO_VISITOR:
            return None
        agent, languages = asked.get("HTTP_USER_AGENT", ""), asked.get("HTTP_ACCEPT_LANGUAGE", "")
        try:
            return self._visitors.identify(at, address, agent, languages)
        except OSError as error:
            log.error("The visitor key cannot be used, a click has no visitor: %s", error)
            return None

    def _record(self, asked: Asked, target: Target, at: float) -> ClickRecord:
        agent = asked.get("HTTP_USER_AGENT")
        address = client_address(asked, self._trusted)
        flags = self._flags(asked, address)
        if "HTTP_X_FORWARDED_FOR" in asked and address == asked.get("REMOTE_ADDR"):
            flags |= FORWARDED
        visitor = self._visitor(asked, at, flags, address)
        segment_id, follower_id, attribution = self._attribute(asked, target, flags)
        where = NOWHERE if self._place_of is None else self._place_of(address)
        if flags & NO_VISITOR:
            where = Where(where.country)
        return ClickRecord(
            clicked_at=int(at * 1000),
            link_id=target.link_id,
            user_agent=agent[:MOST_AGENT] if agent else None,
            referrer=referrer_key(asked.get("HTTP_REFERER")),
            visitor=visitor,
            flags=flags,
            segment_id=segment_id,
            follower_id=follower_id,
            attribution=attribution,
            country=where.country,
            region=where.region,
            city=where.city,
            language=first_language(asked.get("HTTP_ACCEPT_LANGUAGE")),
        )

    def _attribute(
        self, asked: Asked, target: Target, flags: int
    ) -> tuple[SegmentId | None, FollowerId | None, str | None]:
        """Return segment, follower and how they are known: by the code, else by a hello.

        Whoever asks not to be tracked is neither named by a personal link nor recognised.
        """
        personal = target.follower_id is not None
        if target.attribution is not None and not (personal and flags & NO_VISITOR):
            return target.segment_id, target.follower_id, target.attribution
        cookies = asked.get("HTTP_COOKIE")
        if cookies and self._markers and target.account_id and not flags & NO_VISITOR:
            hello = said_hello(self._markers, target.account_id, cookies)
            if hello is not None:
                return hello.segment_id, None, RECOGNISED_AS[hello.way]
        return None, None, None


def request_flags(asked: Asked) -> int:
    """Return what the request says of itself, as flags of vocabulary.py.

    Prefetch: Sec-Purpose (Fetch standard), Purpose (older Chromium and Safari), X-Moz (Firefox).
    No visitor: Sec-GPC (Global Privacy Control) or DNT. Embedded: Sec-Fetch-Dest names another
    destination than a page (Fetch Metadata), or Accept asks for a picture, as browsers without
    Fetch Metadata and the picture proxies of mail services do.
    """
    flags = 0
    if asked["REQUEST_METHOD"] == "HEAD":
        flags |= HEAD
    get = asked.get
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
