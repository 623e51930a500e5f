"""Tables of when links redirect, how often, and for whom."""

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Moment, OptionalMoment
from linktrack.ids import LinkId


class LinkLimit(Base):
    """When a link redirects: from `valid_from` until before `expires_at`; null is no limit.

    `most_clicks` is how often people may click it. `password_hash` is an Argon2id hash. Once it has
    ended, the link leads to `ended_to`. Who writes a row also sets `Link.has_plan`: the lane looks
    for none without it.
    """

    __tablename__ = "link_limits"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    valid_from: Mapped[OptionalMoment]
    expires_at: Mapped[OptionalMoment]
    most_clicks: Mapped[int | None] = mapped_column(BigInteger)
    password_hash: Mapped[str | None] = mapped_column(Text)
    ended_to: Mapped[str | None] = mapped_column(Text)


class LinkBudget(Base):
    """How many of a link's clicks were drawn by the processes that answer them.

    A new `round` begins with every change that counts them anew: what was drawn before is void.
    """

    __tablename__ = "link_budgets"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)
    round: Mapped[int]


class LinkPasswordFailure(Base):
    """How often a link's password was wrong in a row from a network, for a day.

    `network` is a keyed hash: it leads back to no address.
    """

    __tablename__ = "link_password_failures"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    network: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int]
    failed_at: Mapped[Moment] = mapped_column(index=True)
    wait_until: Mapped[OptionalMoment]
