"""Measure the house: packages at the top, modules a room, lines a module, circles of imports.

    .venv/bin/python benchmarks/house.py

Prints a table, and the rooms and modules that are beyond their measure. `tests/test_rooms.py` holds
the code to the same measures.
"""

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import grimp

PACKAGE: Final = "linktrack"
SOURCE: Final = Path(__file__).resolve().parent.parent / PACKAGE

MOST_PACKAGES: Final = 18
MOST_MODULES: Final = 20
MOST_LINES: Final = 400
MOST_LINES_IN_THE_MIDDLE: Final = 110


@dataclass(frozen=True, slots=True)
class House:
    """What was measured: rooms and modules by their dotted names below `linktrack`."""

    packages: tuple[str, ...]
    modules_of: dict[str, int]
    lines_of: dict[str, int]
    circles: tuple[tuple[str, str], ...]

    @property
    def median_lines(self) -> float:
        """Lines of the module in the middle, `__init__` files left out."""
        return median(self.lines_of.values())

    @property
    def complaints(self) -> list[str]:
        """What is beyond its measure, a sentence each."""
        found = []
        if len(self.packages) > MOST_PACKAGES:
            found.append(f"{len(self.packages)} packages at the top, at most {MOST_PACKAGES}.")
        found += [
            f"{room} has {modules} modules, at most {MOST_MODULES}."
            for room, modules in self.modules_of.items()
            if modules > MOST_MODULES
        ]
        found += [
            f"{module} has {lines} lines, at most {MOST_LINES}."
            for module, lines in self.lines_of.items()
            if lines > MOST_LINES
        ]
        if self.median_lines > MOST_LINES_IN_THE_MIDDLE:
            found.append(
                f"The median module has {self.median_lines:g} lines, "
                f"at most {MOST_LINES_IN_THE_MIDDLE}."
            )
        found += [
            f"A circle: {importer} imports {imported}." for importer, imported in self.circles
        ]
        return found


def measure(source: Path = SOURCE) -> House:
    """Measure the package at `source`; imports are read, and nothing of it is run."""
    files = [path for path in sorted(source.rglob("*.py")) if path.name != "__init__.py"]
    names = {path: ".".join(path.relative_to(source).with_suffix("").parts) for path in files}
    rooms = Counter(name.rpartition(".")[0] or PACKAGE for name in names.values())
    packages = sorted(path.parent.name for path in source.glob("*/__init__.py"))
    graph = grimp.build_graph(source.name)
    inner = {module for module in graph.modules if graph.find_children(module)}
    circles = {edge for room in sorted(inner) for edge in graph.nominate_cycle_breakers(room)}
    return House(
        packages=tuple(packages),
        modules_of=dict(rooms.most_common()),
        lines_of={name: len(path.read_text().splitlines()) for path, name in names.items()},
        circles=tuple(sorted(circles)),
    )


def main() -> int:
    """Print the measures; the status is 1 where something is beyond them."""
    house = measure()
    longest = max(house.lines_of, key=lambda name: house.lines_of[name])
    fullest = next(iter(house.modules_of))
    rows = (
        ("packages at the top", len(house.packages), MOST_PACKAGES, ""),
        ("most modules in a room", house.modules_of[fullest], MOST_MODULES, fullest),
        ("most lines in a module", house.lines_of[longest], MOST_LINES, longest),
        ("lines of the median module", house.median_lines, MOST_LINES_IN_THE_MIDDLE, ""),
        ("circles of imports", len(house.circles), 0, ""),
    )
    print(f"{len(house.lines_of)} modules in {len(house.modules_of)} rooms")
    for what, found, most, where in rows:
        print(f"{what:28}{found:>7g}   at most {most:<5}{where}")
    for complaint in house.complaints:
        print(complaint)
    return 1 if house.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
