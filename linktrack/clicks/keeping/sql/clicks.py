"""Single clicks and marks in the tables `clicks` and `first_clicks` of the SQL database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, FromClause, bindparam, delete, func, or_, select, update

from linktrack.clicks import models
from linktrack.clicks.bulk import delete_rows, insert_rows, upsert_rows
from linktrack.clicks.keeping.click import Click, DayOf, Key, Mark, Pair, Stored
from linktrack.clicks.keeping.dressing import dressed, stored_of
from linktrack.clicks.keeping.interface import MANY, Clicks, Minute, Origin, Row, Walk
from linktrack.clicks.keeping.places import PLACE
from linktrack.clicks.keeping.sql import marks, reading, retiring, stretches
from linktrack.clicks.keeping.sql.condensing import condense
from linktrack.clicks.keeping.sql.conditions import conditions
from linktrack.clicks.keeping.sql.models import click_stretches
from linktrack.clicks.keeping.which import COLUMNS, By, Column, Every, Facet, Figure, Which
from linktrack.clicks.models import clicks, first_clicks
from linktrack.clicks.vocabulary import HUMAN, UNATTRIBUTED
from linktrack.ids import AccountId, LinkId, PostId
from linktrack.links.models import Link

PART: Final = 5_000  # clicks read at a time


class SqlClicks(Clicks):
    """The clicks of one transaction's database."""

    most_condensed = 500_000  # some three seconds
    most_numbers = 500_000
    keeps_marks = True
    keeps_origins = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, rows: Sequence[Row], clicks: Sequence[Click], origin: Origin | None) -> None:  # noqa: ARG002 - for other engines
        """Store new clicks; the database numbers them in the order of the rows."""
        insert_rows(self._connection, models.clicks, COLUMNS, rows)
        people = ((click.link_id, click.clicked_at) for click in clicks if click.reason == HUMAN)
        stretches.forget(self._connection, people)

    def rows(
        self, which: Which, columns: Sequence[Column], *, last: int | None = None
    ) -> Sequence[tuple[Any, ...]]:
        """Return these columns of some clicks."""
        return reading.rows(self._connection, which, columns, last)

    def count(
        self,
        which: Which,
        by: Sequence[By] = (),
        figures: Sequence[Figure] = ("clicks",),
        *,
        latest: int | None = None,
    ) -> Sequence[tuple[Any, ...]]:
        """Return figures of clicks by group."""
        if latest is None and stretches.has_answers(which, by, figures):
            return stretches.by_referrer(self._connection, which)
        return reading.count(self._connection, which, by, figures, latest)

    def table(
        self,
        which: Which,
        *,
        limit: int | None = None,
        newest_first: bool = False,
        offset: int = 0,
        walk: Walk | None = None,  # noqa: ARG002 - for other engines
    ) -> FromClause:
        """Return clicks as a table: a subquery, which the database looks into."""
        return reading.table(self._connection, which, limit, newest_first, offset)

    def stored(self, which: Which, day_of: DayOf) -> Iterator[Sequence[Stored]]:
        """Yield clicks as they are counted, as the database finds them."""
        query = dressed(clicks).where(*conditions(self._connection, which))
        if which.after is not None:
            query = query.order_by(clicks.c.seq)
        found = self._connection.execute(query, execution_options={"yield_per": PART})
        for part in found.partitions():
            yield [stored_of(row, day_of) for row in part]

    def latest(self) -> int:
        """Return the highest `seq`."""
        return self._connection.scalar(select(func.max(clicks.c.seq))) or 0

    def set_reasons(self, reasons: Mapping[int, int]) -> None:
        """Change why clicks are left out."""
        stretches.forget_changed(self._connection, reasons)
        change = update(clicks).where(clicks.c.seq == bindparam("of"))
        values = [{"of": seq, "reason_now": reason} for seq, reason in sorted(reasons.items())]
        self._connection.execute(change.values(reason=bindparam("reason_now")), values)

    def take_names_off(self, which: Which) -> None:
        """Make clicks unattributed."""
        self._connection.execute(
            update(clicks)
            .where(*conditions(self._connection, which))
            .values(follower_id=None, segment_id=UNATTRIBUTED, attribution=0)
        )

    def busy_minutes(self, minutes: Sequence[Minute], least: int) -> Sequence[Minute]:
        """Return which minutes have so many visitors, or a burst."""
        return reading.busy_minutes(self._connection, minutes, least)

    def marks(self, pairs: Collection[Pair]) -> dict[Key, Mark]:
        """Return the marks of these visitors."""
        return marks.marks(self._connection, pairs)

    def set_marks(self, marks: Sequence[tuple[int, ...]], gone: Sequence[Key]) -> None:
        """Set marks, and take others away."""
        upsert_rows(self._connection, first_clicks, marks)
        delete_rows(self._connection, first_clicks, gone)

    def marks_of(
        self, places: Collection[int], until: int | None = None
    ) -> Iterator[tuple[Key, Mark]]:
        """Yield all marks on posts, or on links of their own."""
        return marks.marks_of(self._connection, places, until)

    def next_firsts(
        self, wanted: Mapping[tuple[LinkId, int], int]
    ) -> Iterator[tuple[tuple[LinkId, int], Mark]]:
        """Yield people's clicks of (link, visitor) pairs from a moment on."""
        return marks.next_firsts(self._connection, wanted)

    def firsts_on_post(
        self, post_id: PostId, by: Every | None
    ) -> Sequence[tuple[int, int, int, int]]:
        """Return (span, segment, source, number) of visitors' first clicks on a post."""
        return marks.firsts_on_post(self._connection, post_id, by)

    def firsts_of_account(
        self, account_id: AccountId, since: int, until: int
    ) -> Iterator[tuple[int, int]]:
        """Yield (visitor, moment) of the marks on an account's links."""
        return marks.firsts_of_account(self._connection, account_id, since, until)

    def origins(
        self, links: Collection[LinkId], since: int | None, until: int | None
    ) -> Sequence[tuple[int, int, int, int]]:
        """Return (segment, referrer, people's clicks, unique clicks) of links."""
        return reading.origins(self._connection, sorted(links), since, until)

    def condense(self, which: Which, by: Sequence[Facet]) -> Iterator[Sequence[tuple[int, ...]]]:
        """Yield people's clicks by group: of clicks, and then of first ones."""
        return condense(self._connection, which, by)

    def count_ahead(self, until: int, many: int = MANY) -> None:
        """Count clicks by referrer, in steps beside this transaction."""
        stretches.count_ahead(self._connection.engine, until, many)

    def has_counted_right(self) -> bool:
        """Whether each stretch says what its clicks say."""
        return stretches.are_right(self._connection)

    def forget_counts(self) -> None:
        """Delete what was counted ahead."""
        self._connection.execute(delete(click_stretches))

    def delete_before(self, before: int, marks_before: int) -> int:
        """Delete old clicks and marks, in steps beside this transaction."""
        return retiring.delete_before(self._connection.engine, before, marks_before)

    def remove_account_clicks(self, account_ids: Collection[int]) -> None:
        """Delete all clicks and marks of accounts' links."""
        own = select(Link.id).where(Link.account_id.in_(account_ids))
        place = select(PLACE).where(Link.account_id.in_(account_ids))
        mark = first_clicks.c
        for table in (clicks, click_stretches):
            self._connection.execute(delete(table).where(table.c.link_id.in_(own)))
        of_them = or_(mark.post_or_link.in_(place), mark.link_id.in_(own))
        self._connection.execute(delete(first_clicks).where(of_them))
