"""Tables of communities, requests to join, members, their feeds, and suggestions.

A member is a person who was let in by hand. Whoever leaves is deleted: no row keeps them.
"""

from typing import Literal, TypeAlias

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, mapped_column

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId, PostId, SegmentId
from linktrack.networks.registry import NetworkName
from linktrack.owners.visibility import limit

Proof: TypeAlias = Literal["network", "code", "mail"]
RequestState: TypeAlias = Literal["unconfirmed", "waiting", "later", "approved", "declined"]
FeedMode: TypeAlias = Literal["full", "weekly"]
StepKind: TypeAlias = Literal["accept", "follow", "welcome"]
StepState: TypeAlias = Literal["due", "begun", "done", "by_hand", "refused", "in_doubt"]
Brought: TypeAlias = Literal["picked", "above_usual"]
JoinMailState: TypeAlias = Literal["due", "begun", "sent", "refused"]
MailState: TypeAlias = Literal["begun", "sent", "refused", "in_doubt"]
SuggestionWay: TypeAlias = Literal["form", "mention", "reply"]
SuggestionState: TypeAlias = Literal["new", "drafted", "thanked", "declined"]
Attempted: TypeAlias = Literal["join", "suggest"]


class Community(Base):
    """An account that people can ask to join: what they are asked, and what members get.

    It takes requests while `opened_at` is a moment. `question` is what the introduction should
    answer, `welcome` the text that a new member gets. `feed` says whether members get all posts
    that were brought in, or the best `weekly_best` of each week; `mails` whether those who agreed
    get them by mail, too.
    """

    __tablename__ = "communities"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    opened_at: Mapped[OptionalMoment]
    question: Mapped[str] = mapped_column(Text)
    welcome: Mapped[str] = mapped_column(Text)
    feed: Mapped[FeedMode] = mapped_column(String(6))
    weekly_best: Mapped[int]
    mails: Mapped[bool]


