"""The latest posts, each with its bar on one scale over what is usual."""

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from linktrack.charts import IntervalPoint, RowScale, Usual, interval_bar, row_axis, row_scale
from linktrack.links.excerpts import title
from linktrack.reports.post_lines import PostLine
from linktrack.reports.standing import LatestPosts
from linktrack.web.charting import per_thousand

UNIT: Final = "clicks per 1,000 followers"


@dataclass(frozen=True, slots=True)
class LatestRow:
    """One of the latest posts, with its bar."""

    line: PostLine
    bar: Markup


def latest_rows(found: LatestPosts) -> list[LatestRow]:
    """Return the posts with their bars, all on one scale."""
    scale, usual = _scale(found), _usual(found)
    return [
        LatestRow(line, interval_bar(_point(line), scale, usual, unit="per 1,000"))
        for line in found.lines
    ]


def _scale(found: LatestPosts) -> RowScale:
    return row_scale([_point(line) for line in found.lines], _usual(found))


def _usual(found: LatestPosts) -> Usual | None:
    if found.usual is None:
        return None
    return Usual(found.usual.low * 1000, found.usual.high * 1000)


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


def latest_axis(found: LatestPosts) -> Markup:
    """Draw the scale that heads the bars."""
    return row_axis(_scale(found), UNIT)
