"""Counting stored clicks anew: all of them, or those of a post whose time has changed.

Counts are sums, so what is wrong with them can be measured in one moment's picture of the
database and taken back later, while loading goes on: every change in between adds the same to
the right counts and to the wrong ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Engine, Row, Table, delete, select, tuple_

from linktrack.clicks.bulk import delete_rows, upsert_rows
from linktrack.clicks.marks import Click, Unique, order_of
from linktrack.clicks.models import (
    account_days,
    account_visits,
    clicks,
    referrers,
    visitor_links,
    visitor_posts,
)
from linktrack.clicks.retention import Frozen, frozen, has_lost_clicks
from linktrack.clicks.rollups import COUNTS, POST_COUNTS, Batch, Days, Deltas, add, correct
from linktrack.clicks.visits import Period, measure_visits, recount_visits
from linktrack.clicks.vocabulary import HUMAN
from linktrack.db import is_sqlite, to_ms, writing
from linktrack.errors import Conflict
from linktrack.links.models import Link, Post

STEP: Final = 5_000  # clicks recounted at a time
PART: Final = 500  # links measured at a time, with all links of their posts
CORRECTED: Final = 2_000  # counts corrected in one transaction: some 50 ms
ROUNDS: Final = 10

Links: TypeAlias = Sequence[tuple[int, int | None]]
"""Links, as (link, post)."""

STORED: Final = (
    select(
        clicks.c.clicked_at,
        clicks.c.link_id,
        Link.post_id,
        Link.account_id,
        Post.posted_at,
        clicks.c.segment_id,
        referrers.c.source_id,
        clicks.c.visitor,
        clicks.c.reason,
        clicks.c.referrer_id,
        clicks.c.seq,
    )
    .join_from(clicks, Link, clicks.c.link_id == Link.id)
    .outerjoin(Post, Link.post_id == Post.id)
    .join(referrers, clicks.c.referrer_id == referrers.c.id)
)


@dataclass(slots=True)
class Errors:
    """What is wrong in one picture of the database.

    `counts` are what is to be added to be right; `marks` the rows that are to be there, `extra`
    those that are not; `parts` the links whose marks these are. `clicks` is how many there are.
    """

    clicks: int = 0
    counts: dict[Table, Deltas] = field(default_factory=dict)
    marks: dict[Table, list[tuple[int, ...]]] = field(default_factory=lambda: defaultdict(list))
    extra: dict[Table, list[tuple[int, ...]]] = field(default_factory=lambda: defaultdict(list))
    parts: list[Links] = field(default_factory=list)

    def take_back(self, connection: Connection) -> None:
        """Correct all of it; the connection has the writers' turn."""
        for table, rows in self.marks.items():
            upsert_rows(connection, table, rows)
        for table, rows in self.extra.items():
            delete_rows(connection, table, rows)
        for table, deltas in self.counts.items():
            correct(connection, table, deltas)


def rebuild(connection: Connection, days: Days) -> int:
    """Make all counts right by the stored clicks; return how many clicks there are.

    It runs in one transaction that holds the writers' turn: loading waits, redirects do not.
    What has lost clicks keeps its sums (retention.py).
    """
    kept = frozen(connection, days.day)
    errors = measure(connection, days, _all_links(connection), kept)
    errors.take_back(connection)
    for period in _visited_periods(connection, days, kept):
        recount_visits(connection, period)
    return errors.clicks


def rebuild_beside(engine: Engine, days: Days) -> int:
    """Do the same beside a running loader, which never waits for long; return how many clicks.

    Measured in one picture of the database, corrected in short transactions, and measured again
    until nothing is wrong: a post may have got another time in between. Marks come first, since
    a click that is loaded meanwhile counts by them.
    """
    found = 0
    for _ in range(ROUNDS):
        with _picture(engine) as connection:
            kept = frozen(connection, days.day)
            errors = measure(connection, days, _all_links(connection), kept)
        found = errors.clicks
        for links in errors.parts:
            with writing(engine) as connection:
                measure(connection, days, [links], kept, whole=False).take_back(connection)
        if errors.parts:
            continue
        if not errors.counts:
            break
        for table, deltas in errors.counts.items():
            for part in _in_parts(list(deltas.items()), CORRECTED):
                with writing(engine) as connection:
                    correct(connection, table, dict(part))
    with _picture(engine) as connection:
        periods = _visited_periods(connection, days, kept)
        wrong = [period for period in periods if measure_visits(connection, period)]
    for period in wrong:
        with writing(engine) as connection:
            recount_visits(connection, period)
    return found


