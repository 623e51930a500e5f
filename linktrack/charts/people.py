"""How many people clicked, period by period: an estimate with its band, over the followers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from statistics import median
from typing import Final

from markupsafe import Markup

from linktrack.charts.lines import Series, strip_below
from linktrack.charts.parts import (
    AXIS,
    area,
    area_key,
    figure,
    join,
    legend,
    line_key,
    mark,
    nothing,
    numbers_table,
    paths,
    percent,
    picture,
    px,
    seen_key,
    x_label,
    y_axis,
)
from linktrack.charts.scales import Band, day_scale, known, nice_ticks, number

_TOP: Final = 30.0  # px above the plot, for what the jumps are
_PLOT: Final = 150.0  # px
_MOST_BEYOND: Final = 1.6  # how far the scale follows an upper end, in the largest value
_OUTLIER: Final = 3.0  # times the median from which a value is cut at the top, with its number
_LABEL: Final = 12.0  # px between a line and what names it
_JUMP_ROW: Final = 14.0  # px between the words of two jumps


@dataclass(frozen=True, slots=True)
class PeoplePoint:
    """One period, first and last day: the people seen, and how many there are at least.

    None where nothing can be told. `name` is the period in full, `short` below the axis.
    """

    first: date
    last: date
    name: str
    short: str
    seen: float
    value: float | None
    low: float | None
    high: float | None
    followers: float | None


@dataclass(frozen=True, slots=True)
class JumpMark:
    """A jump of the follower count between two days, in a few words."""

    first: date
    last: date
    words: str
    is_loss: bool


def people_chart(
    points: Sequence[PeoplePoint],
    strip: Series | None,
    jumps: Sequence[JumpMark] = (),
    *,
    label: str,
    heads: Sequence[str],
    empty: str,
) -> Markup:
    """Draw the estimates as a line with its band, those seen dashed, and a strip of followers.

    Periods lie side by side as wide as they are long; `jumps` are lines down through both. `heads`
    name the table's columns: period, at least, both ends, seen, followers.
    """
    if not points:
        return nothing(empty)
    across = day_scale(points[0].first, points[-1].last)
    xs = [(across(point.first) + across(point.last)) / 2 for point in points]
    band = _band(points, _TOP + max(0, len(jumps) - 1) * _JUMP_ROW)
    parts = [y_axis(band)]
    bottom = band.bottom
    if strip is not None:
        below, drawn = strip_below(strip, bottom, across)
        parts.append(drawn)
        bottom = below.bottom
    parts += [_jump(jump, i, across, bottom) for i, jump in enumerate(jumps)]
    top = band.ticks[-1]
    known_ends = [
        (x, min(point.low, top), min(point.high, top))
        if point.low is not None and point.high is not None
        else None
        for x, point in zip(xs, points, strict=True)
    ]
    for is_known, group in groupby(known_ends, key=lambda each: each is not None):
        if is_known:
            parts.append(area([each for each in group if each is not None], band, "s0"))
    seen = [(x, min(point.seen, top)) for x, point in zip(xs, points, strict=True)]
    values = [
        (x, None if point.value is None else min(point.value, top))
        for x, point in zip(xs, points, strict=True)
    ]
    parts += [paths(seen, band, "seen"), paths(values, band, "s0")]
    parts += [mark(x, band.y(value), "s0", 0) for x, value in values if known(value)]
    cut = '<text class="named s0 end" x="{}" y="{}" dx="-8" dy=".32em">{} \u2191</text>'
    parts += [
        Markup(cut).format(percent(x), px(band.top), number(point.value))
        for x, point in zip(xs, points, strict=True)
        if point.value is not None and point.value > top
    ]
    every = -(-len(points) // 7)
    parts += [
        x_label(point.short, x, bottom, minor=bool((len(points) - 1 - i) % every))
        for i, (x, point) in enumerate(zip(xs, points, strict=True))
    ]
    parts.append(_last(points[-1], xs[-1], band))
    told = [point.value for point in points if known(point.value)]
    summary = (
        f"{label}: {points[0].name} to {points[-1].name}; "
        + (f"at least {number(min(told))} to {number(max(told))}" if told else "no estimate")
        + f", seen {number(min(p.seen for p in points))} to {number(max(p.seen for p in points))}"
    )
    keys = [line_key(0, "at least"), area_key("likely range"), seen_key("seen")]
    return figure(
        "time chart-people",
        legend(keys if told else keys[2:], ""),
        picture(parts, bottom + AXIS, "img", summary),
        numbers_table(label, heads, [(p.name, _numbers(p)) for p in points], xs),
    )


def _numbers(point: PeoplePoint) -> list[float | None]:
    return [point.value, point.low, point.high, point.seen, point.followers]


def _band(points: Sequence[PeoplePoint], top: float) -> Band:
    """Return the scale; one month that went far beyond all others must not flatten them."""
    values = [value for p in points for value in (p.value, p.seen) if known(value)]
    most = _OUTLIER * median(p.seen if p.value is None else p.value for p in points)
    values = [value for value in values if value <= most] or values
    farthest = _MOST_BEYOND * max(values)
    highs = [
        min(point.high, farthest)
        for point in points
        if known(point.high) and known(point.value) and point.value <= farthest
    ]
    return Band(top, _PLOT, nice_ticks([0.0, *values, *highs]))


def _jump(jump: JumpMark, row: int, across: Callable[[date], float], bottom: float) -> Markup:
    """Draw a line down in the middle of a jump, and say in words at its top what happened."""
    middle = jump.first + timedelta(days=(jump.last - jump.first).days // 2)
    x = across(middle)
    y = 10 + row * _JUMP_ROW
    side = "end" if x > 50 else "start"
    return Markup(
        '<g class="jump {}"><line x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="{}" x="{}" y="{}" dx="{}">{}</text></g>'
    ).format(
        "loss" if jump.is_loss else "gain",
        percent(x),
        percent(x),
        px(y - 8),
        px(bottom),
        side,
        percent(x),
        px(y),
        -6 if side == "end" else 6,
        jump.words,
    )


def _last(point: PeoplePoint, x: float, band: Band) -> Markup:
    """Name both lines at their ends."""
    text = '<text class="named {} end" x="{}" y="{}">{}</text>'
    found = []
    if known(point.value):
        high = min(point.high or point.value, band.ticks[-1])
        found.append(
            Markup(text).format(
                "s0", percent(x), px(band.y(high) - _LABEL / 2), f"at least {number(point.value)}"
            )
        )
    y = band.y(min(point.seen, band.ticks[-1]))
    fits = y + _LABEL + 8 < band.bottom  # else it would lie on the axis
    beside = y + _LABEL + 4 if fits else y - _LABEL / 2
    found.append(Markup(text).format("seen", percent(x), px(beside), f"seen: {number(point.seen)}"))
    return join(found)
