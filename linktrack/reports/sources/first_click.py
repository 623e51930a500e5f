"""The first click on new links, and which other clicks aren't counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from linktrack.clicks.keeping.interface import Clicks
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.models import agents, referrers, sources
from linktrack.clicks.vocabulary import HUMAN, REASON_OF, Reason
from linktrack.db import from_ms
from linktrack.ids import LinkId

_DEVICES = {("iOS", "mobile"): "iPhone", ("iOS", "tablet"): "iPad"}


@dataclass(frozen=True, slots=True)
class FirstClick:
    """A person's first click. What isn't known of it is None."""

    at: datetime
    browser: str | None
    system: str | None
    source: str | None

    @property
    def by(self) -> str:
        """The browser and what it runs on: "Safari on iPhone"."""
        return " on ".join(part for part in (self.browser, self.system) if part)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What has come to some links: the first click, and how many aren't counted, by reason."""

    first: FirstClick | None = None
    reasons: dict[Reason, int] = field(default_factory=dict)

    @property
    def own(self) -> int:
        """The owner's own clicks."""
        return self.reasons.get("owner", 0)

    @property
    def others(self) -> dict[Reason, int]:
        """Those left out for another reason."""
        return {reason: count for reason, count in self.reasons.items() if reason != "owner"}


def awaited(session: Session, link_ids: Sequence[LinkId]) -> Awaited:
    """Return the first person's click on any of these links, and what isn't counted until now.

    For new links: it reads all of their clicks that are left out.
    """
    clicks = clicks_of(session)
    counted = clicks.count(Which(links=link_ids, left_out=True), ("reason",))
    most_first = sorted(counted, key=lambda row: (-row[1], row[0]))
    reasons = {REASON_OF[reason]: count for reason, count in most_first}
    return Awaited(_first(session, clicks, link_ids), reasons)


def _first(session: Session, clicks: Clicks, link_ids: Sequence[LinkId]) -> FirstClick | None:
    peoples = Which(links=link_ids, reasons=(HUMAN,))
    firsts = [at for _, at in clicks.count(peoples, ("link_id",), ("first_at",))]
    if not firsts:
        return None
    then = replace(peoples, since=min(firsts), until=min(firsts) + 1)
    click = clicks.table(then, limit=1).c
    at, browser, system, device, source = session.execute(
        select(click.clicked_at, agents.c.browser, agents.c.os, agents.c.device, sources.c.name)
        .join(agents, agents.c.id == click.agent_id)
        .join(referrers, referrers.c.id == click.referrer_id)
        .join(sources, sources.c.id == referrers.c.source_id)
    ).one()
    browser = "Safari" if browser == "Mobile Safari" else browser
    system = "Mac" if (system or "").startswith("Mac") else _DEVICES.get((system, device), system)
    return FirstClick(from_ms(at), browser, system, source or None)