def _visited_periods(connection: Connection, days: Days, kept: Frozen) -> list[Period]:
    """Return the visitor periods whose visits can be counted anew.

    Those of marks, and those that are counted and should perhaps not be. Where clicks are
    deleted, whole periods' marks are too (retention.py): what was counted of them stays.
    """
    found = {
        (account_id, days.period(day)[0])
        for account_id, day in connection.execute(
            select(account_days.c.account_id, account_days.c.day)
        )
    }
    query = select(account_visits.c.account_id, account_visits.c.period).distinct()
    found.update((account_id, period) for account_id, period in connection.execute(query))
    first = days.period(kept.first_day)[0] if kept.first_day else 0
    frozen_accounts = kept.numbers["account_id"]
    return [
        _period(account_id, day, days)
        for account_id, day in sorted(found)
        if account_id not in frozen_accounts or day >= first
    ]


def _period(account_id: int, first_day: int, days: Days) -> Period:
    first, second_half, end = days.period(first_day)
    if first != first_day:  # LINKTRACK_VISITOR_PERIOD was another when it was counted
        return Period(account_id, first_day, 0, 0, 0)
    moments = (days.start_of(day) for day in (first, second_half, end))
    return Period(account_id, first_day, *moments)


def measure(
    connection: Connection,
    days: Days,
    parts: Iterable[Links],
    kept: Frozen,
    *,
    whole: bool = True,
) -> Errors:
    """Return what is wrong with marks and counts of these links, which come with their posts.

    What is `kept` for want of its clicks is never wrong.
    With `whole` they are all links there are: then the counts of accounts are measured too.
    """
    errors = Errors()
    of_accounts: dict[Table, Deltas] = {}
    for links in parts:
        right, firsts_on_posts, firsts_on_links, number = _count(connection, links, days, kept)
        errors.clicks += number
        posts = sorted({post for _, post in links if post is not None})
        numbers = {"post_id": posts, "link_id": [link for link, _ in links]}
        wrong = [
            _compare_marks(connection, visitor_posts, posts, firsts_on_posts, kept, errors),
            _compare_marks(
                connection, visitor_links, numbers["link_id"], firsts_on_links, kept, errors
            ),
        ]
        if any(wrong):
            errors.parts.append(links)
        for table, deltas in right.items():
            name = next((name for name in numbers if name in table.primary_key), None)
            if name is None:
                _sum(of_accounts.setdefault(table, {}), deltas)
            else:
                condition = table.c[name].in_(numbers[name])
                _compare(connection, table, select(table).where(condition), deltas, kept, errors)
    if whole:
        for table, _ in COUNTS:
            if not {"post_id", "link_id"} & set(table.primary_key.columns.keys()):
                _compare(connection, table, select(table), of_accounts.get(table, {}), kept, errors)
    return errors


def _all_links(connection: Connection) -> Iterator[Links]:
    """Yield all links in parts, each post's together; those on their own come last."""
    pairs = select(Link.id, Link.post_id).limit(PART)
    of_posts = pairs.order_by(Link.post_id, Link.id)
    last = 0
    while rows := connection.execute(of_posts.where(Link.post_id > last)).all():
        last = rows[-1].post_id
        rest = select(Link.id).where(Link.post_id == last, Link.id > rows[-1].id)
        part = [(row.id, row.post_id) for row in rows]
        yield part + [(number, last) for number in connection.scalars(rest)]
    alone = pairs.where(Link.post_id.is_(None)).order_by(Link.id)
    last = 0
    while rows := connection.execute(alone.where(Link.id > last)).all():
        last = rows[-1].id
        yield [(row.id, None) for row in rows]


def _count(
    connection: Connection, links: Links, days: Days, kept: Frozen
) -> tuple[dict[Table, Deltas], dict[tuple[int, int], Click], dict[tuple[int, int], Click], int]:
    """Return the right counts and marks of these links, and how many clicks they have."""
    right: dict[Table, Deltas] = {table: {} for table, _ in COUNTS}
    on_posts: dict[tuple[int, int], Click] = {}
    on_links: dict[tuple[int, int], Click] = {}
    query = STORED.where(clicks.c.link_id.in_([link for link, _ in links]))
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
                unknown.append(Unique(1, click))
                continue
            if click.post_id is not None:
                _keep_first(on_posts, (click.post_id, click.visitor), click)
            _keep_first(on_links, (click.link_id, click.visitor), click)
        known = [unique for unique in unknown if unique.click.post_id is not None]
        _add_up(right, Batch(step, known, unknown, days))
    posts_here = sorted({post for _, post in links if post is not None})
    for table, numbers, firsts in (
        (visitor_posts, posts_here, on_posts),
        (visitor_links, [link for link, _ in links], on_links),
    ):
        for key in kept.marks(connection, table, numbers):
            firsts.pop(key, None)  # the visitor's first click there is deleted, and counted
    posts, own = ([Unique(1, click) for click in one.values()] for one in (on_posts, on_links))
    _add_up(right, Batch([], posts, own, days))
    return right, on_posts, on_links, number


