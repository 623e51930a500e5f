"""Tables of what was read of pages to show how posts will look: kept for some days, then again."""

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Moment


class PageRead(Base):
    """What a page said of itself before a link to it was made; `digest` is of its address."""

    __tablename__ = "page_reads"
    __table_args__ = ({"sqlite_with_rowid": False},)

    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    read_at: Mapped[Moment] = mapped_column(index=True)
    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    picture: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(String(200))


class Thumbnail(Base):
    """A small copy of a page's picture, a JPEG; `digest` is of its address, null: none was had."""

    __tablename__ = "thumbnails"

    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    made_at: Mapped[Moment] = mapped_column(index=True)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
