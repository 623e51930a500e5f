"""Tables of accounts, follower counts, segments, followers and rosters."""

from typing import Literal, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId, FollowerId, SegmentId
from linktrack.networks.records import TextLimits
from linktrack.networks.registry import NetworkName
from linktrack.owners.visibility import limit

Role: TypeAlias = Literal["me", "you", "we"]
Card: TypeAlias = Literal["ours", "destination"]
SegmentKind: TypeAlias = Literal["rule", "list", "size", "rest"]
UtmName: TypeAlias = Literal["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"]
FollowState: TypeAlias = Literal["following", "followed", "refused", "by_hand", "undoing", "undone"]


class Account(Base):
    """One social account or other audience.

    `handle` is as people write it; `handle_key` is what it is found by. A `simulated` account
    belongs to the demonstration. A removed account is in no list and no report, and its links go
    on redirecting. `card` says what fetchers of link previews get (`audience/cards.py`);
    `change_number` is that of its last choice, for the workers that remember it
    (`change_numbers.py`). Strangers read its name on the front page if it is `on_front_page`.
    `text_limit` is how many characters its server of Mastodon takes, each
    address counted as `address_length` of them.
    """

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("network", "handle_key"),)

    id: Mapped[AccountId] = mapped_column(primary_key=True)
    network: Mapped[NetworkName] = mapped_column(String(10))
    handle: Mapped[str] = mapped_column(String(255))
    handle_key: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role | None] = mapped_column(String(3))
    network_id: Mapped[str | None] = mapped_column(String(255))
    simulated: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[Moment]
    removed_at: Mapped[OptionalMoment]
    card: Mapped[Card] = mapped_column(
        String(11), default="destination", server_default="destination"
    )
    card_set_at: Mapped[OptionalMoment]
    change_number: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    text_limit: Mapped[int | None]
    address_length: Mapped[int | None]
    on_front_page: Mapped[bool] = mapped_column(default=False, server_default=false())

    @property
    def text_limits(self) -> TextLimits | None:
        """How long its server lets posts be; None if that is not known, or the network's."""
        if self.text_limit is None or self.address_length is None:
            return None
        return TextLimits(self.text_limit, self.address_length)


class StoredCredential(Base):
    """What signs an account in on its network, sealed under a key outside the database.

    `problem` is what the network said when it refused it; null: it is accepted.
    """

    __tablename__ = "credentials"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    connected_at: Mapped[Moment]
    problem: Mapped[str | None] = mapped_column(Text)


class FollowerCount(Base):
    """How many followers an account had at a given time, and where that count comes from."""

    __tablename__ = "follower_counts"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    counted_at: Mapped[Moment] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(20))


class Segment(Base):
    """A named group of an account's followers; `size` is what the owner or a roster says.

    `kind` says what puts a follower in: `rule` (`rules`, one a line; all must hold), `list`
    (its `SegmentEntry` rows), `rest` (nothing else did), or `size`: the owner counts by hand.
    `place` is where only they are reached. What was removed keeps its name for old clicks.
    """

    __tablename__ = "segments"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[SegmentId] = mapped_column(primary_key=True)
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    size: Mapped[int | None]
    created_at: Mapped[Moment]
    kind: Mapped[SegmentKind] = mapped_column(String(4), default="size", server_default="size")
    rules: Mapped[str | None] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(String(200))
    removed_at: Mapped[OptionalMoment]


