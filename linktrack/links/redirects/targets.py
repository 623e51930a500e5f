"""Targets: a cache of where codes lead, so that a redirect needs no database. Pure."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from linktrack.ids import AccountId, FollowerId, LinkId, SegmentId
from linktrack.links.codes import spellings
from linktrack.links.redirects.plan import Plan

log = logging.getLogger(__name__)

MOST: Final = 200_000  # remembered codes: about 100 MB, of which busy links are a small part
NEGATIVE_SECONDS: Final = 1.0  # a new link is found by a worker that has just missed it
MOST_RESPELT: Final = 500  # remembered codes in another spelling: there is no end of them
MOST_REFRESHED: Final = 1_000  # codes looked up at once after a change: some 50 ms
POLL_SECONDS: Final = 1.0  # a changed link is followed by every worker within 2 seconds


@dataclass(frozen=True, slots=True)
class Target:
    """Where a code leads, and what is stored of a click on it.

    A disabled link has no `location`. `attribution` is "variant" or "personal" where the code
    itself names the segment; else a hello to the link's account may. With `forward_query` a
    click's query goes on to the destination. With `shows_card` fetchers of link previews get a
    card in place of the redirect. `code` is the code itself where it was asked for in another
    spelling: with capitals of its own, or with a mark at its end. A link that doesn't always lead
    to its `location` has a `plan`.
    """

    link_id: LinkId
    location: str | None
    segment_id: SegmentId | None = None
    follower_id: FollowerId | None = None
    attribution: str | None = None
    forward_query: bool = False
    account_id: AccountId | None = None
    shows_card: bool = False
    code: str | None = None
    plan: Plan | None = None


class Changes(NamedTuple):
    """The number of the last change that is committed, and the links changed since another."""

    number: int
    links: Collection[LinkId]


class Targets:
    """A bounded memory of targets in front of `find`, by their keys (`Hosts.key`).

    `changed_since(number)` returns the changes behind a change's number, or with None the number
    alone. While the database is away known targets go on being served as they were; an unknown
    code raises what `find` raises.

    `find_at_once`, where there is one, finds the same without ever waiting for another program, or
    raises: it serves who may not wait, as an event loop.
    """

    def __init__(
        self,
        find: Callable[[str], Target | None],
        changed_since: Callable[[int | None], Changes],
        most: int = MOST,
        find_at_once: Callable[[str], Target | None] | None = None,
    ) -> None:
        self._find = find
        self._changed_since = changed_since
        self._most = most
        self._find_at_once = find_at_once
        self._known: dict[str, Target] = {}
        self._missing: dict[str, float] = {}
        self._codes: defaultdict[LinkId, set[str]] = defaultdict(set)
        self._respelt: set[str] = set()
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None
        self._stop = threading.Event()
        self._generation = 0

    def get(self, code: str) -> Target | None:
        """Return the target of a code, or None."""
        try:
            return self.known(code)
        except LookupError:
            return self._look_up(code, self._find)

    def known(self, code: str) -> Target | None:
        """Return the target of a code, or None, without waiting for the database.

        Raises `LookupError` where it would have to wait.
        """
        target = self._known.get(code)
        if target is None:
            expiry = self._missing.get(code)
            if expiry is None or time.monotonic() >= expiry:
                return self._look_up_at_once(code)
        return target

    def _look_up_at_once(self, code: str) -> Target | None:
        if self._find_at_once is not None:
            self.watch()
            with suppress(Exception):  # whatever the database raises: who may wait asks again
                return self._look_up(code, self._find_at_once)
        raise LookupError(code)

    def _look_up(self, code: str, find: Callable[[str], Target | None]) -> Target | None:
        generation = self._generation
        target = _lead(code, find)
        with self._lock:
            if target is None:
                if len(self._missing) >= self._most // 10:
                    self._missing.clear()
                self._missing[code] = time.monotonic() + NEGATIVE_SECONDS
            elif target.code is not None and len(self._respelt) >= MOST_RESPELT:
                pass  # looked up each time, so that they crowd nobody out
            elif generation == self._generation:  # else a change came while we were reading
                while len(self._known) >= self._most:
                    self._drop(next(iter(self._known)))
                self._known[code] = target
                self._codes[target.link_id].add(code)
                if target.code is not None:
                    self._respelt.add(code)
        return target

    def _drop(self, code: str) -> None:
        target = self._known.pop(code)
        self._respelt.discard(code)
        codes = self._codes[target.link_id]
        codes.discard(code)
        if not codes:
            del self._codes[target.link_id]

    def refresh(self, link_ids: Iterable[LinkId]) -> None:
        """Look the remembered codes of these links up anew; till then they lead where they led.

        Those in another spelling too, which a new link may take over. Of very many some are looked
        up at their next click. Raises what `find` raises.
        """
        with self._lock:
            self._generation += 1
            codes = [code for link_id in link_ids for code in self._codes.get(link_id, ())]
            codes += self._respelt.difference(codes)
            for code in codes[MOST_REFRESHED:]:
                self._drop(code)
        for code in codes[:MOST_REFRESHED]:
            target = _lead(code, self._find)
            with self._lock:
                known = self._known.get(code)
                if known is None:  # it had to make room meanwhile
                    continue
                if target is None or (target.link_id, target.code) != (known.link_id, known.code):
                    self._drop(code)
                else:
                    self._known[code] = target

    def watch(self) -> None:
        """Start following changes; call it in the worker, after the fork."""
        if self._watcher is not None:
            return
        with self._lock:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._follow, name="targets", daemon=True)
                self._watcher.start()

    def close(self) -> None:
        """Stop following changes."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join(timeout=5)

    def _follow(self) -> None:
        last: int | None = None
        away = False
        while not self._stop.wait(POLL_SECONDS):
            try:
                changes = self._changed_since(last)
                if last is None or changes.number < last:  # of a backup: anything may be changed
                    self.refresh(list(self._codes))
                elif changes.number != last:
                    self.refresh(changes.links)
            except Exception as error:  # noqa: BLE001 - any failure of a database: keep serving
                if not away:
                    log.warning("Known links go on, changes wait: %s", error)
                away = True
                continue
            away = False
            last = changes.number


def _lead(code: str, find: Callable[[str], Target | None]) -> Target | None:
    """Return where a code leads, as it is spelt or without what was left on it."""
    for spelling in spellings(code):
        target = find(spelling)
        if target is not None:
            is_asked = spelling == code or target.code is not None
            return target if is_asked else replace(target, code=spelling.rpartition("/")[2])
    return None
