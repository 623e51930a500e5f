"""Lines over days: the time chart with its strip, and the sparkline."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from markupsafe import Markup

from linktrack.charts.marks import Lettered, Mark, lettered, mark_lines, mark_list, texts_by_day
from linktrack.charts.parts import (
    AXIS,
    NOTHING,
    PLOT,
    STYLES,
    TOP,
    figure,
    join,
    legend,
    line_key,
    mark,
    nothing,
    numbers_table,
    past_key,
    paths,
    percent,
    picture,
    px,
    split_at_gaps,
    x_label,
    y_axis,
)
from linktrack.charts.scales import Band, date_ticks, day_name, day_scale, known, nice_ticks, number

_STRIP: Final = 46.0  # px
_STRIP_GAP: Final = 34.0  # px between plot and strip; the strip's caption stands in it
_SPARK: Final = 36.0  # px
_SPARK_MARGIN: Final = 5.0  # px, for the mark at the end
_DOTTED: Final = 45  # up to so many days every value of a line gets its mark


@dataclass(frozen=True, slots=True)
class Point:
    """A day and its value; a value of None breaks the line (nothing is known of that day)."""

    day: date
    value: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """A named line. Days that are left out are bridged; days with None are gaps.

    `colour` is the number of its colour and shape (0 to 5), so that an account looks the same
    everywhere; None: its place among the lines. One that `is_past` is grey, whatever its colour.
    """

    name: str
    points: Sequence[Point]
    colour: int | None = None
    is_past: bool = False


def time_chart(
    series: Sequence[Series],
    strip: Series | None = None,
    *,
    label: str,
    unit: str = "",
    empty: str = NOTHING,
    marks: Iterable[Mark] = (),
    step: str = "Day",
    span: tuple[date, date] | None = None,
) -> Markup:
    """Draw lines over days from a common zero, and a thin strip with its own scale below.

    `label` names the chart for those who can't see it; `unit` is in the legend. The strip
    (followers) shares the x axis and never the y axis. `marks` of these days are shown above it, in
    a list below and in the table. `step` heads the table's days, where each begins a longer time;
    `span` is the first and the last day of the axis where it is longer than the lines. Without any
    value: the sentence `empty`.
    """
    lines = [*series, strip] if strip is not None else list(series)
    days = sorted({point.day for line in lines for point in line.points})
    if not any(known(point.value) for line in lines for point in line.points):
        return nothing(empty)
    first, last = span or (days[0], days[-1])
    across = day_scale(first, last)
    plot = Band(TOP, PLOT, nice_ticks([0.0, *_values(series)]))
    parts = [y_axis(plot)]
    bottom = plot.bottom
    if strip is not None and _values([strip]):
        below, drawn = strip_below(strip, bottom, across)
        parts.append(drawn)
        bottom = below.bottom
    # Drawn last, lines lie above the grid of both bands.
    parts.append(x_axis(date_ticks(first, last), across, TOP, bottom))
    noted = lettered(marks, first, last)
    parts.append(mark_lines(noted, across, TOP, bottom))
    colours = [i if line.colour is None else line.colour for i, line in enumerate(series)]
    # What was before lies behind what is now.
    for i, line in sorted(
        zip(colours, series, strict=True), key=lambda pair: pair[1].is_past, reverse=True
    ):
        parts.append(_line(line, plot, across, "past" if line.is_past else f"s{i % STYLES}", i))
    keys = [
        past_key(line.name) if line.is_past else line_key(i, line.name)
        for i, line in zip(colours, series, strict=True)
    ]
    return figure(
        "time",
        legend(keys, unit),
        picture(parts, bottom + AXIS, "img", _describe(label, lines, days)),
        mark_list(noted),
        _day_table(label, lines, days, across, noted, step=step),
    )


def sparkline(
    values: Sequence[float | None],
    *,
    label: str,
    days: Sequence[date] = (),
    numbers: bool = True,
    colour: int = 0,
    empty: str = NOTHING,
) -> Markup:
    """Draw a small line from a common zero, without axes; None is a gap.

    `days`, one for each value, name the rows of the table behind it (else they are counted from
    1); `numbers` False leaves the table out where the page prints the same numbers anyway.
    `colour` is the number of a series (0 to 5), so that an account looks the same everywhere.
    """
    drawn = [value for value in values if known(value)]
    if not drawn:
        return nothing(empty)
    band = Band(_SPARK_MARGIN, _SPARK - 2 * _SPARK_MARGIN, [min(0.0, *drawn), max(0.0, *drawn)])
    if band.ticks[0] == band.ticks[1]:  # zeros only: a line along the bottom
        band = replace(band, ticks=[0.0, 1.0])
    last = max(len(values) - 1, 1)
    xs = [i / last * 100 for i in range(len(values))]
    places = list(zip(xs, values, strict=True))
    x, value = split_at_gaps(places)[-1][-1]
    style = f"s{colour % STYLES}"
    parts = [paths(places, band, style), mark(x, band.y(value), style, colour)]
    svg = picture(parts, _SPARK, "img", f"{label}: {_summary(drawn)}")
    if not numbers:
        return figure("spark", svg)
    names = [day_name(day) for day in days] or [str(i + 1) for i in range(len(values))]
    rows = [(name, [value]) for name, value in zip(names, values, strict=True)]
    return figure("spark", svg, numbers_table(label, ["Day", "Value"], rows, xs))


def strip_below(
    strip: Series, bottom: float, across: Callable[[date], float]
) -> tuple[Band, Markup]:
    """Draw a thin line on a scale of its own below a plot; return its band as well."""
    below = Band(bottom + _STRIP_GAP, _STRIP, nice_ticks(_values([strip]), most=2))
    caption = '<text class="caption" x="0" y="{}">{}</text>'
    name = Markup(caption).format(px(below.top - 12), strip.name)
    return below, join([name, y_axis(below), _line(strip, below, across, "strip", 0)])


def x_axis(
    ticks: Sequence[tuple[date, str]], across: Callable[[date], float], top: float, bottom: float
) -> Markup:
    """Draw the dates below the lowest band; narrow screens keep about four labels."""
    rule = '<line class="day" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
    every = math.ceil(len(ticks) / 4)
    parts = []
    for i, (day, text) in enumerate(ticks):
        x = across(day)
        parts.append(Markup(rule).format(percent(x), px(top), px(bottom + 4)))
        parts.append(x_label(text, x, bottom, bool(i % every)))
    return join(parts)


def _line(
    line: Series, band: Band, across: Callable[[date], float], style: str, shape: int
) -> Markup:
    """Draw a line, its marks where they are few, and always those that no line would show."""
    places = [(across(point.day), point.value) for point in sorted(line.points, key=_by_day)]
    runs = split_at_gaps(places)
    marked = [point for run in runs for point in run if len(run) == 1]
    if len(places) <= _DOTTED and style not in ("strip", "past"):
        marked = [point for run in runs for point in run]
    elif runs:
        marked = [*marked, runs[-1][-1]]
    marks = [mark(x, band.y(value), style, shape) for x, value in dict.fromkeys(marked)]
    return join([paths(places, band, style), *marks])


def _by_day(point: Point) -> date:
    return point.day


def _values(series: Iterable[Series]) -> list[float]:
    points = [point for line in series for point in sorted(line.points, key=_by_day)]
    return [point.value for point in points if known(point.value)]


def _summary(values: Sequence[float]) -> str:
    lowest, highest, last = number(min(values)), number(max(values)), number(values[-1])
    return f"lowest {lowest}, highest {highest}, last {last}"


def _describe(label: str, lines: Sequence[Series], days: Sequence[date]) -> str:
    """Say in a sentence what the picture shows."""
    span = f"{day_name(days[0])} to {day_name(days[-1])}"
    drawn = [(line.name, _values([line])) for line in lines]
    each = [f"{name}: {_summary(values) if values else 'no values'}" for name, values in drawn]
    return f"{label}, {span}. {'; '.join(each)}."


def _time(day: date) -> Markup:
    """Write a day so that scripts can read it: dragging across days opens the page for them."""
    return Markup(f'<time datetime="{day.isoformat()}">{day_name(day)}</time>')


def _day_table(
    label: str,
    lines: Sequence[Series],
    days: Sequence[date],
    across: Callable[[date], float],
    noted: Sequence[Lettered],
    *,
    step: str,
) -> Markup:
    by_day = [{point.day: point.value for point in line.points} for line in lines]
    rows = [(_time(day), [values.get(day) for values in by_day]) for day in days]
    heads = [step, *(line.name for line in lines)]
    xs = [across(day) for day in days]
    if not noted:
        return numbers_table(label, heads, rows, xs)
    texts = texts_by_day(noted)
    return numbers_table(label, [*heads, "Notes"], rows, xs, [texts.get(day, "") for day in days])
