"""What the product knows of one network: a frozen record, filled in the network's own folder. Pure.

Whatever differs between networks is a field here, named for what it means. Functions import their
network's client when they are called: that takes up to a second, and the record is needed at once.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from linktrack.networks.archives import Archive, Fields
from linktrack.networks.credentials import Credential, Keeper, Needs, SignIn
from linktrack.networks.engagement import EngagementReader
from linktrack.networks.identity import Identifying
from linktrack.networks.protocols import (
    Abilities,
    Feed,
    Host,
    MentionReader,
    Reader,
    Writer,
)
from linktrack.networks.records import FollowerRecord, PostRecord, PublicTexts, TextLimits

if TYPE_CHECKING:
    from linktrack.settings import Settings  # it imports what sends mail

Found = tuple[int, int, str]
"""Start and end in the text, in code points, and the address with its scheme."""


@dataclass(frozen=True, slots=True)
class Length:
    """A text's length in its network's unit, the limit (None: there is none), and whether it fits.

    Units: X weighted characters, Bluesky graphemes, Mastodon graphemes with each address as 23 or
    what its server says, others code points.
    """

    used: int
    limit: int | None
    fits: bool

    @property
    def left(self) -> int | None:
        """What may still be added; negative: what must go. None if there is no limit."""
        return None if self.limit is None else self.limit - self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class Handles:
    """How handles are written: `pattern` fits a whole one, with its @ where `begin_with_at`.

    `example` follows "write it as", `hint` is what a form says before anything is typed.
    """

    pattern: re.Pattern[str]
    example: str
    hint: str
    begin_with_at: bool = True

    def normalise(self, typed: str) -> str:
        """Return a handle as it is stored; whether it can be one, `pattern` says."""
        return f"@{typed}" if self.begin_with_at and not typed.startswith("@") else typed


@dataclass(frozen=True, slots=True)
class Ids:
    """The network's stable ids of people: `pattern` fits a whole one, `example` is for messages."""

    pattern: re.Pattern[str]
    example: str

    def is_one(self, written: str) -> bool:
        """Whether this is an id; with an @ in front it is a handle, whatever ids look like."""
        return not written.startswith("@") and self.pattern.fullmatch(written) is not None


