"""What a clock that ran ahead for a while has left in the future, and how it heals.

While a clock is a year ahead, readings are put off by a year, sessions are made that last a year
too long, and a network's throttle waits for a year. This is the one place that says of each stored
moment what is too far ahead. It is called with a clock that has run evenly for an hour
(`Visitors.believes`): by one that is behind for a minute, everything would be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    TableClause,
    and_,
    column,
    func,
    literal,
    select,
    table,
    update,
)

from linktrack.db import Database, Session, Utc

Column = tuple[str, str]

_MONTHS: Final = timedelta(days=62)
_HOUR: Final = timedelta(hours=1)
_TOLERANCE: Final = timedelta(minutes=5)
_HALF_MINUTE: Final = 30
"""Seconds for which a one-time code is shown (RFC 6238)."""

DUE: Final[Mapping[Column, timedelta]] = {
    ("engagement_watches", "next_at"): _MONTHS,
    ("follow_backs", "next_at"): _MONTHS,
    ("join_mails", "due_at"): timedelta(days=3),
    ("join_requests", "word_next_at"): _MONTHS,
    ("member_steps", "next_at"): _MONTHS,
    ("network_posts", "next_at"): _MONTHS,
    ("sign_in_mails", "due_at"): _HOUR,
    ("suggestion_answers", "next_at"): _MONTHS,
    ("suggestion_watches", "next_at"): _MONTHS,
    ("syncs", "next_at"): _MONTHS,
    ("watches", "next_at"): _MONTHS,
    ("webhook_deliveries", "next_at"): timedelta(days=3),
}
"""When something is done next, and the longest that anything puts it off: beyond it, it is due now.

A network may ask for a pause of hours, and LINKTRACK_SYNC_HOURS may be weeks.
"""

ENDS: Final[Mapping[Column, timedelta]] = {
    ("link_password_failures", "wait_until"): _HOUR,
    ("owner_sessions", "expires_at"): timedelta(days=30),
    ("password_failures", "wait_until"): _HOUR,
    ("sign_in_links", "expires_at"): timedelta(days=7),
    ("spent_challenges", "expires_at"): _HOUR,
}
"""When something ends, and the longest that it lasts: no more than that from now."""

BEGAN: Final[frozenset[Column]] = frozenset(
    {
        ("engagement_watches", "begun_at"),
        ("feed_mails", "begun_at"),
        ("idempotent_answers", "answered_at"),
        ("join_mails", "begun_at"),
        ("join_mails", "made_at"),
        ("join_requests", "asked_at"),
        ("journals", "finished_at"),
        ("link_cards", "read_at"),
        ("link_checks", "checked_at"),
        ("link_options", "percent_since"),
        ("link_password_failures", "failed_at"),
        ("made_follows", "begun_at"),
        ("member_steps", "begun_at"),
        ("network_posts", "names_read_at"),
        ("network_posts", "read_at"),
        ("nodes", "ended_at"),
        ("nodes", "seen_at"),
        ("one_time_codes", "begun_at"),
        ("owner_sessions", "created_at"),
        ("page_reads", "read_at"),
        ("password_failures", "failed_at"),
        ("seen_suggestions", "seen_at"),
        ("sendings", "changed_at"),
        ("sign_in_mails", "at"),
        ("sign_in_mails", "begun_at"),
        ("suggestion_answers", "begun_at"),
        ("suggestion_watches", "begun_at"),
        ("suggestion_watches", "read_until"),
        ("syncs", "begun_at"),
        ("thumbnails", "made_at"),
        ("tokens", "last_used_at"),
        ("watches", "begun_at"),
        ("watches", "known_until"),
        ("watches", "oldest"),
        ("webhook_deliveries", "created_at"),
    }
)
"""When something was, from which it is counted how long ago: it wasn't later than now."""


@dataclass(frozen=True, slots=True)
class Cure:
    """Rows of a table that are too far ahead, and what their column is instead."""

    rows: TableClause
    which: ColumnElement[bool]
    values: Mapping[str, object]


def take_back_the_future(database: Database, now: datetime, sync_every: timedelta) -> int:
    """Bring back what is further ahead than it can be; return how many rows had such a moment.

    `sync_every`: how often networks are read. Times that people choose are left: when a post is to
    be published, until when a token works. Nothing is locked where nothing is ahead.
    """
    cures = list(_cures(now, sync_every))
    with database.session() as session:
        ahead = [cure for cure in cures if _is_needed(session, cure)]
    if not ahead:
        return 0
    with database.session(writes=True) as session:
        changed = sum(_take(session, cure) for cure in ahead)
        session.commit()
    return changed


def _cures(now: datetime, sync_every: timedelta) -> Iterator[Cure]:
    for (name, moment), reach in DUE.items():
        yield _bring_back(name, moment, now + max(reach, 2 * sync_every), now)
    for (name, moment), reach in ENDS.items():
        yield _bring_back(name, moment, now + reach + _TOLERANCE, now + reach)
    for name, moment in sorted(BEGAN):
        yield _bring_back(name, moment, now + _TOLERANCE, now)
    # A post that is being sent is left to its sender for minutes, one that failed waits for hours;
    # what waits until the owner's own time for it goes on waiting.
    sendings = table("sendings", column("due_at", Utc), column("next_at", Utc))
    late = sendings.c.next_at > literal(now + timedelta(days=2), Utc)
    unplanned = sendings.c.next_at > sendings.c.due_at
    yield Cure(sendings, and_(late, unplanned), {"next_at": literal(now, Utc)})
    # No code is taken that is older than the last one, which a wrong clock took.
    codes = table("one_time_codes", column("last_step", Integer))
    step = int(now.timestamp()) // _HALF_MINUTE
    yield Cure(codes, codes.c.last_step > step + 10, {"last_step": step})


def _bring_back(name: str, moment: str, latest: datetime, instead: datetime) -> Cure:
    rows = table(name, column(moment, Utc))
    return Cure(rows, rows.c[moment] > literal(latest, Utc), {moment: literal(instead, Utc)})


def _is_needed(session: Session, cure: Cure) -> bool:
    query = select(literal(1)).select_from(cure.rows).where(cure.which).limit(1)
    return session.scalar(query) is not None


def _take(session: Session, cure: Cure) -> int:
    query = select(func.count()).select_from(cure.rows).where(cure.which)
    number = session.scalar(query) or 0
    session.execute(update(cure.rows).where(cure.which).values(cure.values))
    return number
