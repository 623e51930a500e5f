"""Engagement per follower: one post's figures, and those of several posts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from linktrack.engagement.tallies import EngagedPost
from linktrack.engagement.vocabulary import KIND_NUMBER, KINDS, NAMED, Kind
from linktrack.ids import SegmentId
from linktrack.reports.figures.rate import Rate

What: TypeAlias = Kind | Literal["any"]
"""A kind of engagement, or likes, reposts, replies and quotes together."""

ANY: Final = "any"
SHOWN: Final[tuple[What, ...]] = (ANY, *(kind for kind in KINDS if kind != "view"))
VIEWS: Final = KIND_NUMBER["view"] - 1
_NAMED: Final = tuple(KIND_NUMBER[kind] - 1 for kind in NAMED)
_PLACE: Final[Mapping[str, int]] = {kind: number - 1 for kind, number in KIND_NUMBER.items()}


@dataclass(frozen=True, slots=True)
class KindFigure:
    """How much of one kind one post or several got; None where the network doesn't tell.

    `posts` are those with a count of it and of followers, `count` is over them. `per_view`: over
    those of which views are known, too; `views` are theirs.
    """

    what: What
    posts: int
    count: int | None
    rate: Rate
    views: int | None = None
    per_view: Rate = field(default_factory=Rate)


@dataclass(frozen=True, slots=True)
class PeopleFigure:
    """How many of a list's followers did anything with one post or several.

    Over several posts both are sums: a person counts once for each post. `posts` are those of
    which the list and the names are known.
    """

    posts: int
    people: int | None
    followers: int | None
    rate: Rate


@dataclass(frozen=True, slots=True)
class RatedPost:
    """A post with its denominators: the follower count, the list, and the segments' sizes."""

    post: EngagedPost
    followers: int | None
    listed: int | None
    sizes: Mapping[SegmentId, int]

    def count_of(self, what: What) -> int | None:
        """Return how much of a kind it got; None where the network doesn't tell."""
        counts = self.post.tally.counts
        if what != ANY:
            return counts[_PLACE[what]]
        return together(counts)

    @property
    def views(self) -> int | None:
        """How often it was shown to anybody, where the network tells the owner."""
        return self.post.tally.counts[VIEWS]


def together(counts: Sequence[int | None]) -> int | None:
    """Return likes, reposts, replies and quotes together, as far as the network tells them."""
    known = [count for count in (counts[place] for place in _NAMED) if count is not None]
    return sum(known) if known else None


def kind_of_post(rated: RatedPost, what: What) -> KindFigure:
    """Return one post's figure."""
    count, views = rated.count_of(what), rated.views
    known = count is not None
    return KindFigure(
        what=what,
        posts=int(known and bool(rated.followers)),
        count=count,
        rate=Rate.of(count, rated.followers) if count is not None else Rate(),
        views=views if known else None,
        per_view=Rate.of(count, views) if count is not None else Rate(),
    )


def kind_of_posts(posts: Sequence[RatedPost], what: What) -> KindFigure:
    """Return the figure of several posts, clustered over them."""
    known = [(count, post) for post in posts if (count := post.count_of(what)) is not None]
    pairs = [(count, post.followers) for count, post in known if post.followers]
    seen = [(count, post.views) for count, post in known if post.views]
    return KindFigure(
        what=what,
        posts=len(pairs),
        count=sum(count for count, _ in pairs) if pairs else None,
        rate=Rate.over(pairs),
        views=sum(views for _, views in seen) if seen else None,
        per_view=Rate.over(seen),
    )


def people_of_post(rated: RatedPost) -> PeopleFigure:
    """Return one post's people."""
    people = rated.post.tally.people
    if people is None:
        return PeopleFigure(0, None, rated.listed, Rate())
    return PeopleFigure(1, people, rated.listed, Rate.of(people, rated.listed))


def people_of_posts(posts: Iterable[RatedPost]) -> PeopleFigure:
    """Return the people of several posts, clustered over them."""
    return _over(
        (people, post.listed)
        for post in posts
        for people in (post.post.tally.people,)
        if people is not None and post.listed
    )


def segment_of_post(rated: RatedPost, segment_id: SegmentId) -> PeopleFigure:
    """Return what the people of a segment did with one post."""
    size, tally = rated.sizes.get(segment_id), rated.post.tally
    if size is None or tally.people is None:
        return PeopleFigure(0, None, size, Rate())
    people = tally.segments.get(segment_id, 0)
    return PeopleFigure(1, people, size, Rate.of(people, size))


def segment_of_posts(posts: Iterable[RatedPost], segment_id: SegmentId) -> PeopleFigure:
    """Return what a segment did with several posts, clustered over them."""
    return _over(
        (tally.segments.get(segment_id, 0), size)
        for post in posts
        for tally, size in ((post.post.tally, post.sizes.get(segment_id)),)
        if tally.people is not None and size
    )


def _over(found: Iterable[tuple[int, int]]) -> PeopleFigure:
    pairs = list(found)
    if not pairs:
        return PeopleFigure(0, None, None, Rate())
    people, followers = (sum(column) for column in zip(*pairs, strict=True))
    return PeopleFigure(len(pairs), people, followers, Rate.over(pairs))
