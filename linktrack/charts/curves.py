"""A curve that grows by the hour, over the band in which others lay."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from linktrack.charts.parts import (
    AXIS,
    PLOT,
    TOP,
    area,
    band_key,
    figure,
    join,
    legend,
    line_key,
    mark,
    numbers_table,
    paths,
    percent,
    picture,
    px,
    x_label,
    y_axis,
)
from linktrack.charts.scales import Band, nice_ticks, number

_EVERY: Final = 12  # hours between two labels


def hours_curve(
    values: Sequence[float],
    band: Sequence[tuple[float, float]],
    hours: int,
    *,
    label: str,
    name: str,
    band_name: str,
) -> Markup:
    """Draw sums at the end of each hour from zero on, as far as they go, over a band of others.

    `values` may end before the band does. Both are linear, and begin at zero.
    """
    tops = [*values, *(high for _, high in band)]
    plot = Band(TOP, PLOT, nice_ticks([0.0, *tops]))
    places = [i / hours * 100 for i in range(hours + 1)]
    parts = [y_axis(plot)]
    rule = '<line class="day" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
    for hour in range(0, hours + 1, _EVERY):
        x = places[hour]
        parts.append(Markup(rule).format(percent(x), px(TOP), px(plot.bottom + 4)))
        parts.append(x_label(f"{hour} h" if hour else "posted", x, plot.bottom, minor=False))
    if band:
        ends = [(0.0, 0.0), *band]
        parts.append(
            area(
                [(x, low, high) for x, (low, high) in zip(places, ends, strict=True)],
                plot,
                "usual",
            )
        )
    run = [(x, value) for x, value in zip(places, [0.0, *values], strict=False)]
    parts.append(paths(run, plot, "s0"))
    x, last = run[-1]
    parts.append(mark(x, plot.y(last or 0.0), "s0", 0))
    summary = f"{label}: {number(values[-1] if values else 0)} after {len(values)} hours"
    if band:
        low, high = band[-1]
        summary += f"; {band_name} after {hours}: {number(low)} to {number(high)}"
    rows = [
        (
            f"{i + 1} h",
            [values[i] if i < len(values) else None, *(band[i] if band else ())],
        )
        for i in range(hours if band else len(values))
    ]
    heads = ["After", name, *((f"{band_name}, from", "to") if band else ())]
    keys = [line_key(0, name), band_key(band_name) if band else Markup("")]
    return figure(
        "time",
        legend(keys, ""),
        picture([join(parts)], plot.bottom + AXIS, "img", summary),
        numbers_table(label, heads, rows, places[1 : len(rows) + 1]),
    )
