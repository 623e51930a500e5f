"""Who came and who left: bars up and down from a line, each as wide as the time it speaks of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from linktrack.charts.lines import x_axis
from linktrack.charts.marks import Mark, lettered, mark_lines, mark_list
from linktrack.charts.parts import (
    AXIS,
    NOTHING,
    PLOT,
    TOP,
    bar_key,
    figure,
    join,
    legend,
    nothing,
    numbers_table,
    percent,
    picture,
    px,
    y_axis,
)
from linktrack.charts.scales import Band, date_ticks, day_name, nice_ticks, number


@dataclass(frozen=True, slots=True)
class Span:
    """What happened within `days` that end with a day: people who came, and people who left."""

    day: date
    days: float
    up: float
    down: float


def change_chart(
    spans: Sequence[Span],
    *,
    label: str,
    unit: str = "",
    up: str,
    down: str,
    empty: str = NOTHING,
    marks: Iterable[Mark] = (),
) -> Markup:
    """Draw people per day up and down from zero; unknown days stay empty.

    A bar is as wide as the time in which it may have happened, and as high as its people for
    each day of it, so that equal areas are equal numbers. `up` and `down` name the two in the
    legend; `marks` of these days are shown above, and in a list below.
    """
    if not spans:
        return nothing(empty)
    first = min(span.day - timedelta(days=span.days) for span in spans)
    last = max(span.day for span in spans)
    width = max((last - first).days, 1)
    rates = [value / max(span.days, 1e-6) for span in spans for value in (span.up, -span.down)]
    band = Band(TOP, PLOT, nice_ticks([0.0, *rates]))
    parts = [y_axis(band)]
    rule = '<line class="axis" x1="0" x2="100%" y1="{0}" y2="{0}"/>'
    parts.append(Markup(rule).format(px(band.y(0.0))))

    def across(day: date) -> float:
        return (day - first).days / width * 100

    parts.append(x_axis(date_ticks(first, last), across, TOP, band.bottom))
    for span in spans:
        end = across(span.day)
        start = max(0.0, end - span.days / width * 100)
        words = (
            f"{day_name(span.day)}, within {number(span.days)} days: {number(span.up)} {up}, "
            f"{number(span.down)} {down}"
        )
        bars = [
            _bar(band, start, end, sign * value / max(span.days, 1e-6), style)
            for sign, value, style in ((1, span.up, "s0"), (-1, span.down, "s1"))
            if value
        ]
        parts.append(Markup("<g><title>{}</title>{}</g>").format(words, join(bars)))
    noted = lettered(marks, first, last)
    parts.append(mark_lines(noted, across, TOP, band.bottom))
    rows = [(day_name(span.day), [span.days, span.up, span.down]) for span in spans]
    table = numbers_table(
        label, ["Day", "Within days", up, down], rows, [across(span.day) for span in spans]
    )
    came, left = sum(span.up for span in spans), sum(span.down for span in spans)
    said = (
        f"{label}, {day_name(first)} to {day_name(last)}: {number(came)} {up}, "
        f"{number(left)} {down}."
    )
    return figure(
        "changes",
        legend([bar_key(0, up), bar_key(1, down)], unit),
        picture(parts, band.bottom + AXIS, "img", said),
        mark_list(noted),
        table,
    )


def _bar(band: Band, start: float, end: float, rate: float, style: str) -> Markup:
    top, bottom = sorted((band.y(rate), band.y(0.0)))
    bar = '<rect class="change {}" x="{}" y="{}" width="{}" height="{}"/>'
    return Markup(bar).format(
        style, percent(start), px(top), percent(max(end - start, 0.4)), px(max(bottom - top, 1.5))
    )
