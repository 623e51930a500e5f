"""Single clicks on ClickHouse, from which marks are read too."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from secrets import randbits
from typing import Any, Final, cast

from sqlalchemy import BigInteger, Connection, Engine, FromClause, false, literal, select

from linktrack.chunks import chunked
from linktrack.clicks.bulk import given
from linktrack.clicks.facts import read_fact, write_fact
from linktrack.clicks.keeping.click import Click, DayOf, Key, Mark, Pair, Stored
from linktrack.clicks.keeping.clickhouse import marks, reading, retiring
from linktrack.clicks.keeping.clickhouse.condensing import condense
from linktrack.clicks.keeping.clickhouse.conditions import BATCH
from linktrack.clicks.keeping.clickhouse.gaps import tidy_gaps
from linktrack.clicks.keeping.clickhouse.marks import remember_marks
from linktrack.clicks.keeping.clickhouse.matching import Kept, taken
from linktrack.clicks.keeping.clickhouse.models import LAST_SEQ, LINKS, NAMES, ROWS
from linktrack.clicks.keeping.clickhouse.seeing import Keeper, Seeing
from linktrack.clicks.keeping.clickhouse.settling import settle
from linktrack.clicks.keeping.clickhouse.walking import EVERYTHING, SEQ, step
from linktrack.clicks.keeping.dressing import dressed, stored_of
from linktrack.clicks.keeping.interface import MANY, Clicks, Minute, Origin, Row, Walk
from linktrack.clicks.keeping.which import By, Column, Every, Facet, Figure, Which
from linktrack.clicks.vocabulary import UNATTRIBUTED
from linktrack.ids import AccountId, LinkId, PostId
from linktrack.links.models import Link

PART: Final = 5_000  # clicks read at a time


class ClickHouseClicks(Clicks):
    """The clicks, as one transaction of the SQL database sees them."""

    most_condensed = None
    most_numbers = None
    keeps_marks = False
    keeps_origins = True

    def __init__(self, connection: Connection, keeper: Keeper) -> None:
        self._seeing = Seeing(connection, keeper)

    def append(self, rows: Sequence[Row], clicks: Sequence[Click], origin: Origin | None) -> None:
        """Store new clicks, each part of them as a batch.

        What is read again from a journal has the same keys, and replaces what it left before.
        """
        source, place = randbits(63), 0
        if origin is not None:
            digest = blake2b(origin.journal.encode(), digest_size=8).digest()
            source, place = int.from_bytes(digest, signed=True), origin.start
        both = enumerate(zip(rows, clicks, strict=True), place)
        for part in chunked(both, BATCH):
            self._append(source, part)

    def _append(self, source: int, part: Sequence[tuple[int, tuple[Row, Click]]]) -> None:
        seeing = self._seeing
        visible = seeing.visible()  # changes of others are made before
        if seeing.own.base is None:
            seeing.own.base = visible.last
        batch = seeing.take_number()
        period_of = seeing.keeper.days.period
        write_fact(seeing.connection, LAST_SEQ, batch * BATCH + len(part) - 1)
        seeing.table.insert(
            _kept(row, click, period_of(click.day)[0], (source, place), (batch, number))
            for number, (place, (row, click)) in enumerate(part)
        )
        seeing.let_count(batch)

    def rows(
        self, which: Which, columns: Sequence[Column], *, last: int | None = None
    ) -> Sequence[tuple[Any, ...]]:
        """Return these columns of some clicks."""
        if last is not None:
            return reading.newest(self._seeing, which, columns, last)
        return list(reading.rows(self._seeing, which, columns))

    def count(
        self,
        which: Which,
        by: Sequence[By] = (),
        figures: Sequence[Figure] = ("clicks",),
        *,
        latest: int | None = None,
    ) -> Sequence[tuple[Any, ...]]:
        """Return figures of clicks by group."""
        return reading.count(self._seeing, which, by, figures, latest)

    def table(
        self,
        which: Which,
        *,
        limit: int | None = None,
        newest_first: bool = False,
        offset: int = 0,
        walk: Walk | None = None,
    ) -> FromClause:
        """Return clicks as a table: they are handed over as they are now."""
        seeing = self._seeing
        if limit is None:
            return self._given(reading.rows(seeing, which, EVERYTHING))
        if newest_first:
            found = reading.newest_by_time(seeing, which, limit, offset)
            return self._given(taken(row, EVERYTHING) for row in found)
        return self._given(step(seeing, which, offset + limit, walk)[offset:])

    def stored(self, which: Which, day_of: DayOf) -> Iterator[Sequence[Stored]]:
        """Yield clicks as they are counted, in parts."""
        if which.after is not None or which == Which(links=which.links):  # which may be many
            yield from self._along(which, day_of)
            return
        for part in chunked(reading.rows(self._seeing, which, EVERYTHING), PART):
            yield self._dressed(part, day_of)

    def _along(self, which: Which, day_of: DayOf) -> Iterator[Sequence[Stored]]:
        walk = Walk()
        while found := step(self._seeing, which, PART, walk):
            yield self._dressed(found, day_of)
            which = replace(which, after=SEQ(found[-1]))

    def _dressed(self, rows: Sequence[tuple[Any, ...]], day_of: DayOf) -> list[Stored]:
        table = self._given(rows)
        query = dressed(table).order_by(table.c.seq)
        return [stored_of(row, day_of) for row in self._seeing.connection.execute(query)]

    def _given(self, rows: Iterable[tuple[Any, ...]]) -> FromClause:
        found = cast("Sequence[tuple[int, ...]]", list(rows))
        if found:
            return given(self._seeing.connection, found, EVERYTHING)
        columns = [literal(None, BigInteger).label(name) for name in EVERYTHING]
        return select(*columns).where(false()).subquery("given")

    def latest(self) -> int:
        """Return the highest `seq`, which is written down beside: it is asked for often."""
        return read_fact(self._seeing.connection, LAST_SEQ) or 0

    def set_reasons(self, reasons: Mapping[int, int]) -> None:
        """Change why clicks are left out."""
        self._change(Which(seqs=reasons.keys()), lambda row: {"reason": reasons[row.seq]})

    def take_names_off(self, which: Which) -> None:
        """Make clicks unattributed; what named somebody goes for good soon after the commit."""
        plain = {"follower_id": 0, "segment_id": UNATTRIBUTED, "attribution": 0}
        number, seqs = self._change(which, lambda _: plain)
        if seqs:
            self._seeing.change(NAMES, seqs, number)

    def _change(
        self, which: Which, change: Callable[[Kept], Mapping[str, int]]
    ) -> tuple[int, list[int]]:
        seeing = self._seeing
        found = list(reading.kept(seeing, which))
        if not found:
            return 0, []
        number = seeing.take_number()
        rows = [row._replace(version=number, **change(row)) for row in found]
        seeing.change(ROWS, rows, number)
        seeing.own.rows.update((row.seq, row) for row in rows)
        return number, [row.seq for row in rows]

    def busy_minutes(self, minutes: Sequence[Minute], least: int) -> Sequence[Minute]:
        """Return which minutes have so many visitors, or a burst."""
        return list(reading.busy_minutes(self._seeing, minutes, least))

    def marks(self, pairs: Collection[Pair]) -> dict[Key, Mark]:
        """Return the marks of these visitors."""
        return marks.marks(self._seeing, pairs)

    def set_marks(self, marks: Sequence[tuple[int, ...]], gone: Sequence[Key]) -> None:
        """Remember marks to the end of the transaction: then the clicks tell them."""
        remember_marks(self._seeing, marks, gone)

    def marks_of(
        self, places: Collection[int], until: int | None = None
    ) -> Iterator[tuple[Key, Mark]]:
        """Yield all marks on posts, or on links of their own."""
        return marks.marks_of(self._seeing, places, until)

    def next_firsts(
        self, wanted: Mapping[tuple[LinkId, int], int]
    ) -> Iterator[tuple[tuple[LinkId, int], Mark]]:
        """Yield people's clicks of (link, visitor) pairs from a moment on."""
        return marks.next_firsts(self._seeing, wanted)

    def firsts_on_post(
        self, post_id: PostId, by: Every | None
    ) -> Sequence[tuple[int, int, int, int]]:
        """Return (span, segment, source, number) of visitors' first clicks on a post."""
        return marks.firsts_on_post(self._seeing, post_id, by)

    def firsts_of_account(
        self, account_id: AccountId, since: int, until: int
    ) -> Iterator[tuple[int, int]]:
        """Yield (visitor, moment) of the marks on an account's links."""
        return marks.firsts_of_account(self._seeing, account_id, since, until)

    def origins(
        self, links: Collection[LinkId], since: int | None, until: int | None
    ) -> Sequence[tuple[int, int, int, int]]:
        """Return (segment, referrer, people's clicks, unique clicks) of links."""
        return reading.origins(self._seeing, sorted(links), since, until)

    def condense(self, which: Which, by: Sequence[Facet]) -> Iterator[Sequence[tuple[int, ...]]]:
        """Yield people's clicks by group: of clicks, and then of first ones."""
        return condense(self._seeing, which, by)

    def count_ahead(self, until: int, many: int = MANY) -> None:
        """Count nothing ahead: ClickHouse counts millions of clicks of a link in milliseconds."""

    def has_counted_right(self) -> bool:
        """Return True: nothing is counted ahead."""
        return True

    def forget_counts(self) -> None:
        """Nothing is counted ahead."""

    def delete_before(self, before: int, marks_before: int) -> int:
        """Hide old clicks, and delete whole periods."""
        return retiring.delete_before(self._seeing, before, marks_before)

    def remove_account_clicks(self, account_ids: Collection[int]) -> None:
        """Hide all clicks of accounts' links with the commit; they are deleted soon after it."""
        query = select(Link.id).where(Link.account_id.in_(account_ids))
        links = list(self._seeing.connection.scalars(query))
        if links:
            self._seeing.change(LINKS, links, self._seeing.take_number())


