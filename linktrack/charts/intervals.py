"""Values with their intervals on a logarithmic scale, each a link."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from linktrack.charts.parts import (
    AXIS,
    NOTHING,
    PLOT,
    STYLES,
    TOP,
    figure,
    hollow_key,
    join,
    legend,
    mark,
    mark_key,
    nothing,
    numbers_table,
    open_key,
    percent,
    picture,
    px,
    reference_key,
    x_label,
    y_axis,
    y_tick,
)
from linktrack.charts.scales import Band, known, log_ticks, number

_MOST_SHORT_LABELS: Final = 8
_MOST_ON_PHONES: Final = 4
_LOG_DECADES: Final = 3  # how far below the lowest value an interval is followed
_ZERO: Final = 26.0  # px the floor for zero clicks lies below the lowest logarithmic tick


@dataclass(frozen=True, slots=True)
class IntervalPoint:
    """One value with its interval, what it belongs to, and the page behind it.

    `value` None: no rate is known, the place stays empty. `low` and `high` None: no interval.
    `group` selects shape and colour, and is in the legend; `short` is shown below the axis.
    `progress`, as in "day 2 of 7", is of a post that is still counting, which is drawn hollow.
    `said` is the value with its interval as the page writes it; "": three significant digits.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    href: str
    group: str = ""
    short: str = ""
    progress: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A level to compare with, drawn as a dashed line and named in the legend."""

    label: str
    value: float


def interval_chart(
    points: Sequence[IntervalPoint],
    reference: Reference | None = None,
    *,
    label: str,
    unit: str = "",
    groups: Sequence[str] = (),
    what: str = "Post",
    empty: str = NOTHING,
) -> Markup:
    """Draw values with their intervals on a logarithmic scale, each a link, in the order given.

    A value of zero sits hollow on the floor, below the scale. Intervals are followed at most
    three decades below the lowest value. Values are never negative. Without any value: the
    sentence `empty`. The order of `groups` (then of first appearance) chooses shape and colour.
    `what` heads the names in the table.
    """
    drawn = [point for point in points if known(point.value)]
    if not drawn:
        return nothing(empty)
    level = reference if reference is not None and reference.value > 0 else None
    band = Band(TOP, PLOT, log_ticks(_log_range(drawn, level)), logarithmic=True)
    floor = band.bottom + _ZERO
    parts = [y_axis(band), y_tick(0.0, "0", floor, "floor")]
    order = list(dict.fromkeys([*groups, *(point.group for point in points)]))
    shown = {point.group for point in drawn}
    keys = [mark_key(i, group) for i, group in enumerate(order) if group and group in shown]
    if level is not None:
        rule = '<line class="reference" x1="0" x2="100%" y1="{0}" y2="{0}"/>'
        parts.append(Markup(rule).format(px(band.y(level.value))))
        keys.append(reference_key(f"{level.label}: {number(level.value)}"))
    if any(point.progress for point in drawn):
        keys.append(open_key("still counting"))
    if any(point.value == 0 and not point.progress for point in drawn):
        keys.append(hollow_key("no clicks"))
    every = math.ceil(len(points) / _MOST_SHORT_LABELS)
    crowded = len(points) > _MOST_ON_PHONES
    for i, (x, point) in enumerate(zip(_places(points), points, strict=True)):
        if point.short and i % every == 0:
            parts.append(x_label(point.short, x, floor, minor=crowded and i // every % 2 == 1))
        parts.append(_dot(point, x, band, floor, order.index(point.group)))
    words = f"{label}; {len(drawn)} values with their intervals"
    return figure(
        "interval",
        legend(keys, unit),
        picture(parts, floor + AXIS, "group", words),
        _interval_table(label, points, unit, what),
    )


def _places(points: Sequence[IntervalPoint]) -> list[float]:
    """Give each point's place in percent of the width: evenly spaced, in the middle of its own."""
    return [(i + 0.5) / len(points) * 100 for i in range(len(points))]


def _log_range(points: Sequence[IntervalPoint], level: Reference | None) -> list[float]:
    """Give the positive numbers a logarithmic scale must show."""
    centres = [point.value for point in points if point.value] + ([level.value] if level else [])
    highs = [point.high for point in points if point.high]
    lows = [point.low for point in points if point.low]
    least = min(centres or highs or [1.0]) / 10**_LOG_DECADES
    return [*centres, *highs, *(max(low, least) for low in lows)]


def _dot(point: IntervalPoint, x: float, band: Band, floor: float, group: int) -> Markup:
    """Draw one value with its interval as a link; nothing if no value is known."""
    if not known(point.value):
        return Markup("")
    words = f"{point.label}: {in_words(point)}"
    if point.progress:
        words = f"{words}, still counting: {point.progress}"
    y = band.y(point.value) if point.value > 0 else floor
    parts = [Markup("<title>{}</title>").format(words)]
    if point.low is not None and point.high is not None:
        least = band.ticks[0]
        low = floor if point.low <= 0 else band.y(max(point.low, least))
        high = band.y(max(point.high, least)) if point.high > 0 else floor
        bar = '<line class="bar" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
        parts.append(Markup(bar).format(percent(x), px(low), px(high)))
    # A circle nobody sees makes a finger's width of room for the pointer and for the focus ring.
    parts.append(Markup('<circle class="touch" cx="{}" cy="{}" r="12"/>').format(percent(x), px(y)))
    style = "hollow open" if point.progress else "" if point.value > 0 else "hollow"
    parts.append(mark(x, y, style, group))
    link = '<a class="point s{}" href="{}" aria-label="{}" data-name="{}">{}</a>'
    return Markup(link).format(group % STYLES, point.href, words, point.label, join(parts))


def _named(point: IntervalPoint) -> str:
    return f"{point.label} ({point.progress})" if point.progress else point.label


def in_words(point: IntervalPoint) -> str:
    """Return a value with its interval: 1.52 (1.09 to 2.12)."""
    if point.said:
        return point.said
    if point.value is None:
        return "unknown"
    if point.low is None or point.high is None:
        return number(point.value)
    return f"{number(point.value)} ({number(point.low)} to {number(point.high)})"


def _interval_table(label: str, points: Sequence[IntervalPoint], unit: str, what: str) -> Markup:
    link = Markup('<a href="{}">{}</a>')
    rows = [
        (link.format(point.href, _named(point)), [point.value, point.low, point.high])
        for point in points
    ]
    heads = [what, unit or "Value", "Lowest likely", "Highest likely"]
    return numbers_table(label, heads, rows, _places(points))
