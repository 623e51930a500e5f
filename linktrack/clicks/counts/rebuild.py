"""Recount stored clicks: all of them, or those of a post whose time has changed.

Counts are sums, so what is wrong with them can be measured in one moment's picture of the
database and taken back later, while loading goes on: every change in between adds the same to
the right counts and to the wrong ones.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, delete, select

from linktrack.calendar.days import Days
from linktrack.clicks.counts.counted_by import are_kept, keep_rebuilt
from linktrack.clicks.counts.first_clicks import Moves, Uniques
from linktrack.clicks.counts.parts import all_links
from linktrack.clicks.counts.rebuild_differences import (
    add_right,
    begin_differences,
    end_differences,
    wrong_counts,
)
from linktrack.clicks.counts.rebuild_measure import count_links, wrong_marks
from linktrack.clicks.counts.retention import Frozen, frozen, has_lost_clicks
from linktrack.clicks.counts.rollups import POST_COUNTS, Batch
from linktrack.clicks.counts.sums import Deltas, add, correct
from linktrack.clicks.counts.visits import Period, measure_visits, recount_visits
from linktrack.clicks.keeping.click import Click
from linktrack.clicks.keeping.opening import check_place, clicks_of
from linktrack.clicks.keeping.which import By, Every, Which
from linktrack.clicks.models import (
    account_days,
    account_visits,
    referrers,
)
from linktrack.clicks.vocabulary import HOUR, HUMAN, MOST_HOURS, narrowest_window
from linktrack.db import is_sqlite, to_ms, writing
from linktrack.errors import Conflict, Unavailable
from linktrack.ids import AccountId, LinkId, PostId, SegmentId
from linktrack.links.models import Link, Post

ROUNDS: Final = 10


def rebuild(connection: Connection, days: Days) -> int:
    """Make all counts right by the stored clicks; return how many clicks there are.

    It runs in one transaction that holds the write lock: loading waits, redirects do not.
    What has lost clicks keeps its sums (retention.py).
    """
    kept = frozen(connection, days.day)
    begin_differences(connection)
    found = 0
    for links in all_links(connection):
        counted = count_links(connection, links, days, kept)
        wrong_marks(connection, counted, kept).take_back(connection)
        add_right(connection, counted.counts)
        found += counted.clicks
    for table, deltas in wrong_counts(connection, kept):
        correct(connection, table, deltas)
    end_differences(connection)
    for period in _visited_periods(connection, days, kept):
        recount_visits(connection, period)
    clicks_of(connection).forget_counts()
    keep_rebuilt(connection, days)
    return found


def rebuild_beside(engine: Engine, days: Days) -> int:
    """Do the same beside a running loader, which never waits for long; return how many clicks.

    Measured in one picture of the database, corrected in short transactions, and measured again
    until nothing is wrong: a post may have got another time in between. Raises `Unavailable`
    where something still was in the last of `ROUNDS`.
    """
    check_place(engine)
    for _ in range(ROUNDS):
        found, is_right = _round(engine, days)
        if is_right:
            break
    with _picture(engine) as connection:
        periods = _visited_periods(connection, days, frozen(connection, days.day))
        wrong = [period for period in periods if measure_visits(connection, period)]
        has_counted_right = clicks_of(connection).has_counted_right()
    for period in wrong:
        with writing(engine) as connection:
            recount_visits(connection, period)
    if not has_counted_right:
        with writing(engine) as connection:
            clicks_of(connection).forget_counts()
    if not is_right:
        raise Unavailable(
            f"Counts were still wrong when they were recomputed for the {ROUNDS}th time, as if "
            "something changed them all the while. Run 'linktrack rebuild' again; if it says "
            "the same, stop the service first."
        )
    with engine.connect() as connection:
        is_kept = are_kept(connection, days)
    if not is_kept:
        with writing(engine) as connection:
            keep_rebuilt(connection, days)
    return found


def _round(engine: Engine, days: Days) -> tuple[int, bool]:
    """Measure and correct once; return how many clicks there are, and whether all was right.

    Marks come first, since a click that is loaded meanwhile counts by them: where one was wrong,
    counts are left to the next round.
    """
    found, is_right = 0, True
    with _picture(engine) as connection:
        kept = frozen(connection, days.day)
        begin_differences(connection)
        for links in all_links(connection):
            counted = count_links(connection, links, days, kept)
            found += counted.clicks
            if wrong_marks(connection, counted, kept).are_some:
                is_right = False
                with writing(engine) as writer:
                    counted = count_links(writer, links, days, kept)
                    wrong_marks(writer, counted, kept).take_back(writer)
            elif is_right:
                add_right(connection, counted.counts)
        connection.commit()  # the picture is done with, its differences stay
        if not is_right:
            return found, False
        for table, deltas in wrong_counts(connection, kept):
            is_right = False
            with writing(engine) as writer:
                correct(writer, table, deltas)
    return found, is_right


@contextmanager
def _picture(engine: Engine) -> Iterator[Connection]:
    """One moment's picture of the database, until its commit.

    The connection is closed at the end, and with it go its temporary tables.
    """
    if not is_sqlite(engine):  # SQLite's transactions are such pictures anyway
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        connection.detach()
        yield connection


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


def _period(account_id: AccountId, first_day: int, days: Days) -> Period:
    first, second_half, end = days.period(first_day)
    if first != first_day:  # LINKTRACK_VISITOR_PERIOD was another when it was counted
        return Period(account_id, first_day, 0, 0, 0)
    moments = (days.start_of(day) for day in (first, second_half, end))
    return Period(account_id, first_day, *moments)


def recount_post(connection: Connection, post_id: PostId, days: Days) -> None:
    """Count a post's clicks anew after its time of posting has changed.

    Marks and days do not depend on it. The database groups the clicks that count alike: a million
    of them hold the write lock, which the caller has, for some three seconds. Raises `Conflict`
    where single clicks of the post are deleted.
    """
    if has_lost_clicks(connection, post_id):
        raise Conflict(
            "Single clicks of this post are deleted (LINKTRACK_KEEP_DAYS), so they can't be "
            "recounted: its posting time stays as it is."
        )
    groups = list(_alike(connection, post_id, days))
    for table, count in POST_COUNTS:
        connection.execute(delete(table).where(table.c.post_id == post_id))
        right: Deltas = {}
        for number, batch in groups:
            for key, values in count(batch).items():
                known = right.get(key, [0] * len(values))
                right[key] = [
                    sum_ + number * value for sum_, value in zip(known, values, strict=True)
                ]
        add(connection, table, right)


def _alike(connection: Connection, post_id: PostId, days: Days) -> Iterator[tuple[int, Batch]]:
    """Yield how many of a post's clicks count like one, with that one; then unique clicks so."""
    posted = connection.scalar(select(Post.posted_at).where(Post.id == post_id))
    posted_at = None if posted is None else to_ms(posted)

    def click(
        *, hour: int, segment_id: SegmentId, source_id: int, visitor: int | None, reason: int
    ) -> Click:
        """Return one at that hour; of which link, account, day and facets does not matter."""
        at = (posted_at or 0) + hour * HOUR
        return Click(
            clicked_at=at,
            link_id=LinkId(0),
            post_id=post_id,
            account_id=AccountId(0),
            posted_at=posted_at,
            segment_id=segment_id,
            source_id=source_id,
            visitor=visitor,
            reason=reason,
            attribution=0,
            referrer_id=0,
            country=0,
            device=0,
            language=0,
            city=0,
            option=0,
            day=0,
            window=narrowest_window(at, posted_at),
        )

    clicks = clicks_of(connection)
    by_hour = Every(HOUR, posted_at or 0, MOST_HOURS)
    which = Which(links=select(Link.id).where(Link.post_id == post_id))
    by: tuple[By, ...] = ("segment_id", "referrer_id", "has_visitor", "reason")
    if posted_at is not None:  # else all clicks count alike
        by = (by_hour, *by)
    source_of = dict(connection.execute(select(referrers.c.id, referrers.c.source_id)).all())
    for *hours, segment_id, referrer_id, has_visitor, reason, number in clicks.count(which, by):
        one = click(
            hour=hours[0] if hours else 0,
            segment_id=SegmentId(segment_id),
            source_id=source_of[referrer_id],
            visitor=0 if has_visitor else None,
            reason=reason,
        )
        unique = [] if has_visitor or reason != HUMAN else [one]
        yield number, Batch([one], Uniques(Moves(unique)), days)
    spans = None if posted_at is None else by_hour
    for hour, segment_id, source_id, number in clicks.firsts_on_post(post_id, spans):
        segment = SegmentId(segment_id)
        one = click(hour=hour, segment_id=segment, source_id=source_id, visitor=0, reason=HUMAN)
        yield number, Batch([], Uniques(Moves([one])), days)
