"""Parts every chart is made of: axes, lines, marks, legend, and the table behind it."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from markupsafe import Markup, escape

from linktrack.charts.scales import Band, known, number, short

NOTHING: Final = "No numbers to draw yet."
TOP: Final = 12.0  # px above the plot: half a line of text and the largest mark
PLOT: Final = 180.0  # px
AXIS: Final = 26.0  # px below the plot for the labels of x
_DENSE: Final = 250  # lines of more places are drawn thinner
_X_UNITS: Final = 10000  # path units over the width
_Y_UNITS: Final = 10  # path units to the px
NO_TEXT: Final = "\u2013"
STYLES: Final = 6  # how many classes s0..s5 the style sheet has
# Shape tells series apart where colour cannot.
_SHAPES: Final = (
    Markup('<circle r="4"/>'),
    Markup('<path d="M-3.6-3.6h7.2v7.2h-7.2z"/>'),
    Markup('<path d="M0-4.8l4.6 8h-9.2z"/>'),
    Markup('<path d="M0-5l5 5-5 5-5-5z"/>'),
    Markup('<path d="M0 4.8l4.6-8h-9.2z"/>'),
    Markup('<path d="M-1.6-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3z"/>'),
)


def px(value: float) -> str:
    """Write a length in px, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def percent(value: float) -> str:
    """Write a place in percent of the width, to a thousandth."""
    return f"{value:.3f}".rstrip("0").rstrip(".") + "%"


def join(parts: Iterable[Markup]) -> Markup:
    """Put parts one after the other."""
    return Markup("").join(parts)


def nothing(sentence: str) -> Markup:
    """Say in a sentence that there is nothing to draw."""
    return Markup('<p class="empty">{}</p>').format(sentence)


def picture(parts: Iterable[Markup], height: float, role: str, label: str) -> Markup:
    """Wrap the parts in the outer svg; role "img", or "group" where links are inside."""
    svg = '<svg class="plot" role="{}" aria-label="{}" width="100%" height="{}">{}</svg>'
    return Markup(svg).format(role, label, px(height), join(parts))


def figure(kind: str, *parts: Markup) -> Markup:
    """Wrap legend, picture and table."""
    return Markup('<figure class="chart chart-{}">{}</figure>').format(kind, join(parts))


def y_tick(value: float, text: str, y: float, kind: str = "grid") -> Markup:
    """Draw a line across and its label to the left."""
    tick = (
        '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>'
        '<text class="y" x="-8" y="{}" dy=".32em" data-value="{}">{}</text>'
    )
    return Markup(tick).format(kind, px(y), px(y), px(y), f"{value:.12g}", text)


def y_axis(band: Band) -> Markup:
    """Draw a line and a label for each tick; the lowest line is the axis."""
    top = max(abs(tick) for tick in band.ticks)
    return join(
        y_tick(tick, short(tick, top), band.y(tick), "grid" if i else "axis")
        for i, tick in enumerate(band.ticks)
    )


def x_label(text: str, x: float, bottom: float, minor: bool) -> Markup:
    """Write a label below the band; a minor one is left out on narrow screens."""
    label = '<text class="x{}" x="{}" y="{}">{}</text>'
    return Markup(label).format(" minor" if minor else "", percent(x), px(bottom + 19), text)


