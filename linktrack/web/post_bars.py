"""Posts in rows, each with its bar: all on one scale, over what is usual."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from linktrack.charts import IntervalPoint, Usual, interval_bar, row_axis, row_scale
from linktrack.links.excerpts import title
from linktrack.reports.figures.statistics.rates import Interval
from linktrack.reports.post_lines import PostLine
from linktrack.web.charting import per_thousand

UNIT: Final = "clicks per 1,000 followers"
SHORT_UNIT: Final = "per 1,000"


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
    points = [_point(line) for line in lines]
    scale = row_scale(points, band)
    return BarTable(
        [
            BarRow(line, interval_bar(point, scale, band, unit=SHORT_UNIT))
            for line, point in zip(lines, points, strict=True)
        ],
        row_axis(scale, UNIT),
        band is not None,
    )


def _point(line: PostLine) -> IntervalPoint:
    low, value, high = per_thousand(line.cpf)
    if line.progress:  # its range would be as of a post that gets no more clicks
        low = high = None
    return IntervalPoint(
        label=title(line.facts.written, 60),
        value=value,
        low=low,
        high=high,
        href="",
        progress=line.progress or "",
    )
