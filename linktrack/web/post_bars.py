"""Posts in rows, each with its bar: all on one scale, over what is usual."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup

from linktrack.charts import IntervalPoint, Usual, interval_bar, row_axis, row_scale
from linktrack.links.excerpts import title
from linktrack.reports.figures.statistics.rates import Interval
from linktrack.reports.figures.words import per_thousand
from linktrack.reports.post_lines import PostLine

UNIT: Final = "clicks per 1,000 followers"
SHORT_UNIT: Final = "per 1,000"
PER_THOUSAND: Final = 1 / 1000


@dataclass(frozen=True, slots=True)
class BarRow:
    """One post, with its bar."""

    line: PostLine
    bar: Markup


@dataclass(frozen=True, slots=True)
class BarTable:
    """Posts with their bars, the scale that heads them, and whether the grey band is there."""

    rows: list[BarRow]
    axis: Markup
    has_usual: bool


def bar_table(lines: Sequence[PostLine], usual: Interval | None) -> BarTable:
    """Return the posts of one account with their bars; `usual` is a fraction of its followers."""
    band = None if usual is None else Usual(usual.low * 1000, usual.high * 1000)
    points = [rate_point(line, title(line.facts.written, 60)) for line in lines]
    scale = row_scale(points, band)
    return BarTable(
        [
            BarRow(line, interval_bar(point, scale, band, unit=SHORT_UNIT))
            for line, point in zip(lines, points, strict=True)
        ],
        row_axis(scale, UNIT),
        band is not None,
    )


def rate_point(
    line: PostLine,
    label: str,
    unit: float | None = PER_THOUSAND,
    href: str = "",
    *,
    said: bool = True,
) -> IntervalPoint:
    """Return a post's rate in `unit`, the rate that is one on the scale; None: it has no place.

    With `said` it tells its numbers as its row does, per 1,000 followers. A post that is still
    counting has no range: it would be as of a post that gets no more clicks.
    """
    value, between = line.cpf.value, None if line.progress else line.cpf.interval
    return IntervalPoint(
        label=label,
        value=value / unit if value is not None and unit else None,
        low=between.low / unit if between and unit else None,
        high=between.high / unit if between and unit else None,
        href=href,
        progress=line.progress or "",
        said=per_thousand(replace(line.cpf, interval=between)) if said else "",
    )
