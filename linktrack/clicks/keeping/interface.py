"""What can be done with single clicks and the marks of first ones, wherever they are kept.

Everything that grows with the clicks goes through here: the tables `clicks` and `first_clicks`, or
what stands for them in another engine. Counts are in the SQL database in any case.

An instance belongs to one transaction of the SQL database and sees what that sees: its own changes,
and of others' what was committed. What it changes is there when that transaction is committed, and
not otherwise. Who changes anything holds the write lock (db.take_write_lock).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from sqlalchemy import FromClause

from linktrack.clicks.keeping.click import Click, DayOf, Key, Mark, Pair, Stored
from linktrack.clicks.keeping.which import By, Column, Every, Facet, Figure, Which
from linktrack.ids import AccountId, LinkId, PostId

Row: TypeAlias = tuple[int | None, ...]

Minute: TypeAlias = tuple[LinkId, int]
"""A link, and a minute: how many were over since 1970 UTC."""

MANY: Final = 20_000
"""Clicks of a link that are counted together ahead: reading so many takes 8 ms."""


class Origin(NamedTuple):
    """Where a batch of clicks was read: a journal, and its first byte there.

    The same clicks have the same origin when they are read again.
    """

    journal: str
    start: int


class Walk:
    """What an engine remembers for whoever reads clicks in steps, each behind the one before it.

    For steps that differ in `after` only, maybe of many transactions; what they return doesn't
    depend on it.
    """

    known: object = None


class Clicks(Protocol):
    """Single clicks and marks, as one transaction sees them."""

    most_condensed: int | None
    """How many clicks a page can wait for to be condensed; None: as many as there are."""

    keeps_marks: bool
    """Whether marks are stored, and not read from the clicks."""

    keeps_origins: bool
    """Whether a click is known by where it was read, so that a batch must be of one journal."""

    most_numbers: int | None
    """How many numbers (`seq`) one step of many looks at, so that none is a long transaction; None:
    as many as there are, most of which are nobody's."""

    def append(self, rows: Sequence[Row], clicks: Sequence[Click], origin: Origin | None) -> None:
        """Store new clicks: `which.COLUMNS` of each, and the same clicks as they are counted.

        Their `seq`s are in the order of the rows and above all that are there. Clicks that don't
        come from a journal have no origin.
        """

    def rows(
        self, which: Which, columns: Sequence[Column], *, last: int | None = None
    ) -> Sequence[tuple[Any, ...]]:
        """Return these columns of some clicks, in any order; for few clicks.

        With `last` of so many, those with the highest `seq`.
        """

    def count(
        self,
        which: Which,
        by: Sequence[By] = (),
        figures: Sequence[Figure] = ("clicks",),
        *,
        latest: int | None = None,
    ) -> Sequence[tuple[Any, ...]]:
        """Return figures of clicks by group: what they are grouped by, then the figures.

        Groups without clicks are not there; ungrouped there is one row, whose moments are 0 where
        there is no click. With `latest` so many groups by the first of `by`, the largest first;
        else in any order.
        """

    def table(
        self,
        which: Which,
        *,
        limit: int | None = None,
        newest_first: bool = False,
        offset: int = 0,
        walk: Walk | None = None,
    ) -> FromClause:
        """Return clicks as a table for a query of the SQL database, with all of `Column`.

        A `limit` takes them in order of `seq`, as a step of a `walk` if need be, or the newest
        first by time; the query that has the table sorts it again. Where spans of `which` overlap,
        a click may be there twice.
        """

    def stored(self, which: Which, day_of: DayOf) -> Iterator[Sequence[Stored]]:
        """Yield clicks of links that there are, as they are counted, in parts of some thousand.

        In order of `seq` where `which` says after which one they begin, else in any.
        """

    def latest(self) -> int:
        """Return the `seq` of the click that was stored last, 0 where there is none."""

    def set_reasons(self, reasons: Mapping[int, int]) -> None:
        """Change why clicks (by `seq`) are left out. Their marks stay as they are."""

    def take_names_off(self, which: Which) -> None:
        """Make clicks unattributed. Their marks stay as they are."""

    def busy_minutes(self, minutes: Sequence[Minute], least: int) -> Sequence[Minute]:
        """Return which minutes have so many visitors (people's or of a burst), or a burst."""

    def marks(self, pairs: Collection[Pair]) -> dict[Key, Mark]:
        """Return the marks of these visitors on all links of these posts, or on these links."""

    def set_marks(self, marks: Sequence[tuple[int, ...]], gone: Sequence[Key]) -> None:
        """Set marks (key and mark in one tuple), and take others away."""

    def marks_of(
        self, places: Collection[int], until: int | None = None
    ) -> Iterator[tuple[Key, Mark]]:
        """Yield all marks on posts, or on links of their own (with a minus); before a moment."""

    def next_firsts(
        self, wanted: Mapping[tuple[LinkId, int], int]
    ) -> Iterator[tuple[tuple[LinkId, int], Mark]]:
        """Yield what would be marks: people's clicks of (link, visitor) pairs from a moment on.

        Of each pair the earliest is among them.
        """

    def firsts_on_post(
        self, post_id: PostId, by: Every | None
    ) -> Sequence[tuple[int, int, int, int]]:
        """Return (span, segment, source, number) of visitors' first clicks on a post.

        Without `by` all are in span 0.
        """

    def firsts_of_account(
        self, account_id: AccountId, since: int, until: int
    ) -> Iterator[tuple[int, int]]:
        """Yield (visitor, moment) of the marks on an account's links in [since, until)."""

    def origins(
        self, links: Collection[LinkId], since: int | None, until: int | None
    ) -> Sequence[tuple[int, int, int, int]]:
        """Return (segment, referrer, people's clicks, unique clicks) of links in [since, until).

        A visitor's unique click is the first on any of them, ever.
        """

    def condense(self, which: Which, by: Sequence[Facet]) -> Iterator[Sequence[tuple[int, ...]]]:
        """Yield people's clicks by group, in parts; a group may come more than once.

        What they are grouped by, then how many clicks there are, how many of them without a
        visitor, and how many are unique: on the link, and on its post. `which` is asked of
        first clicks, too: it names accounts, times, segments and what is counted of clicks.
        """

    def count_ahead(self, until: int, many: int = MANY) -> None:
        """Count ahead what would take long to count each time: of links that have so many clicks.

        Of clicks before a moment; later ones may be counted, too, but hardly stay so, and others
        always come after. In steps, each a transaction of its own.
        """

    def has_counted_right(self) -> bool:
        """Whether what was counted ahead is what the clicks say."""

    def forget_counts(self) -> None:
        """Forget what was counted ahead: it is read from the clicks until it is counted anew."""

    def delete_before(self, before: int, marks_before: int) -> int:
        """Delete clicks that were made before a moment, and marks of before another.

        In steps, each a transaction of its own; the fact `DELETED_BEFORE` is written with the
        first. Returns how many clicks there were.
        """

    def remove_account_clicks(self, account_ids: Collection[int]) -> None:
        """Delete all clicks and marks of accounts' links."""
