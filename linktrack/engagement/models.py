"""Tables of posts as they stand on their networks, and of what people did with them there."""

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId, FollowerId, PostId
from linktrack.owners.visibility import limit


class NetworkPost(Base):
    """A post of an account's own as it stands on its network, wrapped or not, with links or none.

    Reposts of others' posts are not in it. `network_id` is the network's own id of the post;
    `post_id` is our post, null for one that was published without linktrack: its text is the
    `UnwrappedPost` of the same account and id. `read_at` is when its counts were last read, and
    `names_read_at` when the people were, whole; null: never. `next_at` is when it is read next,
    null: no more. `gone_at` is when it was found to be gone from its network. `readings` counts
    how often people were begun to be read.
    """

    __tablename__ = "network_posts"
    __table_args__ = (
        UniqueConstraint("account_id", "network_id"),
        Index(None, "account_id", "posted_at"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    network_id: Mapped[str] = mapped_column(String(512))
    posted_at: Mapped[Moment]
    post_id: Mapped[PostId | None] = mapped_column(ForeignKey("posts.id"), index=True)
    read_at: Mapped[OptionalMoment]
    names_read_at: Mapped[OptionalMoment]
    next_at: Mapped[OptionalMoment]
    gone_at: Mapped[OptionalMoment]
    readings: Mapped[int] = mapped_column(default=0)


class EngagementCount(Base):
    """What a network said how much there was of a kind, from `counted_at` on.

    A row is written when the number has changed, and by the first reading after the end of each
    window (`clicks/vocabulary.py`); a number holds until the next row. No row: the network never
    told. `kind` is a number of `engagement/vocabulary.py`.
    """

    __tablename__ = "engagement_counts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    network_post_id: Mapped[int] = mapped_column(ForeignKey("network_posts.id"), primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    counted_at: Mapped[Moment] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class Engagement(Base):
    """A follower, of now or of before, who did something with a post; strangers are not in it.

    `first_seen_at` is when they did it where the network says so, else when it was read first.
    `reading` is the number of the post's last reading that has them (`NetworkPost.readings`).
    """

    __tablename__ = "engagements"
    __table_args__ = (
        Index(None, "follower_id", "first_seen_at"),
        {"sqlite_with_rowid": False},
    )

    network_post_id: Mapped[int] = mapped_column(ForeignKey("network_posts.id"), primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    follower_id: Mapped[FollowerId] = mapped_column(ForeignKey("followers.id"), primary_key=True)
    first_seen_at: Mapped[Moment]
    reading: Mapped[int]


class EngagementWatch(Base):
    """When an account's engagement is read next, and where a reading was broken off.

    `network_post_id` is the post whose people are being read since `begun_at`, `kind` which of
    them, and `cursor` where the next page is; null: none are being read. `problem` is why the
    last time failed, in words.
    """

    __tablename__ = "engagement_watches"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    next_at: Mapped[Moment]
    network_post_id: Mapped[int | None] = mapped_column(ForeignKey("network_posts.id"))
    kind: Mapped[int | None] = mapped_column(SmallInteger)
    cursor: Mapped[str | None] = mapped_column(Text)
    begun_at: Mapped[OptionalMoment]
    problem: Mapped[str | None] = mapped_column(Text)


limit(NetworkPost, lambda shown: NetworkPost.account_id.in_(shown))
