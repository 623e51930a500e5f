"""Where the rules of a link lead a click, and the marker by which a visitor returns."""

from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from linktrack.clicks.classify.agents import classify_agent
from linktrack.clicks.records import MOST_AGENT, ClickRecord
from linktrack.clicks.vocabulary import EMBEDDED, HEAD, NO_VISITOR, PREFETCH
from linktrack.keys import Markers
from linktrack.links.redirects.plan import Plan
from linktrack.links.redirects.rules.conditions import Visit, preferred_language, system_named
from linktrack.links.redirects.rules.deciding import OWN, first_that_holds

MOST_REMEMBERED: Final = 20_000
"""User agents of which a worker remembers what they are: about 6 MB."""

BEEN_HERE: Final = "linktrack_been_here"
"""Name of the marker; it only says that this browser followed the link before."""

BEEN_HERE_SECONDS: Final = 30 * 24 * 3600

_VALUE: Final = "1"


class Led(NamedTuple):
    """Where a click is led: `option` is OWN for the link's own destination.

    `cookie` is the header that marks a visitor, where the rules tell new from returning ones.
    """

    location: str
    option: int = OWN
    cookie: str | None = None


class _Seen(NamedTuple):
    device: str | None
    system: str | None
    is_program: bool


class Agents:
    """What user agents are, by the one classification there is, remembered.

    The first of all takes a second, since it imports; each new one a millisecond.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._known: dict[str | None, _Seen] = {}

    def knows(self, user_agent: str | None) -> bool:
        """Whether `seen` answers at once."""
        return user_agent in self._known

    def seen(self, user_agent: str | None) -> _Seen:
        """Return what an agent is."""
        found = self._known.get(user_agent)
        if found is None:
            agent = classify_agent(user_agent)
            found = _Seen(agent.device, system_named(agent.os), agent.reason is not None)
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[user_agent] = found
        return found


class Ruling:
    """Decides by a link's rules, from what a click says of itself."""

    def __init__(self, markers: Markers | None = None, *, secure: bool = False) -> None:
        self._agents = Agents()
        self._markers = markers
        self._secure = secure

    def knows(self, user_agent: str | None) -> bool:
        """Whether `lead` answers without classifying an agent."""
        return self._agents.knows(_cut(user_agent))

    def learn(self, user_agent: str | None) -> None:
        """Classify an agent, so that `lead` need not."""
        self._agents.seen(_cut(user_agent))

    def lead(
        self,
        plan: Plan,
        own: str,
        record: ClickRecord,
        asked: "Clicked",
        timezone: ZoneInfo,
    ) -> Led:
        """Return where a click is led: to a rule's option, or to the link's `own` destination."""
        seen = self._agents.seen(record.user_agent)
        marks = plan.marks and self._markers is not None
        marks = marks and not record.flags & NO_VISITOR and not seen.is_program
        visit = Visit(
            moment=datetime.fromtimestamp(record.clicked_at / 1000, timezone),
            device=seen.device,
            system=seen.system,
            language=preferred_language(asked.languages),
            country=record.country,
            query=asked.query,
            returning=marks and self._has_been_here(asked.cookies),
            is_program=seen.is_program,
            visitor=record.visitor,
        )
        rule = first_that_holds(plan.rules, visit)
        is_seen = marks and not record.flags & (HEAD | PREFETCH | EMBEDDED)
        cookie = self._cookie(asked.code) if is_seen else None
        if rule is None:
            return Led(own, OWN, cookie)
        option = rule.option_for(record.visitor)
        return Led(option.destination, option.id, cookie)

    def _has_been_here(self, cookies: str | None) -> bool:
        return (
            self._markers is not None
            and cookies is not None
            and BEEN_HERE in cookies
            and self._markers.read(BEEN_HERE, cookies) is not None
        )

    def _cookie(self, code: str) -> str:
        """Return the header's value: for this code alone, read by nobody but us."""
        assert self._markers is not None
        return (
            f"{BEEN_HERE}={self._markers.sign(BEEN_HERE, _VALUE)}; Path=/{code}; "
            f"Max-Age={BEEN_HERE_SECONDS}; HttpOnly; SameSite=Lax{'; Secure' * self._secure}"
        )


class Clicked(NamedTuple):
    """What of a request only rules look at."""

    code: str
    query: str
    languages: str | None
    cookies: str | None


def _cut(user_agent: str | None) -> str | None:
    return user_agent[:MOST_AGENT] if user_agent else None
