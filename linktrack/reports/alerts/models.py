"""The table of alerts."""

from typing import Final, Literal, TypeAlias

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId
from linktrack.owners.visibility import limit

AlertKind: TypeAlias = Literal[
    "clicks.spike",
    "clicks.drop",
    "followers.rise",
    "followers.fall",
    "engagement.spike",
    "engagement.drop",
]
MOST: Final[tuple[AlertKind, ...]] = (
    *("clicks.spike", "followers.rise", "followers.fall"),
    "engagement.spike",
)
"""The kinds that are more than usual; the others are less."""


class Alert(Base):
    """What went on with an account from `since` until `until`, as it was when it was noticed.

    `count` lies beyond `usual`: the most that is usual, or for what is missing the least. It was
    seen last at `seen_at`; `ended_at` is null as long as it goes on.
    """

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("account_id", "kind", "since"),)

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[AlertKind] = mapped_column(String(20))
    since: Mapped[Moment]
    until: Mapped[Moment]
    count: Mapped[int]
    usual: Mapped[int]
    noticed_at: Mapped[Moment] = mapped_column(index=True)
    seen_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment]


limit(Alert, lambda shown: Alert.account_id.in_(shown))