def split_at_gaps(places: Iterable[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """Split places at their gaps: each run is drawn without lifting the pen."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, value in places:
        if known(value):
            runs[-1].append((x, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def paths(places: Sequence[tuple[float, float | None]], band: Band, style: str) -> Markup:
    """Draw the runs as one path in a svg stretched over the band; relative whole units."""
    style += " dense" if len(places) > _DENSE else ""
    steps = []
    for run in split_at_gaps(places):
        grid = [
            (round(x / 100 * _X_UNITS), round((band.y(value) - band.top) * _Y_UNITS))
            for x, value in run
        ]
        steps.append(f"M{grid[0][0]} {grid[0][1]}")
        steps += [f"l{x - a} {y - b}" for (a, b), (x, y) in pairwise(grid)]
    path = (
        '<svg class="lines" y="{}" width="100%" height="{}" viewBox="0 0 {} {}"'
        ' preserveAspectRatio="none"><path class="line {}" d="{}"/></svg>'
    )
    size = (_X_UNITS, px(band.height * _Y_UNITS))
    return Markup(path).format(px(band.top), px(band.height), *size, style, "".join(steps))


def area(places: Sequence[tuple[float, float, float]], band: Band, style: str) -> Markup:
    """Fill between the low and the high ends of some places, in a svg stretched over the band."""
    upper = [(x, high) for x, _, high in places]
    lower = [(x, low) for x, low, _ in reversed(places)]
    outline = "L".join(
        f"{round(x / 100 * _X_UNITS)} {round((band.y(value) - band.top) * _Y_UNITS)}"
        for x, value in [*upper, *lower]
    )
    path = (
        '<svg class="lines" y="{}" width="100%" height="{}" viewBox="0 0 {} {}"'
        ' preserveAspectRatio="none"><path class="area {}" d="M{}z"/></svg>'
    )
    size = (_X_UNITS, px(band.height * _Y_UNITS))
    return Markup(path).format(px(band.top), px(band.height), *size, style, outline)


def mark(x: float, y: float, style: str, shape: int) -> Markup:
    """Draw the shape of a series at a place (percent, px)."""
    placed = '<svg class="mark {}" x="{}" y="{}">{}</svg>'
    return Markup(placed).format(style, percent(x), px(y), _SHAPES[shape % STYLES])


def legend(keys: Iterable[Markup], unit: str) -> Markup:
    """List the keys, and the unit last; nothing if there is neither."""
    items = [Markup("<li>{}</li>").format(key) for key in keys if key]
    if unit:
        items.append(Markup('<li class="unit">{}</li>').format(unit))
    return Markup('<ul class="legend">{}</ul>').format(join(items)) if items else Markup("")


def _key(drawing: Markup, text: str, width: int = 26) -> Markup:
    key = '<svg class="key" aria-hidden="true" width="{}" height="12">{}</svg> {}'
    return Markup(key).format(width, drawing, text)


def line_key(i: int, name: str) -> Markup:
    """Name a line: its dashes and its shape."""
    line = Markup('<path class="line s{}" d="M0 6h26"/>').format(i % STYLES)
    return _key(line + mark(50, 6, f"s{i % STYLES}", i), name)


def mark_key(i: int, name: str) -> Markup:
    """Name a shape."""
    return _key(mark(50, 6, f"s{i % STYLES}", i), name, width=12)


def swatch_key(style: str, name: str) -> Markup:
    """Name a colour of a bar's parts."""
    square = '<rect class="part {}" width="12" height="12"/>'
    return _key(Markup(square).format(style), name, width=12)


def past_key(name: str) -> Markup:
    """Name the grey line of what was before."""
    return _key(Markup('<path class="line past" d="M0 6h26"/>'), name)


def area_key(name: str) -> Markup:
    """Name the band around the first line."""
    return _key(Markup('<path class="area s0" d="M0 1h26v10h-26z"/>'), name)


def seen_key(name: str) -> Markup:
    """Name the dashed line of what was seen."""
    return _key(Markup('<path class="line seen" d="M0 6h26"/>'), name)


def band_key(name: str) -> Markup:
    """Name the grey band of what is usual."""
    return _key(Markup('<path class="area usual" d="M0 1h26v10h-26z"/>'), name)


def hollow_key(name: str) -> Markup:
    """Name the hollow marks on the floor, whatever their shape."""
    return _key(mark(50, 6, "hollow", 0), name, width=12)


def open_key(name: str) -> Markup:
    """Name the hollow, dashed marks of what is still counting."""
    return _key(mark(50, 6, "hollow open", 0), name, width=12)


def bar_key(i: int, name: str) -> Markup:
    """Name a colour of bars."""
    bar = Markup('<rect class="change s{}" x="1" y="1" width="10" height="10"/>').format(i % STYLES)
    return _key(bar, name, width=12)


def reference_key(text: str) -> Markup:
    """Name the dashed line across."""
    return _key(Markup('<path class="reference" d="M0 6h26"/>'), text)


def _cell(value: float | None) -> str:
    text = number(value) if known(value) else "\u2013"
    return f'<td class="num">{text}</td>'


def _row(x: float, name: str | Markup, values: Iterable[float | None], text: str | None) -> str:
    # Markup.format would take 100 ms for a year of three lines, half of a page's time.
    cells = "".join(map(_cell, values))
    if text is not None:
        cells += f"<td>{escape(text or NO_TEXT)}</td>"
    return f'<tr data-x="{x:.6g}"><th scope="row">{escape(name)}</th>{cells}</tr>'


def numbers_table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[tuple[str | Markup, Sequence[float | None]]],
    xs: Sequence[float],
    texts: Sequence[str] | None = None,
) -> Markup:
    """Give the numbers as a table behind a summary; data-x is each row's place in the picture.

    `texts`, one for each row or "", are the last column, named by the last of the heads.
    """
    numeric = len(heads) - (texts is not None)
    head = join(
        Markup('<th scope="col"{}>{}</th>').format(
            Markup(' class="num"') if 0 < i < numeric else "", text
        )
        for i, text in enumerate(heads)
    )
    last: Sequence[str | None] = [None] * len(xs) if texts is None else texts
    lines = zip(xs, rows, last, strict=True)
    body = Markup("".join(_row(x, name, values, text) for x, (name, values), text in lines))
    return Markup(
        '<details class="numbers"><summary>Show the numbers</summary><div class="table-scroll"'
        ' role="region" tabindex="0" aria-label="{0}"><table><caption>{0}</caption>'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div></details>"
    ).format(caption, head, body)
