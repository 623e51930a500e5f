"""Bars across, each made of the parts of one whole: one below the other, longest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from linktrack.charts.parts import (
    NOTHING,
    STYLES,
    figure,
    join,
    legend,
    nothing,
    numbers_table,
    percent,
    picture,
    px,
    swatch_key,
)
from linktrack.charts.scales import number

_ROW: Final = 42.0  # px: a line of text, and the bar below it
_TEXT: Final = 14.0  # px from the top of a row to the line its text stands on
_BAR_TOP: Final = 20.0  # px
_BAR: Final = 14.0  # px
UNKNOWN: Final = "unknown"
"""The style of the part nobody can name: grey, and without a number in the order of colours."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, the value of each part in the order of the chart's parts, a page."""

    label: str
    values: Sequence[float]
    href: str = ""


def share_bar(share: float) -> Markup:
    """Draw a share (a fraction, 0 to 1) as a bar, beside the figure that says it."""
    return Markup(
        '<svg class="share-bar" aria-hidden="true" width="100%" height="14">'
        '<rect width="{}" height="14" rx="2"/></svg>'
    ).format(percent(100 * min(max(share, 0.0), 1.0)))


def stacked_bars(
    bars: Sequence[Bar],
    parts: Sequence[str],
    *,
    label: str,
    first: str,
    unit: str = "",
    is_unknown: Sequence[bool] = (),
    empty: str = NOTHING,
) -> Markup:
    """Draw bars from a common zero, each cut into parts that add up to it, in the order given.

    `parts` names them; those marked in `is_unknown` are grey. `first` heads the table's names.
    Values are never negative. Without any value: the sentence `empty`.
    """
    longest = max((sum(bar.values) for bar in bars), default=0.0)
    if longest <= 0:
        return nothing(empty)
    styles = _styles(len(parts), is_unknown)
    shown = [i for i in range(len(parts)) if any(bar.values[i] for bar in bars)]
    drawn = [
        _bar(bar, i * _ROW, longest, parts, styles) for i, bar in enumerate(bars) if sum(bar.values)
    ]
    rows = [
        (
            Markup('<a href="{}">{}</a>').format(bar.href, bar.label) if bar.href else bar.label,
            [sum(bar.values), *(bar.values[i] for i in shown)],
        )
        for bar in bars
    ]
    top = max(bars, key=lambda bar: sum(bar.values))
    words = f"{label}; bars: {len(bars)}, the longest {top.label}: {number(longest)}"
    return figure(
        "bars",
        legend([swatch_key(styles[i], parts[i]) for i in shown], unit),
        picture(drawn, len(bars) * _ROW, "group" if any(b.href for b in bars) else "img", words),
        numbers_table(label, [first, "All", *(parts[i] for i in shown)], rows, [0.0] * len(bars)),
    )


def _styles(count: int, is_unknown: Sequence[bool]) -> list[str]:
    """Give each part its colour; the parts nobody can name take none away from the others."""
    styles, colour = [], 0
    for i in range(count):
        if i < len(is_unknown) and is_unknown[i]:
            styles.append(UNKNOWN)
        else:
            styles.append(f"s{colour % STYLES}")
            colour += 1
    return styles


def _bar(
    bar: Bar, top: float, longest: float, parts: Sequence[str], styles: Sequence[str]
) -> Markup:
    whole = sum(bar.values)
    name = Markup('<text class="name" x="0" y="{}">{}</text>').format(px(top + _TEXT), bar.label)
    if bar.href:
        name = Markup('<a class="row" href="{}">{}</a>').format(bar.href, name)
    total = Markup('<text class="y total" x="100%" y="{}" data-value="{}">{}</text>').format(
        px(top + _TEXT), f"{whole:.12g}", number(whole)
    )
    pieces, x = [], 0.0
    rect = (
        '<rect class="part {}" x="{}" y="{}" width="{}" height="{}" data-value="{}">'
        "<title>{}</title></rect>"
    )
    for value, part, style in zip(bar.values, parts, styles, strict=True):
        if value <= 0:
            continue
        width = value / longest * 100
        words = f"{bar.label}, {part}: {number(value)}"
        box = (percent(x), px(top + _BAR_TOP), percent(width), px(_BAR), f"{value:.12g}")
        pieces.append(Markup(rect).format(style, *box, words))
        x += width
    return join([name, total, *pieces])