CardPart: TypeAlias = Literal["picture", "site", "title", "description"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """What the network does about the card below a post with a link.

    `lead_past_us`: the card leads to the last address of a redirect, so that a tap passes us by;
    else it keeps the address that was posted. `come_with_posts`: a post that is sent brings its
    card along; else the network fetches it. `user_agents` are the names by which robots.txt lets
    the fetchers in. `first_fetchers` are the rules of clicks/classify/agents.py for those who look
    at a link as soon as it is posted (a messenger's fetch tells nothing: there the link may have
    been shown to one person). `parts` are what readers see of a card, from top to bottom; none
    where posts have no cards.
    """

    parts: tuple[CardPart, ...] = ()
    lead_past_us: bool = False
    come_with_posts: bool = False
    user_agents: tuple[str, ...] = ()
    first_fetchers: tuple[str, ...] = ()


class OwnArchive(Protocol):
    """An account's own archive, opened; `account_id` and `handle` say whose, where it does."""

    account_id: str | None
    handle: str | None

    @property
    def taken_at(self) -> datetime | None:
        """When the network made it, None if it does not say."""
        ...

    @property
    def has_followers(self) -> bool:
        """Whether it has a follower list, which may be empty."""
        ...

    def followers(self) -> Iterator[FollowerRecord]:
        """Yield the follower list."""
        ...

    def posts(self, broken: list[str]) -> Iterator[PostRecord]:
        """Yield what was published, reposts too; name what is broken in sentences."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Archives:
    """The archives that the network makes for its people.

    `is_one` says whether an archive looks like one of them; `open` raises `Invalid` for a broken
    one. `follower_file` is where the follower list is; None: there is none in them. `lone_file` is
    the one file that is enough by itself.
    """

    is_one: Callable[[Archive], bool]
    open: Callable[[Archive], OwnArchive]
    follower_file: str | None = None
    lone_file: str | None = None


@dataclass(frozen=True, slots=True)
class FollowerJson:
    """People as the network's own API gives them: with `mark` among their fields, read by `read`.

    `read` returns None for somebody without an id.
    """

    mark: str
    read: Callable[[Fields], FollowerRecord | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connecting:
    """How an account is signed in, what that takes, and what it lets a program do.

    `sign_in` is given the handle, what was typed, and a server set on purpose or None; it raises
    as `networks.signing_in.sign_in` says. `open_writer` asks nothing yet, nor do the others;
    `open_engagement` is None where signing in shows no more of engagement than everybody may read,
    `open_mentions` where who spoke to an account isn't read,
    `open_host` where people are let in by hand.
    """

    needs: Needs
    abilities: Abilities
    sign_in: Callable[[str, Mapping[str, str], str | None], SignIn]
    open_writer: Callable[[Credential, Keeper], Writer]
    open_engagement: Callable[[Credential, Keeper], EngagementReader] | None = None
    open_mentions: Callable[[Credential, Keeper], MentionReader] | None = None
    open_host: Callable[[Credential, Keeper], Host] | None = None


def _nowhere(*_: str | None) -> None:
    """Return None: the network has no such page."""


def _is_none(_: str) -> bool:
    """Return False: the network has no posts with addresses."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network. `name` is what is stored and what programs write, `label` what people read.

    What may be missing is None, or false: a record without it is a network without it.
    """

    name: str
    label: str
    meaning: str | None = None
    """What a form adds to the label: which audiences are meant."""
    is_named: bool = True
    """Whether the label stands beside handles: people know the network by it."""

    handles: Handles
    ids: Ids
    follower_json: FollowerJson | None = None
    asks_by_id: bool = False
    """Whether a profile can be asked for by its id, which outlives the handle."""

    detect: Callable[[str], list[Found]]
    """Returns what the network makes a link of, as its own rule has it, nothing left out."""
    is_own_post: Callable[[str], bool] = _is_none
    """Whether an address is a post of the network itself: in a post it is a quote, and no link."""
    shares_detector: bool = False
    """Whether detecting takes so much memory that the workers are to share it."""
    length: Callable[[str, TextLimits | None], Length]
    """Returns how long a text is; the limits are those of the account's server, where known."""
    links_public_hosts_only: bool = False
    """Whether no link is made of localhost: ours are counted as if they were on a public host."""
    servers_set_limits: bool = False
    """Whether each server has its own limits: a text that is too long for most may fit there."""

    composer: Callable[[str, str], str | None] = _nowhere
    """Returns the address that opens the page for writing a post: by the handle and the text."""
    post_address: Callable[[str], str | None] = _nowhere
    """Returns where a post is shown to people, by its id; None where that does not say."""
    profile_address: Callable[[str, str | None], str | None] = _nowhere
    """Returns where a profile is shown, by its id and handle; None where neither says."""

    handle_at: Callable[[str], str | None] = _nowhere
    """Returns the handle of a profile's address, as people copy it; None for any other text."""

    cards: Cards = Cards()
    forbids_same_text: bool = False
    """Whether its rules forbid the same post on several accounts."""
    has_follows: bool = True
    """Whether people follow each other there, by a program or by hand."""
    has_follow_requests: bool = False
    """Whether an account there can be locked, so that it accepts each person who follows it."""
    replies_name: bool = False
    """Whether a reply reaches those alone whom its text names."""

    open_reader: "Callable[[str, Settings], Reader] | None" = None
    """Opens what everybody may read of an account, by its handle."""
    shows_followers: bool = False
    """Whether the follower list is for everybody to read."""
    open_feed: "Callable[[str, str | None, Settings], Feed] | None" = None
    """Opens the posts that everybody may read: by the handle, and the id once it is known."""
    open_engagement: "Callable[[str, str | None, Settings], EngagementReader] | None" = None
    """Opens the likes, reposts and replies that everybody may read, as `open_feed` does posts."""
    engagement_every: timedelta = timedelta(hours=1)
    """How often the engagement with a fresh post is read; later ones are read once a day."""
    first_reading: timedelta | None = None
    """How far back the first reading of posts goes; None: to the first post."""
    public_texts: "Callable[[str, Settings], PublicTexts] | None" = None
    """Reads what somebody says there for everybody, by a handle that fits; raises as `Reader`."""
    connecting: Connecting | None = None
    """How an account is signed in; None: posts are copied, and sent by hand."""
    identifying: Identifying | str = "Nobody can sign in there to show who they are."
    """How people show who they are by signing in; else a sentence that says why they can't."""
    archives: Archives | None = None

    @property
    def shows_posts(self) -> bool:
        """Whether an account's own posts can be read, by everybody or signed in."""
        return self.open_feed is not None or self.connecting is not None

    @property
    def shows_engagement(self) -> bool:
        """Whether engagement with an account's posts can be read, by everybody or signed in."""
        signed_in = None if self.connecting is None else self.connecting.open_engagement
        return self.open_engagement is not None or signed_in is not None

    @property
    def shows_mentions(self) -> bool:
        """Whether the network shows an account that is signed in who spoke to it."""
        return self.connecting is not None and self.connecting.open_mentions is not None

    @property
    def follows_by_program(self) -> bool:
        """Whether the network lets programs follow, for an account that is signed in."""
        return self.connecting is not None and self.connecting.abilities.follows

    @property
    def archive_source(self) -> str:
        """The source of what comes from the network's archives, as it is stored."""
        return f"{self.name}-archive"
