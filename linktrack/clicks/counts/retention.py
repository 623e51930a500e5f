"""Retention: delete single clicks after some days, and protect their sums from recounting.

The sums of deleted clicks are kept. What has lost clicks (a post, a link, an account) is *frozen*:
counting anew leaves its sums as they are, except for the days since the deletion, whose clicks
are all there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Table, and_, delete, func, select

from linktrack.calendar.days import month_of_day
from linktrack.calendar.periods import period_start
from linktrack.clicks.counts.windows import within_window
from linktrack.clicks.facts import DELETED_BEFORE, read_fact
from linktrack.clicks.keeping.click import Key
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.keeping.which import EVERY, Which
from linktrack.clicks.models import (
    imported_clicks,
    link_totals,
    post_reasons,
    post_totals,
    visitor_accounts,
)
from linktrack.clicks.vocabulary import WINDOWS
from linktrack.db import to_ms, writing
from linktrack.ids import LinkId, PostId
from linktrack.links.models import Link
from linktrack.settings import VisitorPeriod

SCOPES: Final = ("post_id", "link_id", "account_id")


def delete_old(
    engine: Engine, timezone: ZoneInfo, period: VisitorPeriod, keep_days: int, now: datetime
) -> int:
    """Delete the clicks of days that ended `keep_days` ago; return how many there were.

    Whole days of `timezone`, so that no day is half gone. In steps, each a transaction of its
    own. First-click marks go too once no stored click can have their visitor: when the whole
    visitor period is gone. The visitors of imported clicks have no period; their marks stay.
    """
    day = (now.astimezone(timezone) - timedelta(days=keep_days)).date()
    before = to_ms(_midnight(day, timezone))
    marks_before = to_ms(_midnight(period_start(day, period), timezone))
    with engine.connect() as connection:
        total = clicks_of(connection).delete_before(before, marks_before)
    _delete_visits(engine, period_start(day, period).toordinal())
    return total


def _midnight(day: date, timezone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), timezone)


def _delete_visits(engine: Engine, first_day: int) -> None:
    """Delete whose visits they were, in periods before the one that begins on a day."""
    imported = select(imported_clicks.c.account_id)
    condition = and_(
        visitor_accounts.c.period < first_day, visitor_accounts.c.account_id.not_in(imported)
    )
    with engine.connect() as connection:
        if connection.execute(select(visitor_accounts).where(condition).limit(1)).first() is None:
            return
    with writing(engine) as connection:
        connection.execute(delete(visitor_accounts).where(condition))


@dataclass(frozen=True, slots=True)
class Frozen:
    """What has lost clicks: numbers of posts, links and accounts; and since when all are there.

    `since` is in milliseconds since 1970 UTC, `first_day` the day (an ordinal) it begins.
    """

    numbers: Mapping[str, set[int]]
    since: int
    first_day: int

    def holds(self, link_id: LinkId, first_at: int) -> bool:
        """Whether a first-click mark may be of a deleted click, and so stays as it is."""
        return first_at < self.since and link_id in self.numbers["link_id"]

    def marks(
        self, connection: Connection, links: Iterable[tuple[LinkId, PostId | None]]
    ) -> list[Key]:
        """Return the keys of old marks on these links, and on others of their posts, if held."""
        held = {
            post_id or -link_id for link_id, post_id in links if link_id in self.numbers["link_id"]
        }
        if not held:
            return []
        return [key for key, _ in clicks_of(connection).marks_of(held, self.since)]

    def leave_out(
        self, table: Table, deltas: dict[tuple[int, ...], list[int]]
    ) -> dict[tuple[int, ...], list[int]]:
        """Leave out of a table's corrections what is frozen."""
        scope = _scope(table)
        frozen = self.numbers[scope]
        if not frozen:
            return deltas
        names = [column.name for column in table.primary_key]
        index = names.index(scope)
        # Of days, and of months, those are left that begin after the deletion.
        place, first = len(names), 0
        if "day" in names:
            place, first = names.index("day"), self.first_day
        elif "month" in names:
            place, first = names.index("month"), month_of_day(self.first_day - 1) + 1
        return {
            key: values
            for key, values in deltas.items()
            if key[index] not in frozen or (place < len(key) and key[place] >= first)
        }


def frozen(connection: Connection, day_of: Callable[[int], int]) -> Frozen:
    """Return what has lost clicks: what is counted and not stored. Empty where none are deleted."""
    numbers: dict[str, set[int]] = {scope: set() for scope in SCOPES}
    since = read_fact(connection, DELETED_BEFORE)
    if since is None:
        return Frozen(numbers, 0, 0)
    stored: defaultdict[int, int] = defaultdict(int)
    stored.update((row[0], row[1]) for row in clicks_of(connection).count(EVERY, ("link_id",)))
    totals = link_totals.c
    lost = {
        link_id
        for link_id, count in connection.execute(
            select(totals.link_id, totals.clicks + totals.not_human)
        )
        if count > stored[link_id]
    }
    for link_id, post_id, account_id in connection.execute(
        select(Link.id, Link.post_id, Link.account_id)
    ):
        if link_id in lost:
            numbers["link_id"].add(link_id)
            numbers["account_id"].add(account_id)
            if post_id is not None:
                numbers["post_id"].add(post_id)
    return Frozen(numbers, since, day_of(since))


def has_lost_clicks(connection: Connection, post_id: PostId) -> bool:
    """Whether single clicks of a post are deleted: then it cannot be counted anew."""
    if read_fact(connection, DELETED_BEFORE) is None:
        return False
    links = select(Link.id).where(Link.post_id == post_id)
    stored: int = clicks_of(connection).count(Which(links=links))[0][0]
    people = select(within_window(post_totals, "clicks", len(WINDOWS) - 1)).where(
        post_totals.c.post_id == post_id
    )
    others = select(func.sum(post_reasons.c.clicks)).where(post_reasons.c.post_id == post_id)
    counted = (connection.scalar(people) or 0) + (connection.scalar(others) or 0)
    return counted > stored


def _scope(table: Table) -> str:
    return next(scope for scope in SCOPES if scope in table.c)
