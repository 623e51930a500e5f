"""Tables of what was done to many links at once, so that it can be undone as a whole."""

from typing import Literal, TypeAlias

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId, LinkId
from linktrack.owners.visibility import limit

Kind: TypeAlias = Literal["made", "changed"]


class BulkChange(Base):
    """One act on many links: they were made, or changed; `what` says it in a sentence.

    `account_id` is the account of all its links, null where they are of several.
    """

    __tablename__ = "bulk_changes"

    id: Mapped[Id]
    at: Mapped[Moment]
    kind: Mapped[Kind] = mapped_column(String(7))
    account_id: Mapped[AccountId | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    actor: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(String(300))
    undone_at: Mapped[OptionalMoment]


class BulkChangedLink(Base):
    """A link of a bulk change: what it was before, and what it was made (`state.State` as JSON)."""

    __tablename__ = "bulk_changed_links"
    __table_args__ = ({"sqlite_with_rowid": False},)

    change_id: Mapped[int] = mapped_column(ForeignKey("bulk_changes.id"), primary_key=True)
    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True, index=True)
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)


limit(BulkChange, lambda shown: BulkChange.account_id.in_(shown))
