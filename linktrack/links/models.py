"""Tables of posts, their versions, links, where links have led, and posts not wrapped."""

from typing import Literal, TypeAlias

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from linktrack.db import Base, Id, Moment, OptionalMoment
from linktrack.ids import AccountId, LinkId, PostId, SegmentId
from linktrack.links.formats.guess import Format
from linktrack.links.hosts.models import Domain
from linktrack.owners.visibility import limit

State: TypeAlias = Literal["draft", "scheduled", "published", "discarded"]


class FoldedCase(FunctionElement[str]):
    """ASCII text in which capital and small letters are the same; an index may be made of it."""

    name = "folded_case"
    type = String()
    inherit_cache = True


@compiles(FoldedCase)
def _folded_case(element: FoldedCase, compiler: SQLCompiler, **options: object) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(FoldedCase, "sqlite")
def _folded_case_of_sqlite(element: FoldedCase, compiler: SQLCompiler, **options: object) -> str:
    # A collation, since SQLAlchemy cannot read an index of an expression back from SQLite.
    return f"{compiler.process(element.clauses, **options)} COLLATE NOCASE"


class Post(Base):
    """A text with wrapped links, on an account.

    `written` is the text as the owner wrote it, `text` the same with its links wrapped; `format`
    is what both are read as.
    `posted_at` is when it was or will be published; a draft has none. What was clicked before
    `measured_from` is unknown, since the post came from another shortener then; null: all of its
    clicks are known.
    """

    __tablename__ = "posts"
    __table_args__ = (
        Index(None, "account_id", "posted_at"),
        Index(None, "account_id"),  # in the order of the rows, as lists show them
        # Reports of all posts find these without reading their texts.
        Index("ix_posts_published", "account_id", "state", "posted_at", "measured_from"),
    )

    id: Mapped[PostId] = mapped_column(primary_key=True)
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[State] = mapped_column(String(10))
    written: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    format: Mapped[Format] = mapped_column(String(10), server_default="plain", default="plain")
    posted_at: Mapped[OptionalMoment]
    created_at: Mapped[Moment]
    measured_from: Mapped[OptionalMoment]

    links: Mapped[list["Link"]] = relationship(order_by="Link.id")
    versions: Mapped[list["Version"]] = relationship(order_by="Version.id")


class Version(Base):
    """The same post with links made for one segment; `addressed` people are reached by it."""

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("post_id", "segment_id"),)

    id: Mapped[Id]
    post_id: Mapped[PostId] = mapped_column(ForeignKey("posts.id"))
    segment_id: Mapped[SegmentId] = mapped_column(ForeignKey("segments.id"))
    text: Mapped[str] = mapped_column(Text)
    addressed: Mapped[int | None]


class Link(Base):
    """One wrapped address in one post, or on its own.

    `code` is null only between the link's first flush and its second; a link without `domain` is on
    the first, and each domain has codes of its own. `change_number` tells the
    redirecting workers what to look up anew (`change_numbers.py`); 0 is never changed. With
    `forward_query` what a click's address has behind its `?` is added to the destination. With
    `has_plan` it doesn't always lead there (`links.redirects`).
    """

    __tablename__ = "links"

    id: Mapped[LinkId] = mapped_column(primary_key=True)
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), index=True)
    post_id: Mapped[PostId | None] = mapped_column(ForeignKey("posts.id"), index=True)
    domain_id: Mapped[int | None] = mapped_column(ForeignKey("domains.id"))
    code: Mapped[str | None] = mapped_column(String(64))
    destination: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Moment] = mapped_column(index=True)
    disabled_at: Mapped[OptionalMoment]
    changed_at: Mapped[Moment] = mapped_column(index=True)
    change_number: Mapped[int] = mapped_column(
        BigInteger, server_default="0", default=0, index=True
    )
    forward_query: Mapped[bool] = mapped_column(server_default=false(), default=False)
    has_plan: Mapped[bool] = mapped_column(server_default=false(), default=False)

    history: Mapped[list["LinkDestination"]] = relationship(
        order_by="LinkDestination.since", back_populates="link"
    )
    domain: Mapped[Domain | None] = relationship()

    @property
    def name(self) -> str:
        """What names it in addresses of pages and of the API: its code, or `CODE@HOST`."""
        return f"{self.code}@{self.domain.host}" if self.domain else self.code or ""

    @property
    def shown(self) -> str:
        """What people read of it: its code, or `HOST/CODE` on another domain than the first."""
        return f"{self.domain.host}/{self.code}" if self.domain else self.code or ""