class JoinRequest(Base):
    """Somebody who asks to join: who they say they are, how that was proved, what they agreed to.

    `network` and what belongs to it are null where a mail address was given; that is sealed under
    a key outside the database, and found by its keyed hash. `secret_hash` is that of the code or
    link that proves it. One that isn't confirmed is deleted after 7 days, and one that was decided
    7 days after that. `decided_by` is the owner's name, `word` what they told the person they
    declined; `word_state` is how far telling them is, as in `MemberStep` (null: nothing to tell).
    """

    __tablename__ = "join_requests"
    __table_args__ = (
        Index(None, "account_id", "state", "asked_at"),
        Index(None, "word_next_at"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[RequestState] = mapped_column(String(11))
    proof: Mapped[Proof] = mapped_column(String(7))
    network: Mapped[NetworkName | None] = mapped_column(String(10))
    network_id: Mapped[str | None] = mapped_column(String(512))
    handle: Mapped[str | None] = mapped_column(String(255))
    handle_key: Mapped[str | None] = mapped_column(String(255))
    sealed_mail: Mapped[str | None] = mapped_column(Text)
    mail_digest: Mapped[str | None] = mapped_column(String(32))
    introduction: Mapped[str] = mapped_column(Text)
    agrees_links: Mapped[bool]
    agrees_mail: Mapped[bool]
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    asked_at: Mapped[Moment]
    confirmed_at: Mapped[OptionalMoment]
    decided_at: Mapped[OptionalMoment]
    decided_by: Mapped[str | None] = mapped_column(String(100))
    word: Mapped[str | None] = mapped_column(Text)
    word_state: Mapped[StepState | None] = mapped_column(String(8))
    word_next_at: Mapped[OptionalMoment]
    word_problem: Mapped[str | None] = mapped_column(Text)


class JoinMail(Base):
    """A mail in which somebody who asks confirms their address; it goes with the request.

    It is `begun` from before the mail server is given it, so that no crash sends it twice. The
    address of its link is signed, from the number and `made_at`, so nothing of it is stored.
    """

    __tablename__ = "join_mails"
    # A number is never given twice: the mail's link holds it.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[Id]
    request_id: Mapped[int] = mapped_column(
        ForeignKey("join_requests.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[JoinMailState] = mapped_column(String(8))
    sealed_mail: Mapped[str] = mapped_column(Text)
    mail_digest: Mapped[str] = mapped_column(String(32), index=True)
    made_at: Mapped[Moment]
    due_at: Mapped[Moment]
    begun_at: Mapped[OptionalMoment]


class StrangerAttempt(Base):
    """How often a network asked to join, or suggested something, within an hour.

    `hour` is hours since 1970 UTC; `network` is a keyed hash, which leads back to no address.
    Rows of hours that are over are deleted.
    """

    __tablename__ = "stranger_attempts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempted: Mapped[Attempted] = mapped_column(String(7), primary_key=True)
    network: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int]


class Member(Base):
    """A person who was let in. `feed_number` counts how often their feed's address was renewed.

    The address is signed, from the member's number and this one, so nothing of it is stored.
    """

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("account_id", "network", "network_id"),
        UniqueConstraint("account_id", "mail_digest"),
        # A number is never given twice: the address of a feed holds it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    network: Mapped[NetworkName | None] = mapped_column(String(10))
    network_id: Mapped[str | None] = mapped_column(String(512))
    handle: Mapped[str | None] = mapped_column(String(255))
    handle_key: Mapped[str | None] = mapped_column(String(255))
    sealed_mail: Mapped[str | None] = mapped_column(Text)
    mail_digest: Mapped[str | None] = mapped_column(String(32))
    introduction: Mapped[str] = mapped_column(Text)
    agrees_links: Mapped[bool]
    agrees_mail: Mapped[bool]
    joined_at: Mapped[Moment]
    feed_number: Mapped[int]


class MemberStep(Base):
    """One thing that letting a member in brings about, done once whatever is killed when.

    It is `begun` from before the network or the mail server is asked until the answer is stored;
    what stays `begun` is looked for, or is `in_doubt`, and is never simply done again.
    """

    __tablename__ = "member_steps"
    __table_args__ = (Index(None, "next_at"), {"sqlite_with_rowid": False})

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    kind: Mapped[StepKind] = mapped_column(String(7), primary_key=True)
    state: Mapped[StepState] = mapped_column(String(8))
    begun_at: Mapped[OptionalMoment]
    ended_at: Mapped[OptionalMoment]
    next_at: Mapped[OptionalMoment]
    problem: Mapped[str | None] = mapped_column(Text)


class MemberEntry(Base):
    """On which segments' lists letting a member in has put them; it is taken back with them."""

    __tablename__ = "member_entries"
    __table_args__ = ({"sqlite_with_rowid": False},)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    segment_id: Mapped[SegmentId] = mapped_column(ForeignKey("segments.id"), primary_key=True)


class FeedEntry(Base):
    """A post that was brought in for a community's members; why, and what the owner says of it.

    It is one of ours (`post_id`), or one that was published without our links (`unwrapped_id`):
    with that it goes, as when it is wrapped after all. Its version for members is that of
    `segment_id`, the segment of members on the post's account; null where it has no links of ours.
    `week_rank` is its place among those of its week, 1 the best; null until the week is over.
    """

    __tablename__ = "feed_entries"
    __table_args__ = (
        UniqueConstraint("account_id", "post_id"),
        UniqueConstraint("account_id", "unwrapped_id"),
        Index(None, "account_id", "brought_at"),
        # A number is never given twice: feed readers know an entry by it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    post_id: Mapped[PostId | None] = mapped_column(ForeignKey("posts.id"))
    unwrapped_id: Mapped[int | None] = mapped_column(
        ForeignKey("unwrapped_posts.id", ondelete="CASCADE"), index=True
    )
    segment_id: Mapped[SegmentId | None] = mapped_column(ForeignKey("segments.id"))
    brought_at: Mapped[Moment]
    why: Mapped[Brought] = mapped_column(String(11))
    note: Mapped[str | None] = mapped_column(Text)
    week_rank: Mapped[int | None]


class FeedMail(Base):
    """The mail of a week to a member, sent once; `week` is the ordinal of the week's Monday."""

    __tablename__ = "feed_mails"
    __table_args__ = ({"sqlite_with_rowid": False},)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    week: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[MailState] = mapped_column(String(8))
    begun_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment]
    problem: Mapped[str | None] = mapped_column(Text)


class Suggestion(Base):
    """What somebody suggests to an account: a text with addresses, and who said it where.

    `network_id` is that of the post in which they said it; null for the form. `post_digest` is a
    keyed hash of it, which stays when that is deleted, so that it is taken in once. In the form,
    `handle` is what they wrote, and proved by nothing. `mail_digest` is the keyed hash by which a
    mail address is found. `wants_word`: they want to be told when it is published; `told_at` is
    when they were. `bared_at` is when what says who it was was deleted.
    """

    __tablename__ = "suggestions"
    __table_args__ = (
        UniqueConstraint("account_id", "network_id"),
        Index(None, "account_id", "post_digest", unique=True),
        Index(None, "account_id", "state", "said_at"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    way: Mapped[SuggestionWay] = mapped_column(String(7))
    state: Mapped[SuggestionState] = mapped_column(String(8))
    network_id: Mapped[str | None] = mapped_column(String(512))
    post_digest: Mapped[str | None] = mapped_column(String(32))
    person_id: Mapped[str | None] = mapped_column(String(512))
    handle: Mapped[str | None] = mapped_column(String(255))
    handle_key: Mapped[str | None] = mapped_column(String(255))
    sealed_mail: Mapped[str | None] = mapped_column(Text)
    mail_digest: Mapped[str | None] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    said_at: Mapped[Moment]
    received_at: Mapped[Moment]
    decided_at: Mapped[OptionalMoment]
    post_id: Mapped[PostId | None] = mapped_column(ForeignKey("posts.id"), index=True)
    wants_word: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    told_at: Mapped[OptionalMoment]
    bared_at: Mapped[OptionalMoment]


class SuggestionWatch(Base):
    """How far an account's mentions and replies were read for suggestions, and when again.

    They are read newest first, down to `read_until`: what the reading before began with. `cursor`
    is behind the last page of a reading that began at `begun_at` and hasn't come to its end.
    """

    __tablename__ = "suggestion_watches"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    next_at: Mapped[Moment]
    read_until: Mapped[OptionalMoment]
    begun_at: Mapped[OptionalMoment]
    cursor: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)


limit(Community, lambda shown: Community.account_id.in_(shown))
limit(JoinRequest, lambda shown: JoinRequest.account_id.in_(shown))
limit(
    JoinMail,
    lambda shown: JoinMail.request_id.in_(
        select(JoinRequest.id).where(JoinRequest.account_id.in_(shown))
    ),
)
limit(Member, lambda shown: Member.account_id.in_(shown))
limit(FeedEntry, lambda shown: FeedEntry.account_id.in_(shown))
limit(Suggestion, lambda shown: Suggestion.account_id.in_(shown))
