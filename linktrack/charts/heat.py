"""Heat tables: a number for each weekday and hour, and the more of it, the stronger one colour."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from linktrack.charts.parts import NOTHING, figure, join, legend, nothing, numbers_table
from linktrack.charts.scales import number, short

LEVELS: Final = 6
"""Strengths of the colour above none, in equal steps up to the highest number."""


def heat_table(
    values: Sequence[Sequence[int]],
    *,
    label: str,
    rows: Sequence[str],
    columns: Sequence[str],
    first: str,
    unit: str,
    empty: str = NOTHING,
) -> Markup:
    """Draw a number for each of `rows` and `columns`; on narrow screens the two change places.

    `first` heads the column of the table behind it that names `columns`. Numbers are whole.
    """
    highest = max(value for row in values for value in row)
    if not highest:
        return nothing(empty)
    head = '<span class="head">{}</span>'
    cells = [Markup("<span></span>"), *(Markup(head).format(name) for name in columns)]
    for name, row in zip(rows, values, strict=True):
        cells.append(Markup(head).format(name))
        cells += [_cell(value, highest) for value in row]
    at = [(row.index(highest), i) for i, row in enumerate(values) if highest in row]
    column, line = at[0]
    said = f"{label}. Most: {number(highest)}, {rows[line]} {columns[column]}."
    picture = Markup('<div class="heat" role="img" aria-label="{}">{}</div>').format(
        said, join(cells)
    )
    table = numbers_table(
        label,
        [first, *rows],
        [(name, [row[i] for row in values]) for i, name in enumerate(columns)],
        [i / max(len(columns) - 1, 1) * 100 for i in range(len(columns))],
    )
    return figure("heat", legend([_scale(highest)], unit), picture, table)


def level(value: int, highest: int) -> int:
    """Return the strength of the colour: 0 for nothing, `LEVELS` for the highest."""
    return -(-value * LEVELS // highest)


def _cell(value: int, highest: int) -> Markup:
    text = short(value, max(highest, 10_000) if value >= 10_000 else value)
    return Markup('<span class="h{}">{}</span>').format(level(value, highest), text)


def _scale(highest: int) -> Markup:
    """Name the strengths from none to the highest."""
    steps = join(Markup('<i class="h{}"></i>').format(i) for i in range(LEVELS + 1))
    return Markup('<span class="scale" aria-hidden="true">0 {} {}</span>').format(
        steps, number(highest)
    )
