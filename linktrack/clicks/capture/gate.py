"""The gate: whether a click on a link with limits is redirected, as the lane asks it."""

from collections.abc import Callable, Mapping

from linktrack.clicks.classify.agents import is_person
from linktrack.clicks.records import MOST_AGENT
from linktrack.clicks.vocabulary import EMBEDDED, HEAD, OWNER, PREFETCH
from linktrack.ids import LinkId
from linktrack.keys import Markers
from linktrack.links.redirects.leases import Leases
from linktrack.links.redirects.limits import Limits, Verdict, pass_name

_NO_PERSON = HEAD | PREFETCH | EMBEDDED | OWNER


class Undecided(Exception):
    """Only the database can say whether a click is left: ask `Lane.decide`, which may wait."""


class Gate:
    """Who passes: within the time, with the password, and as long as clicks are left.

    `passes` reads what browsers bring that have given the password. Of a link that has so many
    clicks, people's count: what is left out of all figures uses none, but for bursts, which nobody
    knows at the click.
    """

    def __init__(self, passes: Markers | None = None, leases: Leases | None = None) -> None:
        self._passes = passes
        self._leases = leases
        self._is_ready = False

    def judge(
        self,
        asked: Mapping[str, str],
        link_id: LinkId,
        limits: Limits,
        *,
        at: float,
        flags: Callable[[], int],
        may_wait: bool,
    ) -> Verdict:
        """Say what becomes of a click; `flags` returns those of vocabulary.py.

        Raises `Undecided` where only the database can say it, unless it `may_wait`.
        """
        period = limits.period(at)
        if period != "open":
            return "closed" if period == "not-begun" else "ended"
        if limits.password is not None and not self._has_pass(asked, link_id, limits.password):
            return "closed"
        if limits.most_clicks is None or self._leases is None:
            return "open"
        if not (self._is_ready or may_wait):  # the first look at an agent loads lists of crawlers
            raise Undecided
        agent = asked.get("HTTP_USER_AGENT", "")[:MOST_AGENT]
        by_person = not flags() & _NO_PERSON and is_person(agent)
        self._is_ready = True
        if not by_person:
            is_over = limits.is_used_up or self._leases.is_spent(link_id, limits)
            return "ended" if is_over else "open"
        taken = self._leases.take(link_id, limits)
        if taken is None:
            if not may_wait:
                raise Undecided
            taken = self._leases.draw(link_id, limits)
        return "open" if taken else "ended"

    def close(self) -> None:
        """Give back what was drawn and not used."""
        if self._leases is not None:
            self._leases.close()

    def _has_pass(self, asked: Mapping[str, str], link_id: LinkId, password: str) -> bool:
        cookies = asked.get("HTTP_COOKIE")
        if not cookies or self._passes is None:
            return False
        return self._passes.read(pass_name(link_id), cookies) == password
