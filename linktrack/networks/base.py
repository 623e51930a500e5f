"""What networks and archives give, as frozen records; and what a network can be asked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
    """One post as it was published: `text` as readers saw it, `addresses` in order of the text."""

    network_id: str
    posted_at: datetime
    is_repost: bool
    text: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its network shows it to everybody."""

    network_id: str
    handle: str
    followers: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a follower list; without a cursor it was the last."""

    people: Sequence[FollowerRecord]
    cursor: str | None


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


class Pause(Exception):
    """The network asks to be left alone until a moment (aware)."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"asked to wait until {until:%Y-%m-%d %H:%M:%S} UTC")
        self.until = until