Index("ix_links_code_folded", FoldedCase(Link.code))
_FIRST = Link.domain_id.is_(None)
# Two, since every null differs from every other, in a unique index.
Index("uq_links_code", Link.code, unique=True, sqlite_where=_FIRST, postgresql_where=_FIRST)
Index(
    "uq_links_domain_id_code",
    Link.domain_id,
    Link.code,
    unique=True,
    sqlite_where=~_FIRST,
    postgresql_where=~_FIRST,
)


class LinkDestination(Base):
    """Where a link has led since a moment; the last row is where it leads now."""

    __tablename__ = "link_destinations"

    id: Mapped[Id]
    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), index=True)
    since: Mapped[Moment]
    destination: Mapped[str] = mapped_column(Text)

    link: Mapped[Link] = relationship(back_populates="history")


class LinkCheck(Base):
    """What the last look at a link's destination found.

    `problem` is a sentence where it did not answer as a page should; `failing_since` is the first
    of the checks in a row that found one. It holds as long as the link leads to `destination`.
    """

    __tablename__ = "link_checks"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    destination: Mapped[str] = mapped_column(Text)
    checked_at: Mapped[Moment] = mapped_column(index=True)
    problem: Mapped[str | None] = mapped_column(String(200))
    failing_since: Mapped[OptionalMoment]
    failures: Mapped[int]


class LinkCard(Base):
    """What the page behind a link says of itself, and what the owner says instead.

    `read_at` is null while the page is still to be read. What was read holds as long as the link
    leads to `destination`; `problem` is a sentence where it could not be. `picture` is an address.
    """

    __tablename__ = "link_cards"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    destination: Mapped[str] = mapped_column(Text)
    read_at: Mapped[OptionalMoment] = mapped_column(index=True)
    title: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    picture: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(String(200))
    own_title: Mapped[str | None] = mapped_column(Text)
    own_description: Mapped[str | None] = mapped_column(Text)


class ImportedLink(Base):
    """Which link an old log's name for a link has become; `source` is the log's format."""

    __tablename__ = "imported_links"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"))


class LinkLabel(Base):
    """What was said of a link: its title, a note of its owners, and who made it.

    `token_id` is the token through whose door the link was made, if any; `tenant` is for whom it
    was made, as a program that serves many names them.
    """

    __tablename__ = "link_labels"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    title: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    token_id: Mapped[int | None] = mapped_column(ForeignKey("tokens.id"), index=True)
    tenant: Mapped[str | None] = mapped_column(String(100))


class LinkTag(Base):
    """A tag of a link; `position` is its place among the link's tags, from 0."""

    __tablename__ = "link_tags"
    __table_args__ = (Index(None, "tag", "link_id"), {"sqlite_with_rowid": False})

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(100), primary_key=True)
    position: Mapped[int]


class ImportedTotal(Base):
    """How often a link was clicked before `before`, as another shortener counted.

    It has no clicks behind it, and is never added to counted ones.
    """

    __tablename__ = "imported_totals"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    clicks: Mapped[int] = mapped_column(BigInteger)
    before: Mapped[Moment]


