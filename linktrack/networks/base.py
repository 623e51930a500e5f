"""What networks and archives give, as frozen records; and what a network can be asked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from linktrack.errors import LinktrackError, Unavailable


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

    `is_plain` says that the text is all there is: no picture, no quoted post, nothing that a new
    text in its place would lose; None where that is not known.
    """

    network_id: str
    posted_at: datetime
    is_repost: bool
    text: str
    addresses: tuple[str, ...]
    is_plain: bool | None = None


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
    with the same key makes no second post.
    """

    key: str
    text: str
    short_urls: tuple[str, ...] = ()
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A post as the network took it; `url` is where people see it."""

    network_id: str
    url: str
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a network lets a program do; what it does not is done by hand."""

    edits: bool
    shows_followers: bool
    follows: bool


ABILITIES: Final = {
    "bluesky": Abilities(edits=False, shows_followers=True, follows=True),
    "mastodon": Abilities(edits=True, shows_followers=True, follows=True),
    # X's automation rules forbid following back, and each follower that is read may cost money.
    "x": Abilities(edits=False, shows_followers=False, follows=False),
}
"""What is possible on each network where an account can be signed in."""


class Reader(Protocol):
    """A network that can be asked without a password.

    Both raise `NotFound` where there is no such account, and `Unavailable` where the network
    cannot be asked now; `Pause` says when it may be asked again.
    """

    def profile(self, name: str) -> Profile:
        """Return an account by its handle or stable id."""
        ...

    def followers(self, name: str, cursor: str | None) -> Page | None:
        """Return one page of an account's followers; None where the network shows no list."""
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...


class Writer(Reader, Protocol):
    """A network where an account is signed in.

    Each call raises `Refused` where a retry is worthless, `Unavailable` or `Pause` where nothing
    was done and a later retry is worth it, and `Unclear` where it may have been done. It may keep
    a new credential while it is called: call it while no transaction of yours is writing.
    """

    abilities: Abilities

    def new_key(self) -> str:
        """Return a new key for a message; the network is not asked."""
        ...

    def publish(self, message: Message) -> Sent:
        """Send a post. The same key again gives the same post."""
        ...

    def find(self, message: Message) -> Sent | None:
        """Look whether a post whose sending ended unclear is there."""
        ...

    def edit(self, network_id: str, message: Message) -> Sent:
        """Change a post's text; raises `Refused` where `abilities.edits` is false."""
        ...

    def delete(self, network_id: str) -> None:
        """Take a post back; one that is gone already is no error."""
        ...

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page of the account's own posts, newest first."""
        ...

    def follows(self, cursor: str | None) -> Page | None:
        """Return one page of whom the account follows; None where the network shows no list."""
        ...

    def follow(self, network_id: str) -> str:
        """Follow somebody; return by what `unfollow` takes just this back."""
        ...

    def unfollow(self, followed: str) -> None:
        """Take one follow back; one that is gone already is no error."""
        ...


class Refused(LinktrackError):
    """The network does not take it, and will not however often it is tried."""


class SignedOut(Refused):
    """Nobody is signed in, or the network does not take it any more: the owner has to connect."""


class Unclear(Unavailable):
    """No answer came: it may have been done. `Writer.find` tells, and so does the same key."""


class Pause(Exception):
    """The network asks to be left alone until a moment (aware)."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"asked to wait until {until:%Y-%m-%d %H:%M:%S} UTC")
        self.until = until
