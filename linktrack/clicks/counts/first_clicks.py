"""First-click marks: which click of a visitor is the unique one, on a post and on a link.

One table has the marks on links. A post's links lie together in it, so that a visitor's first
click on the post is the earliest of those few rows, and has no row of its own.

The order of loading never matters: when a visitor's earlier click is loaded later, the mark moves,
and with it every count of unique clicks that depends on it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, func, select

from linktrack.chunks import chunked
from linktrack.clicks.bulk import delete_rows, find_rows, upsert_rows
from linktrack.clicks.models import agents, clicks, first_clicks, referrers
from linktrack.clicks.vocabulary import HUMAN, narrowest_window
from linktrack.ids import AccountId, LinkId, PostId, SegmentId

AnyKey = TypeVar("AnyKey")
CHUNK: Final = 1_000  # visitors in one IN list; SQLite takes 32,766 values


COUNTED_AS: Final = func.coalesce(referrers.c.host_id, referrers.c.id)
"""The referrer that a click is counted under, in SQL."""


COUNTRY: Final = func.coalesce(clicks.c.country + 1, 0)
"""The country that a click is counted under, in SQL (vocabulary.FACETS)."""


CITY: Final = func.coalesce(clicks.c.city_id, 0)
"""The city that a click is counted under, in SQL."""


OPTION: Final = func.coalesce(clicks.c.option_id + 1, 0)
"""Where a link with rules led a click, as it is counted, in SQL: 0 of a link without."""


class Click(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the counts need to know of a click. Times are in milliseconds since 1970 UTC.

    `day` is the owner's calendar day, an ordinal; `window` the narrowest that holds the click.
    `country`, `device`, `language` and `city` are values of vocabulary.FACETS; `flags` the click's;
    `option` is as OPTION has it.
    """

    clicked_at: int
    link_id: LinkId
    post_id: PostId | None
    account_id: AccountId
    posted_at: int | None
    segment_id: SegmentId
    source_id: int
    visitor: int | None
    reason: int
    attribution: int
    referrer_id: int  # of a code of X, that of the host (`COUNTED_AS`)
    country: int
    device: int
    language: int
    city: int
    option: int
    day: int
    window: int
    flags: int = 0


DayOf: TypeAlias = Callable[[int], int]
"""Returns the calendar day of a moment (`Days.day`)."""

Key: TypeAlias = tuple[int, int, int]
"""The post (or the link on its own, with a minus), the visitor, and the link."""

Mark: TypeAlias = tuple[int, ...]
"""What is stored of a first click, in the order that decides which click is the first.

Of two clicks in the same millisecond that of the smaller segment, then of the referrer that was
known before the other, is taken as the first, whichever is loaded first.
"""

MARKED: Final = (
    "clicked_at", "segment_id", "referrer_id", "source_id", "attribution", "country", "device",
    "language", "city", "option",
)  # fmt: skip
"""What is stored of a first click, in the order of the table's columns."""

mark_of: Final[Callable[[Click], Mark]] = attrgetter(*MARKED)


def key_of(click: Click) -> Key:
    """Return the key of the mark of a click that has a visitor."""
    assert click.visitor is not None
    return (click.post_id or -click.link_id, click.visitor, click.link_id)


@dataclass(frozen=True, slots=True)
class Moves:
    """Clicks that a count gains, and those it loses."""

    added: list[Click] = field(default_factory=list)
    removed: list[Click] = field(default_factory=list)

    def __add__(self, other: "Moves") -> "Moves":
        """Return both together."""
        return Moves(self.added + other.added, self.removed + other.removed)


@dataclass(frozen=True, slots=True)
class Uniques:
    """Unique clicks added and removed: visitors' first clicks, and all clicks without a visitor."""

    on_posts: Moves = field(default_factory=Moves)
    on_links: Moves = field(default_factory=Moves)

    def __add__(self, other: "Uniques") -> "Uniques":
        """Return both together."""
        return Uniques(self.on_posts + other.on_posts, self.on_links + other.on_links)


def mark_firsts(connection: Connection, humans: Sequence[Click], day_of: DayOf) -> Uniques:
    """Mark the first clicks among these; return the unique clicks added and removed."""
    latest_first = sorted(
        (click for click in humans if click.visitor is not None), key=mark_of, reverse=True
    )
    on_links = {key_of(click): click for click in latest_first}  # the earliest is what remains
    on_posts: dict[tuple[int, int], Click] = {
        (click.post_id, visitor): click
        for click in latest_first
        if click.post_id is not None and (visitor := click.visitor) is not None
    }
    keys = sorted(on_links)  # in the order of the table, which finds and writes rows fastest so
    marks = _find(connection, keys)
    links = _earlier({key: on_links[key] for key in keys}, marks, day_of)
    posts = _earlier(on_posts, _firsts_on_posts(marks), day_of)
    rows = [key_of(click) + mark_of(click) for click in links.added]
    upsert_rows(connection, first_clicks, rows)
    return Uniques(posts, links) + Uniques(*map(Moves, _without_visitor(humans)))


