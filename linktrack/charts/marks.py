"""Marks on a time axis: what happened on a day, as lines with letters, and the list of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from linktrack.charts.parts import join, percent, px
from linktrack.charts.scales import day_name

# How near, in percent, letters would lie on each other on a phone, whose charts are 300 px wide.
_CLOSE: Final = 4.0
_CLOSE_TO_JOINED: Final = 7.0
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Mark:
    """A note or event on a day."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Lettered:
    """A mark with the letter that leads from the line to the list."""

    letter: str
    mark: Mark


def lettered(marks: Iterable[Mark], first: date, last: date) -> list[Lettered]:
    """Return the marks of these days in their order, each with its letter: A to Z, then A2 …."""
    within = sorted(
        (mark for mark in marks if first <= mark.day <= last), key=lambda mark: mark.day
    )
    size = len(_LETTERS)
    return [
        Lettered(f"{_LETTERS[i % size]}{i // size + 1 if i >= size else ''}", mark)
        for i, mark in enumerate(within)
    ]


def mark_lines(
    marks: Sequence[Lettered], across: Callable[[date], float], top: float, bottom: float
) -> Markup:
    """Draw a line down for each day that has marks; letters close to each other are joined."""
    groups: list[list[Lettered]] = []
    for each in marks:
        last = groups[-1] if groups else []
        close = _CLOSE_TO_JOINED if len(last) > 1 else _CLOSE
        if last and across(each.mark.day) - across(last[0].mark.day) < close:
            last.append(each)
        else:
            groups.append([each])
    return join(_group(group, across, top, bottom) for group in groups)


def _group(
    group: Sequence[Lettered], across: Callable[[date], float], top: float, bottom: float
) -> Markup:
    line = '<line x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
    days = dict.fromkeys(each.mark.day for each in group)
    lines = join(Markup(line).format(percent(across(day)), px(top - 2), px(bottom)) for day in days)
    letters = group[0].letter if len(group) == 1 else f"{group[0].letter}\u2013{group[-1].letter}"
    said = "\n".join(f"{day_name(each.mark.day)}: {each.mark.text}" for each in group)
    return Markup(
        '<g class="noted"><title>{}</title>{}<text class="x" x="{}" y="{}">{}</text></g>'
    ).format(said, lines, percent(across(group[0].mark.day)), px(top - 4), letters)


def mark_list(marks: Sequence[Lettered]) -> Markup:
    """List what the letters mean; nothing if there are none."""
    if not marks:
        return Markup("")
    item = '<li><b>{}</b> <time datetime="{}">{}</time> {}</li>'
    items = join(
        Markup(item).format(
            each.letter, each.mark.day.isoformat(), day_name(each.mark.day), each.mark.text
        )
        for each in marks
    )
    return Markup('<ul class="marks" aria-label="Notes">{}</ul>').format(items)


def texts_by_day(marks: Iterable[Lettered]) -> dict[date, str]:
    """Return what the marks of each day say, for the table behind the chart."""
    found: dict[date, list[str]] = {}
    for each in marks:
        found.setdefault(each.mark.day, []).append(each.mark.text)
    return {day: "; ".join(texts) for day, texts in found.items()}
