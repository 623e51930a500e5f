"""A map of the world: the more of something a country has, the stronger one colour.

The outlines are in world.txt: Natural Earth's (public domain), made by benchmarks/world_map.py.
Countries too small to see are dots, which keep their size on every screen.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from linktrack.charts.parts import figure, join, legend, swatch_key
from linktrack.charts.scales import number

LEVELS: Final = 5
"""Strengths of the colour above none."""

SHARES: Final = (0.0, 0.01, 0.05, 0.1, 0.25)
"""From which share of the whole on each strength is used: the same on every map."""

_WIDTH: Final = 975  # units of world.txt that are seen, and where they begin
_HEIGHT: Final = 445
_CORNER: Final = "28 -5"


def world_map(
    values: Mapping[str, int], names: Mapping[str, str], *, label: str, unit: str, by_share: bool
) -> Markup:
    """Draw whole numbers by country (ISO 3166 alpha-2), each with its name and its share.

    Strengths are steps up to the highest number, or `by_share`, fixed shares of all numbers, so
    that maps can be compared. Without a country that has a place on it, there is no map.
    """
    drawn = {code: values[code] for code in outlines() if values.get(code)}
    if not drawn:
        return Markup("")
    total = sum(values.values())
    bounds = SHARES if by_share else steps(max(drawn.values()))
    parts = [
        Markup('<path class="land" d="{}"/>').format(
            "".join(line for code, line in outlines().items() if code not in drawn and "z" in line)
        )
    ]
    said = []
    # The smallest last: a dot isn't hidden by the country around it.
    for code, value in sorted(drawn.items(), key=lambda each: "z" not in outlines()[each[0]]):
        share = value / total
        strength = sum(bound <= (share if by_share else value) for bound in bounds)
        words = f"{names[code]}: {number(value)} ({share:.{0 if share >= 0.01 else 1}%})"
        line = outlines()[code]
        style = f"m{strength}" if "z" in line else f"m{strength} dot"
        parts.append(
            Markup('<path class="{}" d="{}"><title>{}</title></path>').format(style, line, words)
        )
        said.append((value, words))
    most = "; ".join(words for _, words in sorted(said, key=lambda each: -each[0])[:3])
    svg = '<svg class="world" role="img" aria-label="{}" viewBox="{} {} {}">{}</svg>'
    picture = Markup(svg).format(
        f"{label}. Most {unit}: {most}.", _CORNER, _WIDTH, _HEIGHT, join(parts)
    )
    keys = [swatch_key(f"m{i}", text) for i, text in enumerate(_ranges(bounds, by_share), start=1)]
    return figure("world", picture, legend(keys, "of all " + unit if by_share else unit))


def steps(highest: int) -> Sequence[int]:
    """Return from which number on each strength is used: each a few times the one before."""
    factor = next(each for each in (2, 3, 4, 5, 10, 20, 50, 100, 1000) if each**LEVELS > highest)
    return [factor**i for i in range(LEVELS) if factor**i <= highest]


def _ranges(bounds: Sequence[float], by_share: bool) -> list[str]:
    """Name what lies between two bounds, and from the last one on."""
    if by_share:
        ends = [f"{bound:.0%}" for bound in bounds]
        return [
            f"under {ends[1]}",
            *(f"{low.rstrip('%')}\u2013{high}" for low, high in pairwise(ends[1:])),
            f"{ends[-1]} or more",
        ]
    found = []
    for i, low in enumerate(bounds):
        high = bounds[i + 1] - 1 if i + 1 < len(bounds) else None
        if high is None:
            found.append(f"{number(low)} or more")
        else:
            found.append(number(low) if high == low else f"{number(low)}\u2013{number(high)}")
    return found


@cache
def outlines() -> Mapping[str, str]:
    """Return each country's outline as a path; of a small one, its place as a path to nowhere."""
    text = (files("linktrack.charts") / "world.txt").read_text(encoding="ascii")
    found = {}
    for line in text.splitlines():
        code, _, path = line.partition(" ")
        if code != "#":
            found[code] = path if path.startswith("M") else f"M{path}h0"
    return found