def _keep_first(firsts: dict[tuple[int, int], Click], key: tuple[int, int], click: Click) -> None:
    known = firsts.get(key)
    if known is None or order_of(click) < order_of(known):
        firsts[key] = click


def _add_up(right: dict[Table, Deltas], batch: Batch) -> None:
    for table, count in COUNTS:
        _sum(right[table], count(batch))


def _sum(total: Deltas, more: Deltas) -> None:
    for key, values in more.items():
        known = total.get(key)
        total[key] = values if known is None else [*map(int.__add__, known, values)]


def _compare_marks(
    connection: Connection,
    table: Table,
    numbers: Sequence[int],
    firsts: dict[tuple[int, int], Click],
    kept: Frozen,
    errors: Errors,
) -> bool:
    """Note the marks that are missing, wrong or too many; return whether there are any."""
    columns = [column.name for column in table.columns][2:]
    names = ["clicked_at" if name == "first_at" else name for name in columns]
    right = {
        key: (*key, *(getattr(click, name) for name in names)) for key, click in firsts.items()
    }
    extra = []
    query = select(table).where(next(iter(table.primary_key)).in_(numbers))
    for row in connection.execute(query):
        key = (row[0], row[1])
        if kept.holds(table, row[0], row.first_at):
            continue
        if key not in right:
            extra.append(key)
        elif right[key] == tuple(row):
            del right[key]
    if right:
        errors.marks[table] += sorted(right.values())
    if extra:
        errors.extra[table] += extra
    return bool(right or extra)


def _compare(
    connection: Connection,
    table: Table,
    stored: Any,
    right: Deltas,
    kept: Frozen,
    errors: Errors,
) -> None:
    """Note what is to be added to the stored counts to make them right."""
    width = len(table.primary_key)
    wrong = dict(right)
    for row in connection.execute(stored):
        key, values = tuple(row[:width]), row[width:]
        difference = [
            count - value for count, value in zip(wrong.pop(key, [0] * 9), values, strict=False)
        ]
        if any(difference):
            wrong[key] = difference
    wrong = kept.leave_out(table, {key: values for key, values in wrong.items() if any(values)})
    if wrong:
        _sum(errors.counts.setdefault(table, {}), wrong)


def _in_parts(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(rows)
    while part := list(islice(remaining, size)):
        yield part


@contextmanager
def _picture(engine: Engine) -> Iterator[Connection]:
    """One moment's picture of the database, for as long as it is looked at."""
    if not is_sqlite(engine):  # SQLite's transactions are such pictures anyway
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        yield connection


def _clicks_of_post(connection: Connection, post_id: int) -> Iterator[list[Click]]:
    """Yield a post's stored clicks, in steps, along the index on link and time."""
    place = tuple_(clicks.c.clicked_at, clicks.c.seq)
    for link_id in connection.scalars(select(Link.id).where(Link.post_id == post_id)).all():
        query = STORED.where(clicks.c.link_id == link_id).limit(STEP)
        query = query.order_by(clicks.c.clicked_at, clicks.c.seq)
        rows = connection.execute(query).all()
        while rows:
            yield [as_click(row) for row in rows]
            after = (rows[-1].clicked_at, rows[-1].seq)
            rows = connection.execute(query.where(place > after)).all()


def as_click(row: Row[Any]) -> Click:
    """Return a row of `STORED` as the counts take it; further columns may follow."""
    at, link_id, post_id, account_id, posted_at, segment_id, source_id, visitor, reason, *rest = (
        tuple(row)
    )
    return Click(
        at,
        link_id,
        post_id,
        account_id,
        None if posted_at is None else to_ms(posted_at),
        segment_id,
        source_id,
        visitor,
        reason,
        rest[0],
    )


def recount_post(connection: Connection, post_id: int, days: Days) -> None:
    """Count a post's clicks anew after its time of posting has changed.

    Marks and days do not depend on it. The caller holds the writers' turn. Raises `Conflict`
    where single clicks of the post are deleted.
    """
    if has_lost_clicks(connection, post_id):
        raise Conflict(
            "Single clicks of this post are deleted (LINKTRACK_KEEP_DAYS), so they cannot be "
            "counted by another time: its time stays as it is."
        )
    for table, _ in POST_COUNTS:
        connection.execute(delete(table).where(table.c.post_id == post_id))
    firsts: dict[int, Click] = {}
    for step in _clicks_of_post(connection, post_id):
        unknown = []
        for click in step:
            if click.reason != HUMAN:
                continue
            if click.visitor is None:
                unknown.append(Unique(1, click))
            elif click.visitor not in firsts or order_of(click) < order_of(firsts[click.visitor]):
                firsts[click.visitor] = click
        batch = Batch(step, unknown, [], days)
        for table, count in POST_COUNTS:
            add(connection, table, count(batch))
    batch = Batch([], [Unique(1, click) for click in firsts.values()], [], days)
    for table, count in POST_COUNTS:
        add(connection, table, count(batch))