class ClicksOnClickHouse:
    """Opens the clicks for a transaction."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def __call__(self, connection: Connection) -> Clicks:
        """Return the clicks as a transaction sees them."""
        return ClickHouseClicks(connection, self._keeper)

    def settle(self, engine: Engine) -> None:
        """Make the changes there that are committed."""
        settle(engine, self._keeper.ready)

    def tidy(self, engine: Engine, now: datetime) -> None:
        """Tidy numbers that were given in vain."""
        tidy_gaps(engine, self._keeper.ready, now)


def _kept(
    row: Row, click: Click, period: int, origin: tuple[int, int], number: tuple[int, int]
) -> Kept:
    """Return a click as it is stored; `row` has `which.COLUMNS`, `number` is that in a batch."""
    at, link, segment, follower, attribution, agent, referrer, visitor, country, *rest = row
    language, city, option, reason, flags = rest
    known = {"segment_id": segment, "attribution": attribution, "agent_id": agent}
    known |= {"referrer_id": referrer, "language": language, "reason": reason, "flags": flags}
    source, place = origin
    batch, index = number
    return Kept(
        period=period,
        account_id=click.account_id,
        source=source,
        place=place,
        batch=batch,
        seq=batch * BATCH + index,
        version=batch,
        counted_as=click.referrer_id,
        link_id=link or 0,
        clicked_at=at or 0,
        visitor=visitor or 0,
        follower_id=follower or 0,
        city_id=city or 0,
        country=0 if country is None else country + 1,
        option=0 if option is None else option + 1,
        **{name: value or 0 for name, value in known.items()},
    )
