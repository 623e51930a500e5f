"""What the page of followers draws of who came and left."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from markupsafe import Markup

from linktrack.charts import Mark, Span, change_chart
from linktrack.reports.people.followers import DayLine
from linktrack.reports.steps import DAILY

WEEK: Final = 7


def came_and_left(lines: Sequence[DayLine], handle: str, marks: Sequence[Mark]) -> Markup:
    """Draw followers gained and lost, or the net change if only totals are known; or by week."""
    spans = []
    for line in lines:
        if line.gained is None or line.lost is None:
            up, down = max(line.net, 0), max(-line.net, 0)
        else:
            up, down = line.gained + (line.returned or 0), line.lost
        spans.append(Span(line.day, line.precision_days, up, down))
    counted = any(line.gained is None for line in lines)
    return change_chart(
        _by_week(spans),
        label=f"Changes among the followers of {handle}",
        unit="per day",
        up="gained" if counted else "came",
        down="lost" if counted else "left",
        empty="No two follower lists, and no two counts, lie in these days.",
        marks=marks,
    )


def _by_week(spans: Sequence[Span]) -> list[Span]:
    """Put the spans of a week together where there are many; longer ones stay as they are."""
    if not spans or (spans[-1].day - spans[0].day).days <= DAILY:
        return list(spans)
    found: list[Span] = []
    begun = spans[0].day
    for span in spans:
        if found and span.days < WEEK and span.day - begun < timedelta(days=WEEK):
            last = found[-1]
            found[-1] = Span(
                span.day, last.days + span.days, last.up + span.up, last.down + span.down
            )
        else:
            found.append(span)
            begun = span.day
    return found
