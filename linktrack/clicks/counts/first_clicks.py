"""First clicks: which click of a visitor is the unique one, on a post and on a link.

A visitor's first click on a post is the earliest of those on its links.

The order of loading never matters: when a visitor's earlier click is loaded later, the mark moves,
and with it every count of unique clicks that depends on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection

from linktrack.clicks.keeping.click import MARKED, Click, DayOf, Key, Mark, Pair, key_of, mark_of
from linktrack.clicks.keeping.interface import Clicks
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.vocabulary import narrowest_window
from linktrack.ids import LinkId

AnyKey = TypeVar("AnyKey")


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
    on_links = _earliest((key_of(click), click) for click in humans if click.visitor is not None)
    # In the order of the table, which finds and writes rows fastest so.
    in_order = sorted(on_links.items(), key=itemgetter(0))
    on_posts = _earliest((key[:2], click) for key, click in in_order if key[0] > 0)
    clicks = clicks_of(connection)
    marks = clicks.marks([key[:2] for key, _ in in_order])
    links = _earlier(in_order, marks, day_of)
    posts = _earlier(on_posts.items(), _firsts_on_posts(marks), day_of)
    clicks.set_marks([key_of(click) + mark_of(click) for click in links.added], [])
    return Uniques(posts, links) + Uniques(*map(Moves, _without_visitor(humans)))


def unmark_firsts(connection: Connection, removed: Sequence[Click], day_of: DayOf) -> Uniques:
    """Remove the marks of clicks that are no longer a person's.

    The stored clicks say so already: where a visitor has another human click on the link, the
    earliest of them becomes the first. Returns the unique clicks added and removed.
    """
    known = [(key_of(click), click) for click in removed if click.visitor is not None]
    clicks = clicks_of(connection)
    marks = clicks.marks([key[:2] for key in sorted(key for key, _ in known)])
    lost = {key: click for key, click in known if marks.get(key) == mark_of(click)}
    next_firsts = _next_firsts(clicks, lost, day_of)
    left = {key: mark for key, mark in marks.items() if key not in lost}
    left.update((key, mark_of(click)) for key, click in next_firsts.items())
    before, after = _firsts_on_posts(marks), _firsts_on_posts(left)
    posts = Moves()
    for pair, click in {key[:2]: click for key, click in lost.items()}.items():
        if before.get(pair) != after.get(pair):
            for moved, firsts in ((posts.removed, before), (posts.added, after)):
                if pair in firsts:
                    moved.append(_as_marked(click, firsts[pair], day_of))
    clicks.set_marks(
        [key + mark_of(next_firsts[key]) for key in sorted(next_firsts)],
        sorted(lost.keys() - next_firsts.keys()),
    )
    unknown_on_posts, unknown_on_links = _without_visitor(removed)
    return Uniques(
        posts + Moves([], unknown_on_posts),
        Moves(list(next_firsts.values()), [*lost.values(), *unknown_on_links]),
    )


def _without_visitor(humans: Iterable[Click]) -> tuple[list[Click], list[Click]]:
    """Return those on posts, and all of them: each is a unique click of its own."""
    unknown = [click for click in humans if click.visitor is None]
    return [click for click in unknown if click.post_id is not None], unknown


def _earliest(clicks: Iterable[tuple[AnyKey, Click]]) -> dict[AnyKey, Click]:
    """Return the first click of each key."""
    firsts: dict[AnyKey, Click] = {}
    for key, click in clicks:
        first = firsts.setdefault(key, click)
        if first is not click and mark_of(click) < mark_of(first):
            firsts[key] = click
    return firsts


def _earlier(
    firsts: Iterable[tuple[AnyKey, Click]], stored: Mapping[AnyKey, Mark], day_of: DayOf
) -> Moves:
    """Return the clicks that come before what is stored, in the same order, and what they move."""
    moves = Moves()
    for key, click in firsts:
        mark = stored.get(key)
        if mark is None:
            moves.added.append(click)
        elif mark_of(click) < mark:
            moves.added.append(click)
            moves.removed.append(_as_marked(click, mark, day_of))
    return moves


def _firsts_on_posts(marks: Mapping[Key, Mark]) -> dict[Pair, Mark]:
    firsts: dict[Pair, Mark] = {}
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


def _next_firsts(clicks: Clicks, lost: Mapping[Key, Click], day_of: DayOf) -> dict[Key, Click]:
    """Return the earliest stored human click of each link and visitor, not before the lost one."""
    found: dict[Key, Click] = {}
    of_links = {(LinkId(key[2]), key[1]): key for key in lost}
    wanted = {pair: lost[key].clicked_at for pair, key in of_links.items()}
    for pair, mark in clicks.next_firsts(wanted):
        key = of_links[pair]
        if key not in found or mark < mark_of(found[key]):
            found[key] = _as_marked(lost[key], mark, day_of)
    return found
