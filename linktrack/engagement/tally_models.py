"""Tables of what is counted of each post within each window; made anew from what was read."""

from sqlalchemy import BigInteger, Boolean, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Moment, OptionalMoment
from linktrack.ids import SegmentId


class EngagementTally(Base):
    """One post within one window (a number of `clicks/vocabulary.py`), as `tallying.py` counts.

    `counted_at` is the reading that the counts are of. A count is null where the network doesn't
    tell it, `people` where nobody is named, or no follower list is from before the post. The last
    four say what it was counted from: the readings of the post, and the roster and the sorting
    that stood when it was posted. Where one of them is another now, the tally is out of date.
    """

    __tablename__ = "engagement_tallies"
    __table_args__ = ({"sqlite_with_rowid": False},)

    network_post_id: Mapped[int] = mapped_column(ForeignKey("network_posts.id"), primary_key=True)
    window: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    counted_at: Mapped[Moment]
    is_complete: Mapped[bool] = mapped_column(Boolean)
    likes: Mapped[int | None] = mapped_column(BigInteger)
    reposts: Mapped[int | None] = mapped_column(BigInteger)
    replies: Mapped[int | None] = mapped_column(BigInteger)
    quotes: Mapped[int | None] = mapped_column(BigInteger)
    bookmarks: Mapped[int | None] = mapped_column(BigInteger)
    views: Mapped[int | None] = mapped_column(BigInteger)
    people: Mapped[int | None]
    read_at: Mapped[Moment]
    names_read_at: Mapped[OptionalMoment]
    roster_at: Mapped[OptionalMoment]
    sized_at: Mapped[OptionalMoment]


class EngagementTallySegment(Base):
    """How many people of a segment did anything with a post within a window; nobody: no row."""

    __tablename__ = "engagement_tally_segments"
    __table_args__ = ({"sqlite_with_rowid": False},)

    network_post_id: Mapped[int] = mapped_column(ForeignKey("network_posts.id"), primary_key=True)
    window: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    segment_id: Mapped[SegmentId] = mapped_column(ForeignKey("segments.id"), primary_key=True)
    people: Mapped[int]
