"""Tables of rules and of the destinations they lead to."""

import json

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import LinkId
from linktrack.links.redirects.rules.conditions import Condition


class LinkRule(Base):
    """Who is led to the rule's options; `position` is its place among the link's, from 0.

    `conditions` are JSON: `[["device", ["mobile"]], …]`. Who writes rows also sets
    `Link.has_plan`: the lane looks for none without it.
    """

    __tablename__ = "link_rules"

    id: Mapped[Id]
    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), index=True)
    position: Mapped[int]
    conditions: Mapped[str] = mapped_column(Text)


class LinkOption(Base):
    """A destination of a rule. Clicks name it, so it keeps its number and is never deleted.

    One that was taken away has `closed_at`, and no rule; `said` is whom its rule was for
    then, in words. `percent_since` is when its percentage was last changed, if ever.
    """

    __tablename__ = "link_options"

    id: Mapped[Id]
    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), index=True)
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("link_rules.id"), index=True)
    position: Mapped[int]
    percent: Mapped[int]
    destination: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Moment]
    percent_since: Mapped[OptionalMoment]
    closed_at: Mapped[OptionalMoment]
    said: Mapped[str | None] = mapped_column(Text)


def read_conditions(written: str) -> tuple[Condition, ...]:
    """Return stored conditions."""
    return tuple(Condition(kind, tuple(values)) for kind, values in json.loads(written))
