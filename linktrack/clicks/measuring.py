"""What is right by the stored clicks of some links, and which of their marks are wrong."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, Table, select

from linktrack.clicks.bulk import delete_rows, upsert_rows
from linktrack.clicks.marks import Click, Key, kept_by, order_of
from linktrack.clicks.models import clicks, visitor_links, visitor_posts
from linktrack.clicks.retention import Frozen
from linktrack.clicks.rollups import COUNTS, Batch, Days, Deltas
from linktrack.clicks.stored import STORED, Links, as_click
from linktrack.clicks.vocabulary import HUMAN

STEP: Final = 5_000  # clicks counted at a time


@dataclass(frozen=True, slots=True)
class Counted:
    """The right counts and first clicks of some links, and how many clicks they have."""

    links: Links
    clicks: int
    counts: dict[Table, Deltas]
    on_posts: dict[Key, Click]
    on_links: dict[Key, Click]


def _posts_of(links: Links) -> list[int]:
    return sorted({post for _, post in links if post is not None})


def count_links(connection: Connection, links: Links, days: Days, kept: Frozen) -> Counted:
    """Count the stored clicks of these links, which come with their posts."""
    right: dict[Table, Deltas] = {table: {} for table, _ in COUNTS}
    on_posts: dict[Key, Click] = {}
    on_links: dict[Key, Click] = {}
    link_ids = [link for link, _ in links]
    query = STORED.where(clicks.c.link_id.in_(link_ids))
    rows = connection.execute(query, execution_options={"yield_per": STEP})
    number = 0
    for part in rows.partitions():
        number += len(part)
        step = [as_click(row) for row in part]
        unknown = []
        for click in step:
            if click.reason != HUMAN:
                continue
            if click.visitor is None:
                unknown.append((1, click))
                continue
            if click.post_id is not None:
                _keep_first(on_posts, (click.post_id, click.visitor), click)
            _keep_first(on_links, (click.link_id, click.visitor), click)
        known = [unique for unique in unknown if unique[1].post_id is not None]
        _add_up(right, Batch(step, known, unknown, days))
    for table, numbers, firsts in (
        (visitor_posts, _posts_of(links), on_posts),
        (visitor_links, link_ids, on_links),
    ):
        for key in kept.marks(connection, table, numbers):
            firsts.pop(key, None)  # the visitor's first click there is deleted, and counted
    posts, own = ([(1, click) for click in one.values()] for one in (on_posts, on_links))
    _add_up(right, Batch([], posts, own, days))
    return Counted(links, number, right, on_posts, on_links)


def _keep_first(firsts: dict[Key, Click], key: Key, click: Click) -> None:
    known = firsts.get(key)
    if known is None or order_of(click) < order_of(known):
        firsts[key] = click


def _add_up(right: dict[Table, Deltas], batch: Batch) -> None:
    for table, count in COUNTS:
        total = right[table]
        for key, values in count(batch).items():
            known = total.get(key)
            total[key] = values if known is None else [*map(int.__add__, known, values)]


@dataclass(slots=True)
class WrongMarks:
    """Of each table the rows that are to be there, and the keys of those that are not."""

    missing: list[tuple[Table, list[tuple[int, ...]]]] = field(default_factory=list)
    extra: list[tuple[Table, list[Key]]] = field(default_factory=list)

    @property
    def are_some(self) -> bool:
        """Whether anything is wrong."""
        return any(rows for _, rows in self.missing) or any(keys for _, keys in self.extra)

    def take_back(self, connection: Connection) -> None:
        """Make them right; the connection has the writers' turn."""
        for table, rows in self.missing:
            upsert_rows(connection, table, rows)
        for table, keys in self.extra:
            delete_rows(connection, table, keys)


def wrong_marks(connection: Connection, counted: Counted, kept: Frozen) -> WrongMarks:
    """Compare the stored marks of a part with the first clicks there are."""
    wrong = WrongMarks()
    for table, numbers, firsts in (
        (visitor_posts, _posts_of(counted.links), counted.on_posts),
        (visitor_links, [link for link, _ in counted.links], counted.on_links),
    ):
        names = kept_by(table)
        right = {
            key: (*key, *(getattr(click, name) for name in names)) for key, click in firsts.items()
        }
        extra: list[Key] = []
        query = select(table).where(next(iter(table.primary_key)).in_(numbers))
        for row in connection.execute(query):
            key = (row[0], row[1])
            if kept.holds(table, row[0], row.first_at):
                continue
            if key not in right:
                extra.append(key)
            elif right[key] == tuple(row):
                del right[key]
        wrong.missing.append((table, sorted(right.values())))
        wrong.extra.append((table, extra))
    return wrong
