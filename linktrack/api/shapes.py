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
Card = Literal["ours", "destination"]
Reason = Literal["head", "prefetch", "embedded", "owner", "no-agent", "preview", "bot", "burst"]


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


class Sending(TypedDict):
    """How far a post is on its way to its network.

    `next_at` is when it is tried next; `problem` is why the last attempt sent nothing. While it is
    `in_doubt` the network may have the post: it is looked for before it is sent again.
    """

    state: Literal["waiting", "sending", "sent", "failed", "withdrawn"]
    due_at: str
    next_at: str | None
    attempts: int
    in_doubt: bool
    problem: str | None
    network_id: str | None
    url: str | None


class Post(TypedDict):
    """A post with its links; a text without a new address makes none, and has null here.

    `sending` is there where linktrack was asked to send it.
    """

    id: int | None
    state: State | None
    text: str
    links: list[WrappedLink]
    versions: list[PostVersion]
    sending: NotRequired[Sending]


class QueuedPost(TypedDict):
    """A post in the queue."""

    post: int
    account: str
    text: str
    sending: Sending


class Queue(TypedDict):
    """What could not be sent, then what waits, in order of time."""

    data: list[QueuedPost]


class Send(TypedDict):
    """When to send a post: now without `posted_at`.

    `confirmed` says that the same text may go to several accounts on X, against X's rules, and
    that a server of Mastodon takes more than 500 characters.
    """

    posted_at: NotRequired[str | None]
    confirmed: NotRequired[bool]


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


class UnwrappedPost(TypedDict):
    """A post with links that are not wrapped; `url` is where its network shows it."""

    id: int
    account: str
    posted_at: str
    text: str
    url: str | None
    links: list[str]


class UnwrappedPage(TypedDict):
    """Posts with links that are not wrapped, newest first; `next` is the next page's `after`."""

    data: list[UnwrappedPost]
    next: int | None


class NewPost(TypedDict):
    """A text to be wrapped.

    `slugs` are codes of your own, in order of its addresses; `addressed` says for segments how
    many people their version reaches; `promotes` names people. With `send` linktrack posts the main
    text itself, now or at `posted_at`; that needs scope write, an account that is connected, and no
    `state`. `confirmed` is as in sending a draft.
    """

    account: str
    text: str
    state: NotRequired[NewState]
    posted_at: NotRequired[str | None]
    segments: NotRequired[list[str]]
    slugs: NotRequired[list[str]]
    addressed: NotRequired[dict[str, int]]
    promotes: NotRequired[list[str]]
    send: NotRequired[bool]
    confirmed: NotRequired[bool]


class NewPreview(TypedDict):
    """A text to be looked at as it will be; nothing is made."""

    account: str
    text: str
    slugs: NotRequired[list[str]]


class Length(TypedDict):
    """How long a text is by its network's rule, and how long it may be (null: no limit)."""

    used: int
    limit: int | None
    fits: bool


class Preview(TypedDict):
    """The text with `•` for each character of a code still to be made."""

    text: str
    length: Length
    destinations: list[str]


class PostChange(TypedDict):
    """Another text for what is not out yet; another state, or another time for it.

    `confirmed` says of a text that waits to be sent what it says of `Send`.
    """

    text: NotRequired[str]
    state: NotRequired[State]
    posted_at: NotRequired[str | None]
    confirmed: NotRequired[bool]


class Imported(TypedDict):
    """Clicks before a moment, as another shortener counted them; never added to counted ones."""

    source: str
    clicks: int
    before: str


class Step(TypedDict):
    """Where a link led from a moment on."""

    since: str
    destination: str


class LinkCard(TypedDict):
    """What is shown of a link below a post; `read_at` is null where its page was not read."""

    title: str
    description: str
    picture: str | None
    read_at: str | None
    problem: str | None


class Link(TypedDict):
    """A link with its history and its clicks of all time.

    `promotes` names whom it was said by hand to promote; people's rules may add others.
    """

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
    promotes: list[str]
    card: LinkCard
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


class NewLink(TypedDict):
    """A link without a post, for a poster or a profile; `slug` is a code of your own."""

    account: str
    destination: str
    slug: NotRequired[str | None]


class LinkChange(TypedDict, total=False):
    """What is to change of a link; what is left out stays. `promotes` names all, by hand.

    `card_title` and `card_description` stand on its card in place of the page's, "" takes them
    off; with `read_card` the page is read again.
    """

    destination: str
    disabled: bool
    forward_query: bool
    promotes: list[str]
    card_title: str
    card_description: str
    read_card: bool


class UtmValues(TypedDict, total=False):
    """What wrapping adds to an account's addresses."""

    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_term: str
    utm_content: str


class Account(TypedDict):
    """An account with its last follower count, and what wrapping adds to its addresses."""

    id: int
    network: Network
    handle: str
    role: Role | None
    card: Card
    created_at: str
    removed_at: str | None
    utm: UtmValues
    followers: int | None
    followers_at: str | None
    connected: bool


