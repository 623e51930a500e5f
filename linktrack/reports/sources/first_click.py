"""The first click on new links, and which other clicks aren't counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.clicks.models import agents, clicks, referrers, sources
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
    of_links = clicks.c.link_id.in_(link_ids)
    first = session.execute(
        select(clicks.c.clicked_at, agents.c.browser, agents.c.os, agents.c.device, sources.c.name)
        .join(agents, agents.c.id == clicks.c.agent_id)
        .join(referrers, referrers.c.id == clicks.c.referrer_id)
        .join(sources, sources.c.id == referrers.c.source_id)
        .where(of_links, clicks.c.reason == HUMAN)
        .order_by(clicks.c.clicked_at, clicks.c.seq)
        .limit(1)
    ).one_or_none()
    counted = session.execute(
        select(clicks.c.reason, func.count())
        .where(of_links, clicks.c.reason != HUMAN)
        .group_by(clicks.c.reason)
        .order_by(func.count().desc(), clicks.c.reason)
    )
    reasons = {REASON_OF[reason]: count for reason, count in counted}
    if first is None:
        return Awaited(None, reasons)
    at, browser, system, device, source = first
    browser = "Safari" if browser == "Mobile Safari" else browser
    system = "Mac" if (system or "").startswith("Mac") else _DEVICES.get((system, device), system)
    return Awaited(FirstClick(from_ms(at), browser, system, source or None), reasons)
