"""Make the outlines of the map of places: `world_map.py FOLDER > linktrack/charts/world.txt`.

FOLDER is the package `world-atlas` 2.0.2 of npm (ISC), unpacked: Natural Earth's countries
(public domain, naturalearthdata.com) as TopoJSON. Outlines of 1:110 million are projected
(Equal Earth: areas keep their size), simplified along the borders that neighbours share, so that
none part, and rounded to whole units. Countries too small to see get a point, from 1:50 million.

Territory is named as ISO 3166-1 names it, since files that say where addresses are do.
"""

import heapq
import json
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

from babel.core import get_global

Place: TypeAlias = tuple[float, float]
Ring: TypeAlias = list[Place]

WIDTH: Final = 1000  # units of the picture
MIDDLE: Final = 11.7  # degrees east: the edge lies in the Bering Strait, and cuts no land
NORTH: Final = 83.7  # degrees; what lies beyond is ice
SOUTH: Final = -56.0
LEAST: Final = 2.5  # square units that a point must matter to be kept
SMALLEST: Final = 8.0  # square units of an island that is drawn
VISIBLE: Final = 14.0  # square units of a country that needs no point
UNNUMBERED: Final = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY"}
CRIMEA: Final = ((32.0, 44.0), (37.0, 46.5))
"""West, south, east and north of a part that Natural Earth draws as Russia's."""


def main() -> None:
    """Print a line for each country."""
    folder = Path(sys.argv[1])
    shapes = dict(countries(folder / "countries-110m.json", LEAST))
    points = {}
    for code, rings in countries(folder / "countries-50m.json", 0.0):
        largest = max(rings, key=area)
        if area(largest) < VISIBLE:
            points[code] = middle(largest)
    print(f"# Natural Earth (public domain) 1:110m and 1:50m, made by {Path(__file__).name}")
    for code in sorted(shapes.keys() | points.keys()):
        rings = shapes.get(code, [])
        size = max(map(area, rings), default=0.0)
        path = "".join(outline(ring) for ring in rings if area(ring) >= min(SMALLEST, size))
        if code in points and size < VISIBLE:
            path = ""
        x, y = points.get(code, (0.0, 0.0))
        print(code, path or f"{round(x)} {round(y)}")


def countries(path: Path, least: float) -> Iterator[tuple[str, list[Ring]]]:
    """Yield each country's outlines in the units of the picture."""
    topology = json.loads(path.read_text())
    arcs = [simplified(arc, least) for arc in decoded(topology)]
    found: dict[str, list[Ring]] = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        name, number = shape["properties"]["name"], shape.get("id")
        aliases = get_global("territory_aliases").get(number or "", [])
        code = aliases[0] if aliases else UNNUMBERED.get(name)
        if code in (None, "AQ"):
            continue
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        for polygon in polygons:
            for ring in polygon[:1]:  # lakes and enclaves are drawn over
                drawn = joined(arcs, ring)
                owner = "UA" if code == "RU" and is_within(drawn, CRIMEA) else code
                found.setdefault(owner, []).append(drawn)
    yield from found.items()


def decoded(topology: dict[str, Any]) -> Iterator[Ring]:
    """Yield each arc's places in the units of the picture."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        places = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            places.append(projected(x * sx + tx, y * sy + ty))
        yield places


def projected(longitude: float, latitude: float) -> Place:
    """Project by Equal Earth (Savric, Patterson and Jenny 2018), to the units of the picture."""
    turned = (longitude - MIDDLE + 180) % 360 - 180
    x, y = equal_earth(turned, max(latitude, SOUTH - 3))
    scale = WIDTH / (2 * equal_earth(180.0, 0.0)[0])
    return x * scale + WIDTH / 2, (equal_earth(0.0, NORTH)[1] - y) * scale


def equal_earth(longitude: float, latitude: float) -> Place:
    """Return x and y of a place in degrees."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    t = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    t2, t6 = t * t, t**6
    slope = a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(t) / (3 * slope)
    return x, t * (a1 + a2 * t2 + t6 * (a3 + a4 * t2))


def simplified(arc: Ring, least: float) -> Ring:
    """Leave out the places whose triangles with their neighbours are small (Visvalingam)."""
    left = list(range(-1, len(arc) - 1))
    right = list(range(1, len(arc) + 1))
    areas: dict[int, float] = {}
    heap: list[tuple[float, int]] = []

    def weigh(at: int) -> None:
        areas[at] = triangle(arc[left[at]], arc[at], arc[right[at]])
        heapq.heappush(heap, (areas[at], at))

    for at in range(1, len(arc) - 1):
        weigh(at)
    kept = set(range(len(arc)))
    while heap and len(kept) > 4:
        size, at = heapq.heappop(heap)
        if at not in kept or size != areas[at]:
            continue
        if size >= least:
            break
        kept.discard(at)
        right[left[at]], left[right[at]] = right[at], left[at]
        for beside in (left[at], right[at]):
            if 0 < beside < len(arc) - 1:
                weigh(beside)
    return [arc[at] for at in sorted(kept)]


def triangle(a: Place, b: Place, c: Place) -> float:
    """Return the area between three places."""
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2


def joined(arcs: Sequence[Ring], numbers: Sequence[int]) -> Ring:
    """Return the ring that these arcs make; one below zero is walked backwards."""
    places: Ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        places += arc[1:] if places else arc
    return places


def is_within(ring: Ring, box: tuple[Place, Place]) -> bool:
    """Whether the middle of a ring lies in a box of degrees."""
    (west, south), (east, north) = (projected(*corner) for corner in box)
    x, y = middle(ring)
    return west < x < east and north < y < south


def area(ring: Ring) -> float:
    """Return the area within a ring."""
    return abs(sum(a * d - c * b for (a, b), (c, d) in pairwise(ring))) / 2


def middle(ring: Ring) -> Place:
    """Return the middle of the box around a ring."""
    xs, ys = zip(*ring, strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def outline(ring: Ring) -> str:
    """Write a ring as a path of whole units, each step from the one before."""
    places = [(round(x), round(y)) for x, y in ring]
    (x, y), steps = places[0], []
    for a, b in places[1:-1]:
        if (a, b) != (x, y):
            steps.append(f"{a - x} {b - y}".replace(" -", "-"))
            x, y = a, b
    return f"M{places[0][0]} {places[0][1]}l" + " ".join(steps).replace(" -", "-") + "z"


if __name__ == "__main__":
    main()