def unmark_firsts(connection: Connection, removed: Sequence[Click], day_of: DayOf) -> Uniques:
    """Remove the marks of clicks that are no longer a person's.

    The stored clicks say so already: where a visitor has another human click on the link, the
    earliest of them becomes the first. Returns the unique clicks added and removed.
    """
    known = [(key_of(click), click) for click in removed if click.visitor is not None]
    marks = _find(connection, sorted(key for key, _ in known))
    lost = {key: click for key, click in known if marks.get(key) == mark_of(click)}
    next_firsts = _first_humans(connection, lost, day_of)
    left = {key: mark for key, mark in marks.items() if key not in lost}
    left.update((key, mark_of(click)) for key, click in next_firsts.items())
    before, after = _firsts_on_posts(marks), _firsts_on_posts(left)
    posts = Moves()
    for pair, click in {key[:2]: click for key, click in lost.items()}.items():
        if before.get(pair) != after.get(pair):
            for moved, firsts in ((posts.removed, before), (posts.added, after)):
                if pair in firsts:
                    moved.append(_as_marked(click, firsts[pair], day_of))
    upsert_rows(
        connection, first_clicks, [key + mark_of(next_firsts[key]) for key in sorted(next_firsts)]
    )
    delete_rows(connection, first_clicks, sorted(lost.keys() - next_firsts.keys()))
    unknown_on_posts, unknown_on_links = _without_visitor(removed)
    return Uniques(
        posts + Moves([], unknown_on_posts),
        Moves(list(next_firsts.values()), [*lost.values(), *unknown_on_links]),
    )


def _without_visitor(humans: Iterable[Click]) -> tuple[list[Click], list[Click]]:
    """Return those on posts, and all of them: each is a unique click of its own."""
    unknown = [click for click in humans if click.visitor is None]
    return [click for click in unknown if click.post_id is not None], unknown


def _earlier(firsts: Mapping[AnyKey, Click], stored: Mapping[AnyKey, Mark], day_of: DayOf) -> Moves:
    """Return the clicks that come before what is stored, in the same order, and what they move."""
    moved = [
        (key, click)
        for key, click in firsts.items()
        if key not in stored or mark_of(click) < stored[key]
    ]
    return Moves(
        [click for _, click in moved],
        [_as_marked(click, stored[key], day_of) for key, click in moved if key in stored],
    )


def _find(connection: Connection, keys: Iterable[Key]) -> dict[Key, Mark]:
    """Return the visitors' marks on these links, and on the others of their posts."""
    pairs = [key[:2] for key in keys]
    return {
        (post_or_link, visitor, link_id): tuple(mark)
        for post_or_link, visitor, link_id, *mark in find_rows(connection, first_clicks, pairs)
    }


def _firsts_on_posts(marks: Mapping[Key, Mark]) -> dict[tuple[int, int], Mark]:
    firsts: dict[tuple[int, int], Mark] = {}
    for (post_or_link, visitor, _), mark in marks.items():
        if post_or_link > 0:
            pair = (post_or_link, visitor)
            firsts[pair] = min(mark, firsts.get(pair, mark))
    return firsts


def _as_marked(click: Click, mark: Mark, day_of: DayOf) -> Click:
    """Return the first click of this click's visitor on its post or link, as its mark says."""
    at = mark[0]
    return replace(
        click,
        **dict(zip(MARKED, mark, strict=True)),
        day=day_of(at),
        window=narrowest_window(at, click.posted_at),
    )


def _first_humans(
    connection: Connection, lost: Mapping[Key, Click], day_of: DayOf
) -> dict[Key, Click]:
    """Return the earliest stored human click of each link and visitor, not before the lost one."""
    found: dict[Key, Click] = {}
    of_links = {(link_id, visitor): (post, visitor, link_id) for post, visitor, link_id in lost}
    keys = sorted(of_links)
    for part in chunked(keys, CHUNK):
        query = (
            select(
                clicks.c.link_id,
                clicks.c.visitor,
                clicks.c.clicked_at,
                clicks.c.segment_id,
                COUNTED_AS,
                referrers.c.source_id,
                clicks.c.attribution,
                COUNTRY,
                agents.c.device_id,
                clicks.c.language,
                CITY,
                OPTION,
            )
            .join(referrers, clicks.c.referrer_id == referrers.c.id)
            .join(agents, clicks.c.agent_id == agents.c.id)
            .where(
                clicks.c.link_id.in_({link_id for link_id, _ in part}),
                clicks.c.clicked_at >= min(lost[of_links[pair]].clicked_at for pair in part),
                clicks.c.visitor.in_({visitor for _, visitor in part}),
                clicks.c.reason == HUMAN,
            )
        )
        for link_id, visitor, *rest in connection.execute(query):
            key = of_links.get((link_id, visitor))
            if key is None:
                continue
            mark = tuple(rest)
            if key not in found or mark < mark_of(found[key]):
                found[key] = _as_marked(lost[key], mark, day_of)
    return found
