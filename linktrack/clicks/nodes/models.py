"""Tables of what the nodes of an installation share, and of what each tells the others."""

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Moment, OptionalMoment


class VisitorKey(Base):
    """The secret under which visitors are pseudonyms, for one visitor period.

    No backup and no export has these rows, and they are destroyed when their period is over.
    """

    __tablename__ = "visitor_keys"
    __table_args__ = ({"sqlite_with_rowid": False},)

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)


class NodeRow(Base):
    """What a node last said of itself; `keys` stands for its keys.json, and doesn't lead to it."""

    __tablename__ = "nodes"
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(40))
    keys: Mapped[str] = mapped_column(String(32))
    seen_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment]
    clicks_waiting: Mapped[int] = mapped_column(BigInteger)
    bytes_waiting: Mapped[int] = mapped_column(BigInteger)
    waiting_since: Mapped[OptionalMoment]
    lost_clicks: Mapped[int] = mapped_column(BigInteger)
    lost_at: Mapped[OptionalMoment]
