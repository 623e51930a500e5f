"""The JSON of the API as types: what is sent, and what is answered. The document is made of them.

Names and meanings are those of the guide; moments are ISO 8601 in UTC, rates are fractions.
"""

from typing import Literal, NotRequired

# Not typing's: pydantic reads these types, and before Python 3.12 it needs this one.
from typing_extensions import TypedDict

NewState = Literal["draft", "scheduled", "published"]
State = Literal["draft", "scheduled", "published", "discarded"]
Network = Literal["x", "bluesky", "mastodon", "other"]
Role = Literal["me", "you", "we"]
Reason = Literal["head", "prefetch", "owner", "no-agent", "preview", "bot", "burst"]


class Problem(TypedDict):
    """An error; `type` is the address where its kind is explained."""

    type: str
    title: str
    status: int
    detail: str


class WrappedLink(TypedDict):
    """A short link and where it leads."""

    code: str
    short_url: str
    destination: str


class PostVersion(TypedDict):
    """The same post with links made for one segment."""

    segment: str
    text: str
    links: list[WrappedLink]


class Post(TypedDict):
    """A post with its links; a text without a new address makes none, and has null here."""

    id: int | None
    state: State | None
    text: str
    links: list[WrappedLink]
    versions: list[PostVersion]


class PostRow(TypedDict):
    """A post in a list."""

    id: int
    account: str
    state: State
    text: str
    written: str
    posted_at: str | None
    created_at: str


class PostPage(TypedDict):
    """Posts, newest first; `next` is the `after` of the next page."""

    data: list[PostRow]
    next: int | None


class NewPost(TypedDict):
    """A text to be wrapped.

    `slugs` are codes of your own, in order of its addresses; `addressed` says for segments how
    many people their version reaches; `promotes` names people.
    """

    account: str
    text: str
    state: NotRequired[NewState]
    posted_at: NotRequired[str | None]
    segments: NotRequired[list[str]]
    slugs: NotRequired[list[str]]
    addressed: NotRequired[dict[str, int]]
    promotes: NotRequired[list[str]]


class PostChange(TypedDict):
    """Another state of a post, or another time: published and scheduled posts have one."""

    state: State
    posted_at: NotRequired[str | None]


class Imported(TypedDict):
    """Clicks before a moment, as another shortener counted them; never added to counted ones."""

    source: str
    clicks: int
    before: str


class Step(TypedDict):
    """Where a link led from a moment on."""

    since: str
    destination: str


class Link(TypedDict):
    """A link with its history and its clicks of all time."""

    code: str
    short_url: str
    destination: str
    post: int | None
    created_at: str
    disabled_at: str | None
    clicks: int
    unique_clicks: int
    not_human: int
    imported: list[Imported]
    forward_query: bool
    history: list[Step]


class LinkRow(TypedDict):
    """A link in a list."""

    id: int
    code: str
    short_url: str
    destination: str
    account: str
    post: int | None
    created_at: str
    disabled_at: str | None
    clicks: int
    unique_clicks: int
    not_human: int


class LinkPage(TypedDict):
    """Links, newest first; `next` is the `after` of the next page."""

    data: list[LinkRow]
    next: int | None


class LinkChange(TypedDict, total=False):
    """What is to change of a link; what is left out stays."""

    destination: str
    disabled: bool
    forward_query: bool


class Account(TypedDict):
    """An account with its last follower count."""

    id: int
    network: Network
    handle: str
    role: Role | None
    created_at: str
    followers: int | None
    followers_at: str | None


class AccountList(TypedDict):
    """All accounts that the token reaches."""

    data: list[Account]


class NewAccount(TypedDict):
    """An account to be added."""

    network: Network
    handle: str
    role: NotRequired[Role | None]


class Count(TypedDict):
    """How many followers an account had at a moment, and who said so."""

    counted_at: str
    count: int
    source: str


class CountList(TypedDict):
    """The follower counts of an account, oldest first."""

    data: list[Count]


class NewCount(TypedDict):
    """A follower count; `counted_at` is now where it is left out."""

    count: int
    counted_at: NotRequired[str | None]
    replace: NotRequired[bool]


class Segment(TypedDict):
    """A segment; its size is null where it is not known."""

    position: int
    segment: str
    size: int | None


class SegmentList(TypedDict):
    """The segments of an account in their order."""

    data: list[Segment]


class NewSegment(TypedDict):
    """A segment to be added after the others."""

    segment: str
    size: NotRequired[int | None]
