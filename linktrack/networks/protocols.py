"""What a network can be asked, and what it lets a program do. Pure."""

from dataclasses import dataclass
from typing import Protocol

from linktrack.networks.records import (
    MentionPage,
    Message,
    Page,
    PostPage,
    Profile,
    Relation,
    Sent,
    Standing,
)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a network lets a program do; what it does not is done by hand.

    `edits`: a post's text is changed where it stands. `reposts`: where it is not, a post may be
    deleted, and posted anew.
    """

    edits: bool
    reposts: bool
    shows_followers: bool
    follows: bool


class Reader(Protocol):
    """A network that can be asked without a password.

    Both raise `NotFound` if there is no such account, and `Unavailable` if the network
    cannot be asked now; `Pause` says when it may be asked again.
    """

    def profile(self, name: str) -> Profile:
        """Return an account by its handle or stable id."""
        ...

    def followers(self, name: str, cursor: str | None) -> Page | None:
        """Return one page of an account's followers; None if the network shows no list."""
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...


class Feed(Protocol):
    """Whatever gives an account's own posts; a `Writer` does, too."""

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page, newest first; raises what `Reader` raises."""
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...


class MentionReader(Protocol):
    """Whatever tells an account who spoke to it."""

    def mentions(self, cursor: str | None) -> MentionPage:
        """Return one page; what not everybody may read is left out.

        Raises what `Reader` raises, and `Refused` where the sign-in doesn't allow it.
        """
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...


class Writer(Reader, Protocol):
    """A network where an account is signed in.

    Each call raises `Refused` if a retry is worthless, `Unavailable` or `Pause` if nothing
    was done and a later retry is worth it, and `Unclear` if it may have been done. It may keep
    a new credential while it is called: call it while no transaction of yours is writing.
    """

    abilities: Abilities

    def new_key(self) -> str:
        """Return a new key for a message; the network is not asked."""
        ...

    def publish(self, message: Message) -> Sent:
        """Send a post. The same key again gives the same post.

        In the place of another it has whatever the other had, but for its links; raises `Refused`
        where that cannot be.
        """
        ...

    def standing(self, network_id: str) -> Standing | None:
        """Return a post of the account as it stands there now, None if it is gone."""
        ...

    def find(self, message: Message) -> Sent | None:
        """Look whether a post whose sending ended unclear is there."""
        ...

    def edit(self, network_id: str, message: Message) -> Sent:
        """Change a post's text; raises `Refused` if `abilities.edits` is false."""
        ...

    def delete(self, network_id: str) -> None:
        """Take a post back; one that is gone already is no error."""
        ...

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page of the account's own posts, newest first."""
        ...

    def follows(self, cursor: str | None) -> Page | None:
        """Return one page of whom the account follows; None if the network shows no list."""
        ...

    def follow(self, network_id: str) -> str:
        """Follow somebody; return by what `unfollow` takes just this back."""
        ...

    def unfollow(self, followed: str) -> None:
        """Take one follow back; one that is gone already is no error."""
        ...


class Host(Protocol):
    """A network where a signed-in account lets people in; raises what `Writer` raises."""

    def is_locked(self) -> bool:
        """Whether people have to be accepted before they follow the account."""
        ...

    def relation(self, network_id: str) -> Relation:
        """Return how the account and somebody stand to each other; raises `NotFound` for nobody."""
        ...

    def accept(self, network_id: str) -> None:
        """Accept somebody's request to follow; without one it raises `NotFound`."""
        ...

    def follow(self, network_id: str) -> str:
        """Follow somebody; return by what `unfollow` takes just this back."""
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...