class UnwrappedPost(Base):
    """What was published without a wrapped link: unmeasured, which is never zero.

    `network_id` is the network's own id of the post; `text` is as readers saw it, with its
    addresses written out. A repost passes on somebody else's words. One that is `partly` wrapped
    has short links of ours beside its `addresses`. `is_plain` is whether the text is all there is
    (`networks.records.PostRecord`); null: not known.
    """

    __tablename__ = "unwrapped_posts"
    __table_args__ = (
        UniqueConstraint("account_id", "network_id"),
        Index(None, "account_id", "posted_at"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"))
    network_id: Mapped[str] = mapped_column(String(512))
    posted_at: Mapped[Moment]
    is_repost: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    addresses: Mapped[int]
    partly: Mapped[bool] = mapped_column(server_default=false(), default=False)
    is_plain: Mapped[bool | None]


class UnwrappedAddress(Base):
    """An address in a post that was not wrapped, by its place in the text, from 0."""

    __tablename__ = "unwrapped_addresses"
    __table_args__ = ({"sqlite_with_rowid": False},)

    post_id: Mapped[int] = mapped_column(ForeignKey("unwrapped_posts.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Text)


class SeenPost(Base):
    """A post of ours that was seen on its network; `network_id` is the network's own id of it."""

    __tablename__ = "seen_posts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    network_id: Mapped[str] = mapped_column(String(512), primary_key=True)
    post_id: Mapped[PostId] = mapped_column(ForeignKey("posts.id"), primary_key=True, index=True)
    posted_at: Mapped[Moment]


class Replacement(Base):
    """A post of ours that is to take the place of one that was not wrapped.

    `network_id` is that of the one not wrapped. `key` is what the network is to know ours by where
    it is sent; it is stored before the first attempt, and each further one has the same.
    """

    __tablename__ = "replacements"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    network_id: Mapped[str] = mapped_column(String(512), primary_key=True)
    post_id: Mapped[PostId] = mapped_column(ForeignKey("posts.id"), index=True)
    key: Mapped[str | None] = mapped_column(String(200))


class Watch(Base):
    """How far an account's own posts have been read from its network.

    Posts from `known_from` to `known_until` are known: null before the first reading is done.
    While one goes on, `begun_at` is when it began, `cursor` where its next page is, and `oldest`
    the time of the oldest post it has come to. `next_at` is when the network is asked next;
    `problem` is why the last time failed, in words.
    """

    __tablename__ = "watches"

    account_id: Mapped[AccountId] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    next_at: Mapped[Moment]
    known_from: Mapped[OptionalMoment]
    known_until: Mapped[OptionalMoment]
    begun_at: Mapped[OptionalMoment]
    cursor: Mapped[str | None] = mapped_column(Text)
    oldest: Mapped[OptionalMoment]
    problem: Mapped[str | None] = mapped_column(Text)


class Person(Base):
    """A person whom links promote; a `simulated` one belongs to the demonstration.

    `page` numbers their public page: a new number makes the old address a stranger's.
    """

    __tablename__ = "people"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    page: Mapped[int]
    is_public: Mapped[bool]
    created_at: Mapped[Moment]
    simulated: Mapped[bool] = mapped_column(server_default=false(), default=False)

    rules: Mapped[list["PersonRule"]] = relationship(
        order_by="PersonRule.kind, PersonRule.value", cascade="all, delete-orphan"
    )


class PersonRule(Base):
    """A link promotes the person where its destination is on a host, or its post has a @mention."""

    __tablename__ = "person_rules"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(255), primary_key=True)


class LinkPerson(Base):
    """A person whom a link promotes, as set by hand."""

    __tablename__ = "link_people"

    link_id: Mapped[LinkId] = mapped_column(ForeignKey("links.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)


class OwnSite(Base):
    """A host of the owner's own; links to it, or to a host below it, are own links.

    With `click_ids` readers come there with a click id, so that goals find their clicks.
    """

    __tablename__ = "own_sites"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    click_ids: Mapped[bool] = mapped_column(server_default=false(), default=False)
    simulated: Mapped[bool] = mapped_column(server_default=false(), default=False)


limit(Post, lambda shown: Post.account_id.in_(shown))
limit(Link, lambda shown: Link.account_id.in_(shown))
limit(UnwrappedPost, lambda shown: UnwrappedPost.account_id.in_(shown))