class AccountList(TypedDict):
    """All accounts that the token reaches."""

    data: list[Account]


class NewAccount(TypedDict):
    """An account to be added."""

    network: Network
    handle: str
    role: NotRequired[Role | None]


class AccountChange(TypedDict, total=False):
    """What is to change of an account; what is left out stays.

    `utm` replaces what there is. One that is `removed` is in no list and report; its links go on
    redirecting, and `false` brings it back.
    """

    handle: str
    role: Role | None
    utm: UtmValues
    card: Card
    removed: bool


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


SegmentKind = Literal["rule", "list", "size", "rest"]


class Segment(TypedDict):
    """A segment and what puts followers in; its size is null where it is not known."""

    id: int
    position: int
    segment: str
    size: int | None
    kind: SegmentKind
    rules: list[str]
    place: str | None


class SegmentList(TypedDict):
    """The segments of an account in their order."""

    data: list[Segment]


class NewSegment(TypedDict):
    """A segment to be added after the others.

    By rules, which all must hold, those of a ready-made one included; or by people, ids or handles;
    or counted by hand.
    """

    segment: str
    size: NotRequired[int | None]
    rules: NotRequired[list[str]]
    preset: NotRequired[str | None]
    people: NotRequired[list[str]]
    place: NotRequired[str | None]


class SegmentChange(TypedDict, total=False):
    """What is to change of a segment, from now on; what is left out stays.

    `people` replace those on its list; `place` is empty where there is none any more; `position` is
    from 1.
    """

    segment: str
    size: int
    rules: list[str]
    people: list[str]
    place: str
    position: int


class SegmentPeople(TypedDict):
    """Who is on a segment's list: ids of the network, or @handles."""

    data: list[str]


class Roster(TypedDict):
    """A follower list: when it was taken, and how many people of it are kept."""

    taken_at: str
    size: int
    source: str


class RosterList(TypedDict):
    """The follower lists of an account, oldest first."""

    data: list[Roster]


class NewRoster(TypedDict):
    """A follower list: people with an `id` or a `handle` each, and what else is known of them.

    It was taken now where `taken_at` is left out. A list with a tenth of the people of the one
    before is taken where it is `confirmed`.
    """

    followers: list[dict[str, object]]
    taken_at: NotRequired[str | None]
    confirmed: NotRequired[bool]


class TakenRoster(TypedDict):
    """What a follower list changed; null for a first one, before which nothing is known."""

    taken_at: str
    size: int
    new: bool
    gained: int | None
    returned: int | None
    lost: int | None
    forgotten: int


class Experiment(TypedDict):
    """A question: posts before and after `at`, or those of two accounts from `at` on."""

    id: int
    name: str
    account: str
    other: str | None
    at: str
    days: int
    window: str
    hypothesis: str
    created_at: str


class ExperimentList(TypedDict):
    """Experiments, the newest first."""

    data: list[Experiment]


class NewExperiment(TypedDict):
    """An experiment to be begun, before its answer is known; `at` is now where it is left out."""

    name: str
    account: str
    other: NotRequired[str | None]
    at: NotRequired[str | None]
    days: NotRequired[int]
    window: NotRequired[Literal["1h", "24h", "7d", "30d"]]
    hypothesis: NotRequired[str]


class ForgottenFollower(TypedDict):
    """Who is to be forgotten: the network's own id, or the @handle, or `network:` and either."""

    follower: str


class Note(TypedDict):
    """What the owner wrote of a day; `account` is null where it is about all accounts."""

    id: int
    day: str
    account: str | None
    text: str
    created_at: str


class NoteList(TypedDict):
    """Notes, the newest day first."""

    data: list[Note]


class NewNote(TypedDict):
    """A note to be written; `day` is today where it is left out."""

    text: str
    day: NotRequired[str | None]
    account: NotRequired[str | None]


class Person(TypedDict):
    """Somebody whom links promote: those to these hosts, and those of posts with these @names.

    `page` is the address of their public page, null where it is closed.
    """

    id: int
    name: str
    hosts: list[str]
    mentions: list[str]
    public: bool
    page: str | None


class PersonList(TypedDict):
    """People by name."""

    data: list[Person]


class NewPerson(TypedDict):
    """A person to be added."""

    name: str
    hosts: NotRequired[list[str]]
    mentions: NotRequired[list[str]]


class PersonChange(TypedDict, total=False):
    """What is to change of a person; what is left out stays, what is sent replaces what there is.

    A page that was closed opens again at another address.
    """

    hosts: list[str]
    mentions: list[str]
    public: bool


class Site(TypedDict):
    """A host of the owner's own; those below it are, too."""

    host: str


class SiteList(TypedDict):
    """The owner's own sites."""

    data: list[Site]
