"""What networks and archives give, and what they are sent, as frozen records. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from linktrack.networks.engagement import Counts

Spoken: TypeAlias = Literal["mention", "reply"]


@dataclass(frozen=True, slots=True)
class FollowerRecord:
    """One person of a follower list; None is unknown. Moments are aware.

    `network_id` is the network's stable id (X: accountId, Bluesky: DID, Mastodon: account URL).
    One of `network_id` and `handle` is there at least; a handle has its @.
    """

    network_id: str | None
    handle: str | None = None
    followers: int | None = None
    following: int | None = None
    posts: int | None = None
    account_created_at: datetime | None = None
    has_description: bool | None = None
    has_picture: bool | None = None
    last_active_at: datetime | None = None
    followed_back: bool | None = None


@dataclass(frozen=True, slots=True)
class PostRecord:
    """One post as it was published: `text` as readers saw it, `addresses` in order of the text.

    `is_plain` says that the text is all there is: made anew of its text and links, the post would
    be the same; None if that is not known. `more` says what a new text in its place would lose,
    in words ("its poll"), for one that is not plain. `engagement` is how much there was of each
    kind, where the archive of a network has that.
    """

    network_id: str
    posted_at: datetime
    is_repost: bool
    text: str
    addresses: tuple[str, ...]
    _: KW_ONLY
    is_plain: bool | None = None
    more: tuple[str, ...] = ()
    engagement: Counts = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """A post as it stands on its network, whose place another is to take.

    `kept` is for the writer that has read it: what goes into the other as it is, such as its
    languages, and who may reply.
    """

    post: PostRecord
    kept: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relation:
    """How an account and a person stand to each other on their network.

    `follows_us`: they follow the account; `asked_us`: they asked to, and wait for its answer.
    `followed` is by what `unfollow` takes back that the account follows them, or asked to; None:
    it does neither.
    """

    follows_us: bool
    asked_us: bool
    followed: str | None


@dataclass(frozen=True, slots=True)
class TextLimits:
    """How many characters a server takes, each address counted as `address` of them."""

    characters: int
    address: int


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its network shows it to everybody.

    `text_limits` are those of its server, where servers have their own and say so.
    """

    network_id: str
    handle: str
    followers: int
    text_limits: TextLimits | None = None


@dataclass(frozen=True, slots=True)
class PublicTexts:
    """What somebody says where everybody can read it: in their profile, and in newest posts.

    Reposts of others' words are not in it.
    """

    network_id: str
    handle: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a follower list; without a cursor it was the last."""

    people: Sequence[FollowerRecord]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of an account's own posts, newest first; without a cursor it was the last."""

    posts: Sequence[PostRecord]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Mention:
    """A post of somebody else that names the account, or replies to one of its posts.

    `network_id` is the post's, `person_id` its author's, as follower lists have it. `text` is as
    readers see it, with its addresses written out; `said_at` is when the network took it.
    """

    network_id: str
    spoken: Spoken
    person_id: str
    handle: str | None
    said_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class MentionPage:
    """One page, newest first; without a cursor it was the last.

    `oldest` is when the last of what the page was made from happened, whatever that was; None: it
    was made from nothing.
    """

    mentions: Sequence[Mention]
    oldest: datetime | None
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of a page below a post that links to it; `url` is our short address.

    `picture` is an encoded image (PNG, JPEG, WebP) of `picture_type`, a MIME type.
    """

    url: str
    title: str
    description: str
    picture: bytes | None = None
    picture_type: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A post to be sent: `text` as it is to be read, in which `short_urls` stand.

    `key` was made by `Writer.new_key` and stored before the first attempt; a second attempt
    with the same key makes no second post. `reply_to` is the network's id of the post that it
    answers. Where it takes the place of another post, that is
    `instead_of`, and `short_for` has our address for each of the other's.
    """

    key: str
    text: str
    short_urls: tuple[str, ...] = ()
    card: Card | None = None
    instead_of: Standing | None = None
    short_for: Mapping[str, str] = field(default_factory=dict)
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A post as the network took it; `url` is where people see it."""

    network_id: str
    url: str
    posted_at: datetime