class SegmentEntry(Base):
    """One person on a segment's list: a network's id, or a handle's key with an @ before it."""

    __tablename__ = "segment_entries"
    __table_args__ = ({"sqlite_with_rowid": False},)

    segment_id: Mapped[SegmentId] = mapped_column(ForeignKey("segments.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(512), primary_key=True)


class SegmentSize(Base):
    """How many followers of the newest roster a segment had when they were sorted.

    All segments of an account are sorted at once, so the sizes of one `sized_at` add up to that
    roster. For `unjudged` people a fact was missing that the segment's rules ask for.
    `has_people`: `FollowerSegment` says who was in it then.
    """

    __tablename__ = "segment_sizes"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    sized_at: Mapped[Moment] = mapped_column(primary_key=True)
    segment_id: Mapped[SegmentId] = mapped_column(ForeignKey("segments.id"), primary_key=True)
    size: Mapped[int]
    unjudged: Mapped[int]
    has_people: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class FollowerSegment(Base):
    """In which segment a follower is since they were sorted at `sorted_at`, until their next row.

    A row is written only when the segment changes. Who leaves keeps their last one: whether they
    follow is said by the follow periods.
    """

    __tablename__ = "follower_segments"
    __table_args__ = ({"sqlite_with_rowid": False},)

    follower_id: Mapped[FollowerId] = mapped_column(ForeignKey("followers.id"), primary_key=True)
    sorted_at: Mapped[Moment] = mapped_column(primary_key=True)
    segment_id: Mapped[SegmentId] = mapped_column(ForeignKey("segments.id"))


class FollowerProperties(Base):
    """How many followers of the newest roster have just these properties (`properties.py`).

    `holds` are those that are true of them, `perhaps` those for which a fact is missing, as bits.
    """

    __tablename__ = "follower_properties"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    holds: Mapped[int] = mapped_column(primary_key=True)
    perhaps: Mapped[int] = mapped_column(primary_key=True)
    people: Mapped[int]
    counted_at: Mapped[Moment]


class HelloDay(Base):
    """How many browsers said hello as one of a segment on a day, and how many took it back.

    `day` is the proleptic ordinal of the date. Nobody is named: the browser keeps a signed cookie.
    `by_network` are those of `said`, `network_back` those of `taken_back`, that came by sign-in.
    """

    __tablename__ = "hello_days"
    __table_args__ = ({"sqlite_with_rowid": False},)

    segment_id: Mapped[SegmentId] = mapped_column(ForeignKey("segments.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    said: Mapped[int]
    taken_back: Mapped[int]
    by_network: Mapped[int] = mapped_column(server_default="0")
    network_back: Mapped[int] = mapped_column(server_default="0")


class HelloNetwork(Base):
    """How often hello was said, or taken back, from a network on a day; only of the last one.

    `network` is a keyed hash: it leads back to no address.
    """

    __tablename__ = "hello_networks"
    __table_args__ = ({"sqlite_with_rowid": False},)

    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    network: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int]


class Consent(Base):
    """A follower's agreement to personal links; without this row their clicks name nobody."""

    __tablename__ = "consents"

    follower_id: Mapped[FollowerId] = mapped_column(ForeignKey("followers.id"), primary_key=True)
    agreed_at: Mapped[Moment]


class Roster(Base):
    """One dated list of an account's followers; `size` is how many people of it are kept.

    Who is in it is said by the follow periods that hold its moment.
    """

    __tablename__ = "rosters"
    __table_args__ = (UniqueConstraint("account_id", "taken_at"),)

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    taken_at: Mapped[Moment]
    source: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]


class Follower(Base):
    """One person who follows, or has followed, an account; each fact is null while unknown.

    `network_id` is the network's own stable id: X's accountId, Bluesky's DID, Mastodon's account
    URL. Where a list gave handles alone it is the `handle_key` with an @ before it, until a list
    gives the id. `handle` is as people write it, with its @; `handle_key` is what it is found by.
    `facts_at` is the moment of the newest roster that gave facts. `engaged` is how often they did
    anything with the account's posts in the last 90 days (`engagement/facts.py` keeps it).
    """

    __tablename__ = "followers"
    __table_args__ = (
        UniqueConstraint("account_id", "network_id"),
        # Byte by byte, so that PostgreSQL finds handles by how they begin, too.
        Index(
            None,
            "account_id",
            "handle_key",
            postgresql_ops={"handle_key": "varchar_pattern_ops"},
        ),
        # A number is never given twice: personal links carry it, and outlive who is forgotten.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[FollowerId] = mapped_column(primary_key=True)
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    network_id: Mapped[str] = mapped_column(String(512))
    handle: Mapped[str | None] = mapped_column(String(255))
    handle_key: Mapped[str | None] = mapped_column(String(255))
    followers: Mapped[int | None] = mapped_column(BigInteger)
    following: Mapped[int | None] = mapped_column(BigInteger)
    posts: Mapped[int | None] = mapped_column(BigInteger)
    account_created_at: Mapped[OptionalMoment]
    has_description: Mapped[bool | None]
    has_picture: Mapped[bool | None]
    last_active_at: Mapped[OptionalMoment]
    followed_back: Mapped[bool | None]
    facts_at: Mapped[OptionalMoment]
    engaged: Mapped[int | None]


class FollowPeriod(Base):
    """A time in which a follower followed: an unbroken run of rosters that have them.

    All four are moments of rosters. They began after `began_after` (the last roster without
    them; null: there is none) and by `began_by` (the first with them). They ended after
    `ended_after` (the last with them) and by `ended_by` (the first without): both null while
    they follow. A roster of the account at T has them exactly where `began_by <= T` and
    (`ended_after` is null or `T <= ended_after`).
    """

    __tablename__ = "follow_periods"
    __table_args__ = (
        # With the person, so that a page of those who came or left is read in its order.
        Index(None, "account_id", "began_by", "follower_id"),
        Index(None, "account_id", "ended_by", "follower_id"),
        {"sqlite_with_rowid": False},
    )

    follower_id: Mapped[FollowerId] = mapped_column(ForeignKey("followers.id"), primary_key=True)
    began_by: Mapped[Moment] = mapped_column(primary_key=True)
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    began_after: Mapped[OptionalMoment]
    ended_after: Mapped[OptionalMoment]
    ended_by: Mapped[OptionalMoment]


class ForgottenFollower(Base):
    """The trace of a person who was forgotten: a keyed hash, which leads back to nobody.

    The next roster leaves out whoever has this hash (`audience/forgetting.py`).
    """

    __tablename__ = "forgotten_followers"

    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    forgotten_at: Mapped[Moment]


class Sync(Base):
    """How far an account has been read from its network, so that reading goes on where it was.

    `begun_at` is when reading the follower list began (null: none is being read), `cursor` where
    the next page is. `next_at` is when the network is asked next; `problem` is why the last time
    failed, in words.
    """

    __tablename__ = "syncs"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    next_at: Mapped[Moment]
    begun_at: Mapped[OptionalMoment]
    cursor: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)


class SyncPage(Base):
    """One page of a follower list that is being read; all pages together become a roster."""

    __tablename__ = "sync_pages"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    people: Mapped[str] = mapped_column(Text)


class FollowBack(Base):
    """Whether an account follows back, whom, and how many.

    Only people who followed after `since`, and at most `daily_limit` within 24 hours. It is on
    where `on_since` is a moment; it can only be switched on once its dry run was shown, at
    `shown_at`. `next_at` is when it is looked again; `problem` is why the last time failed.
    """

    __tablename__ = "follow_backs"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    since: Mapped[Moment]
    daily_limit: Mapped[int]
    shown_at: Mapped[Moment]
    on_since: Mapped[OptionalMoment]
    next_at: Mapped[Moment]
    problem: Mapped[str | None] = mapped_column(Text)


class MadeFollow(Base):
    """One person whom linktrack has followed back, or begun to; nobody is here twice.

    It is `following` from before the network is asked until its answer is stored, then `followed`
    or `refused`; `by_hand` if the owner did it. `followed` is by what the network takes just
    this follow back: asked for, it is `undoing`, and then `undone`. `why` is a sentence. A person
    who asks to be forgotten is taken out.
    """

    __tablename__ = "made_follows"
    __table_args__ = (
        UniqueConstraint("account_id", "network_id"),
        Index(None, "account_id", "begun_at"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    network_id: Mapped[str] = mapped_column(String(512))
    handle: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[FollowState] = mapped_column(String(10))
    why: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment]
    followed: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)


class UtmValue(Base):
    """What wrapping adds to the addresses of an account, such as utm_source=x."""

    __tablename__ = "utm_values"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    name: Mapped[UtmName] = mapped_column(String(20), primary_key=True)
    value: Mapped[str] = mapped_column(String(100))


limit(Account, lambda shown: Account.id.in_(shown))
limit(Segment, lambda shown: Segment.account_id.in_(shown))
