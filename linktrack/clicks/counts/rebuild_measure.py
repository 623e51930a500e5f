"""Compute the correct counts of some links from their stored clicks, and find wrong marks."""

from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Table

from linktrack.calendar.days import Days
from linktrack.clicks.counts.first_clicks import Moves, Uniques
from linktrack.clicks.counts.parts import Links
from linktrack.clicks.counts.retention import Frozen
from linktrack.clicks.counts.rollups import COUNTS, Batch
from linktrack.clicks.counts.sums import Deltas
from linktrack.clicks.keeping.click import Click, Key, key_of, mark_of
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import Which
from linktrack.clicks.vocabulary import HUMAN
from linktrack.ids import LinkId

AnyKey = TypeVar("AnyKey")


@dataclass(frozen=True, slots=True)
class Counted:
    """The right counts and first clicks of some links, and how many clicks they have."""

    links: Links
    clicks: int
    counts: dict[Table, Deltas]
    firsts: dict[Key, Click]


def count_links(connection: Connection, links: Links, days: Days, kept: Frozen) -> Counted:
    """Count the stored clicks of these links, which come with their posts."""
    right: dict[Table, Deltas] = {table: {} for table, _ in COUNTS}
    on_posts: dict[tuple[int, int], Click] = {}
    on_links: dict[Key, Click] = {}
    which = Which(links=[link for link, _ in links])
    number = 0
    for part in clicks_of(connection).stored(which, days.day):
        number += len(part)
        step = [stored.click for stored in part]
        unknown = []
        for click in step:
            if click.reason != HUMAN:
                continue
            if click.visitor is None:
                unknown.append(click)
                continue
            if click.post_id is not None:
                _keep_first(on_posts, (click.post_id, click.visitor), click)
            _keep_first(on_links, key_of(click), click)
        known = [click for click in unknown if click.post_id is not None]
        _add_up(right, Batch(step, Uniques(Moves(known), Moves(unknown)), days))
    # A visitor's first click there is deleted, and counted.
    for key in kept.marks(connection, links):
        on_posts.pop(key[:2], None)
        if key[2] in kept.numbers["link_id"]:
            on_links.pop(key, None)
    firsts = Uniques(Moves(list(on_posts.values())), Moves(list(on_links.values())))
    _add_up(right, Batch([], firsts, days))
    return Counted(links, number, right, on_links)


def _keep_first(firsts: dict[AnyKey, Click], key: AnyKey, click: Click) -> None:
    known = firsts.get(key)
    if known is None or mark_of(click) < mark_of(known):
        firsts[key] = click


def _add_up(right: dict[Table, Deltas], batch: Batch) -> None:
    for table, count in COUNTS:
        total = right[table]
        for key, values in count(batch).items():
            known = total.get(key)
            total[key] = values if known is None else [*map(int.__add__, known, values)]


@dataclass(frozen=True, slots=True)
class WrongMarks:
    """The marks that are missing, and the keys of those that should not be there."""

    missing: list[tuple[int, ...]]
    extra: list[Key]

    @property
    def are_some(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.missing or self.extra)

    def take_back(self, connection: Connection) -> None:
        """Make them right; the connection has the write lock."""
        clicks_of(connection).set_marks(self.missing, self.extra)


def wrong_marks(connection: Connection, counted: Counted, kept: Frozen) -> WrongMarks:
    """Compare the stored marks of a part with the first clicks there are."""
    right = {key: key + mark_of(click) for key, click in counted.firsts.items()}
    extra: list[Key] = []
    places = sorted({post_id or -link_id for link_id, post_id in counted.links})
    for key, mark in clicks_of(connection).marks_of(places):
        if kept.holds(LinkId(key[2]), mark[0]):
            continue
        if key not in right:
            extra.append(key)
        elif right[key] == key + mark:
            del right[key]
    return WrongMarks(sorted(right.values()), extra)
