"""From `Which` to what ClickHouse asks: conditions as text, of integers alone. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from linktrack.clicks.keeping.which import Column, Numbers, Span, Which
from linktrack.clicks.vocabulary import HUMAN, RECOGNISED_BY

NEVER: Final = "1 = 0"
DAY: Final = 86_400_000  # milliseconds
DAY_ZERO: Final = 719_163  # 1970-01-01 as an ordinal
LONGEST: Final = 93
"""Days of the longest visitor period, and one for the time zone."""

BATCH: Final = 1 << 20
"""Of how many clicks a batch has numbers."""

STORED: Final[dict[Column, str]] = {"option_id": "option"}
"""Columns that have another name there."""


@dataclass(frozen=True, slots=True)
class Visible:
    """Which rows count, as one transaction sees it; the moment before which clicks are deleted.

    `changed` is the number of the last change.
    """

    last: int
    gaps: tuple[tuple[int, int], ...] = ()
    gone: tuple[int, ...] = ()
    before: int | None = None
    changed: int = 0

    def rows(self) -> Iterator[str]:
        """Yield conditions of rows that count for marks."""
        # By `seq`, which is read in any case, and not by the batch that it tells.
        yield f"seq < {(self.last + 1) * BATCH}"
        yield from (
            f"(seq < {first * BATCH} OR seq >= {(last + 1) * BATCH})" for first, last in self.gaps
        )
        if self.gone:
            yield f"link_id NOT IN ({_list(self.gone)})"

    def clicks(self) -> Iterator[str]:
        """Yield conditions of clicks that are there."""
        yield from self.rows()
        if self.before is not None:
            yield from since(self.before)

    def changes(self) -> Iterator[str]:
        """Yield conditions of changes that count."""
        yield f"version <= {self.last}"
        yield from (f"(version < {first} OR version > {last})" for first, last in self.gaps)


def properties(which: Which) -> Iterator[str]:
    """Yield what clicks are like that are meant, of what may change."""
    if which.named or which.followers is not None:
        yield "follower_id != 0"
    if which.left_out:
        yield f"reason != {HUMAN}"
    if which.recognised:
        yield among("attribution", RECOGNISED_BY)
    yield from _wanted(
        {
            "segment_id": which.segments,
            "attribution": which.attributions,
            "reason": which.reasons,
            "follower_id": which.followers,
        }
    )


def lasting(which: Which) -> Iterator[str]:
    """Yield what never changes of the clicks that are meant, and where they lie.

    Queries of the SQL database are answered in it, devices and sources are agents and referrers.
    """
    if which.with_visitor:
        yield "visitor != 0"
    if which.without_flags:
        yield f"bitAnd(flags, {which.without_flags:d}) = 0"
    yield from _wanted(
        {
            "link_id": which.links,
            "account_id": which.accounts,
            "agent_id": which.agents,
            "referrer_id": which.referrers,
            "country": which.countries,
            "language": which.languages,
        }
    )
    if which.after is not None:
        yield f"batch >= {which.after // BATCH:d}"
        yield f"seq > {which.after:d}"
    if which.upto is not None:
        yield f"batch <= {which.upto // BATCH:d}"
        yield f"seq <= {which.upto:d}"
    if which.seqs is not None:
        yield among("batch", {seq // BATCH for seq in which.seqs})
        yield among("seq", which.seqs)
    if which.since is not None:
        yield from since(which.since)
    if which.until is not None:
        yield f"clicked_at < {which.until:d}"
        yield f"period <= {_day(which.until) + 1}"
    if which.spans is not None:
        yield among("link_id", {span.link_id for span in which.spans})
        if which.spans:
            yield from since(min(span.since for span in which.spans))
            yield f"period <= {_day(max(span.until for span in which.spans)) + 1}"
            yield f"({' OR '.join([_span(span) for span in sorted(set(which.spans))])})"


def since(moment: int) -> Iterator[str]:
    """Yield conditions of clicks from a moment on: whole periods before it are not looked at."""
    yield f"clicked_at >= {moment:d}"
    yield from_period(moment)


def from_period(moment: int) -> str:
    """Return the condition of periods that may not be over at a moment."""
    return f"period >= {max(0, _day(moment) - LONGEST)}"


def among(column: str, wanted: Collection[int]) -> str:
    """Return the condition that a column is one of these."""
    if not wanted:
        return NEVER
    return f"{column} IN ({_list(wanted)})"


def pairs_among(pairs: Collection[tuple[int, int]]) -> str:
    """Return the condition that link and visitor are one of these pairs, of which there are some.

    The first is there twice: one alone would be read as two numbers.
    """
    ordered = sorted(pairs)
    listed = ",".join([f"({link:d},{visitor:d})" for link, visitor in [ordered[0], *ordered]])
    return f"(link_id, visitor) IN ({listed})"


def _wanted(columns: Mapping[str, Numbers | None]) -> Iterator[str]:
    for column, wanted in columns.items():
        if wanted is not None:
            assert isinstance(wanted, Collection)
            yield among(column, wanted)


def _span(span: Span) -> str:
    link, begin, end = span
    return f"(link_id = {link:d} AND clicked_at >= {begin:d} AND clicked_at < {end:d})"


def _day(moment: int) -> int:
    return moment // DAY + DAY_ZERO


def _list(numbers: Collection[int]) -> str:
    return ",".join(map(str, sorted(map(int, numbers))))
