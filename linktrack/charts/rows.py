"""Intervals in the rows of a table, all on one linear scale, over what is usual."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from linktrack.charts.intervals import IntervalPoint, in_words
from linktrack.charts.parts import STYLES, join, mark, percent, px
from linktrack.charts.scales import known, nice_ticks, number

_HEIGHT: Final = 28.0  # px
_BAR: Final = 5.0  # px
_MOST_BEYOND: Final = 1.5  # how far the scale follows an upper end, in the largest value


@dataclass(frozen=True, slots=True)
class RowScale:
    """A linear scale from zero that the bars of a table share; ticks from zero to its end."""

    ticks: Sequence[float]

    def x(self, value: float) -> float:
        """Place a value, in percent of the width; what lies beyond the scale is at its end."""
        return min(max(value / self.ticks[-1], 0.0), 1.0) * 100


@dataclass(frozen=True, slots=True)
class Usual:
    """The range of what is usual, in the unit of the values."""

    low: float
    high: float


def row_scale(points: Iterable[IntervalPoint], usual: Usual | None = None) -> RowScale:
    """Return the scale on which these values lie, and what is usual.

    Upper ends are followed up to half as much again as the largest value: one post with few
    followers must not press all others against zero.
    """
    points = list(points)
    values = [point.value for point in points if known(point.value)]
    values += [usual.high] if usual else []
    farthest = _MOST_BEYOND * max(values, default=0.0)
    highs = [min(point.high, farthest) for point in points if known(point.high)]
    return RowScale(nice_ticks([0.0, *(values or [1.0]), *highs], most=3))


def row_axis(scale: RowScale, unit: str) -> Markup:
    """Draw the scale that heads the bars: zero, its end, and the ticks between them."""
    ticks = join(
        Markup('<text class="x" x="{}" y="12">{}</text>').format(
            percent(scale.x(tick)), number(tick)
        )
        for tick in scale.ticks
    )
    svg = (
        '<svg class="row-plot row-axis" role="img" aria-label="Scale from 0 to {} {}"'
        ' width="100%" height="16">{}</svg>'
    )
    return Markup(svg).format(number(scale.ticks[-1]), unit, ticks)


def interval_bar(
    point: IntervalPoint,
    scale: RowScale,
    usual: Usual | None = None,
    *,
    unit: str = "",
    group: int = 0,
) -> Markup:
    """Draw one value with its interval on the scale, over the grey band of what is usual.

    It is hollow, and has no interval, while the post is still counting (`progress`). It says its
    name and numbers to pointer, touch and keyboard; with `href` it is a link. Without a value:
    the band alone, which nobody needs to stop at. `group` (0 to 5) is its colour and shape.
    """
    band = Markup("")
    if usual is not None:
        rect = '<rect class="usual" x="{}" width="{}" y="0" height="100%"/>'
        left, right = scale.x(usual.low), scale.x(usual.high)
        band = Markup(rect).format(percent(left), percent(max(right - left, 0.5)))
    if not known(point.value):
        return _picture(band)
    middle = _HEIGHT / 2
    words = f"{point.label}: {in_words(point)}"
    if unit:
        words += f" {unit}"
    if point.progress:
        words += f", still counting: {point.progress}"
    elif usual is not None:
        words += f"; usual: {number(usual.low)} to {number(usual.high)}"
    parts = [Markup("<title>{}</title>").format(words)]
    if point.low is not None and point.high is not None:
        low, high = scale.x(point.low), scale.x(point.high)
        rect = '<rect class="likely" x="{}" width="{}" y="{}" height="{}" rx="2"/>'
        parts.append(
            Markup(rect).format(percent(low), percent(high - low), px(middle - _BAR / 2), px(_BAR))
        )
    x = scale.x(point.value)
    parts.append(
        Markup('<circle class="touch" cx="{}" cy="{}" r="12"/>').format(percent(x), px(middle))
    )
    parts.append(mark(x, middle, "hollow" if point.progress else "", group))
    # A graphic that takes the focus, so that keys and touch reach its numbers as a pointer does.
    begun = '<g class="point s{0}" tabindex="0" role="img" aria-label="{2}" data-name="{3}">'
    if point.href:
        begun = '<a class="point s{0}" href="{1}" aria-label="{2}" data-name="{3}">'
    start = Markup(begun).format(group % STYLES, point.href, words, point.label)
    end = Markup("</a>") if point.href else Markup("</g>")
    return _picture(band + start + join(parts) + end)


def _picture(inside: Markup) -> Markup:
    svg = '<svg class="row-plot" width="100%" height="{}">{}</svg>'
    return Markup(svg).format(px(_HEIGHT), inside)
