"""Loaders side by side on one PostgreSQL, each with its own journals: python benchmarks/loaders.py.

Rounds of 1, 2 and 4 loaders in turns, with as many clicks in as many nodes' folders; ratios are
taken within a round. Prints a Markdown table. It needs the address of an empty database.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

from machine import versions
from material import add_links, open_installation, write_journal

from linktrack.background import make_loader

LINKS: Final = 5_000
LOADERS: Final = (1, 2, 4)
FILES: Final = 4  # of all nodes together: as many for each number of loaders


def load(folder: Path, database: str, together: Barrier) -> None:
    """Load a node's journals as its loader would, once all are ready."""
    opened = open_installation(folder, database)
    loader = make_loader(opened)
    loader.load()  # asks how far all files are, and imports what it needs
    together.wait(60)
    together.wait(60)  # the journals are written meanwhile
    loader.load()
    opened.database.close()


def round_of(loaders: int, database: str, clicks: range, of: int) -> float:
    """Return how many clicks a second so many loaders load, by the clock, with the last of them."""
    with tempfile.TemporaryDirectory(prefix="linktrack-bench-") as name:
        folders = [Path(name) / str(number) for number in range(loaders)]
        spawning = multiprocessing.get_context("spawn")
        together = spawning.Barrier(loaders + 1)
        running = [
            spawning.Process(target=load, args=(folder, database, together)) for folder in folders
        ]
        for process in running:
            process.start()
        together.wait(60)
        size = len(clicks) // FILES
        for part in range(FILES):
            start = clicks.start + part * size
            journals = folders[part % loaders] / "journals"
            write_journal(journals, range(start, start + size), of, LINKS)
        together.wait(60)
        begun = time.perf_counter()
        for process in running:
            process.join()
            assert process.exitcode == 0, process.exitcode
        return FILES * size / (time.perf_counter() - begun)


def main() -> None:
    """Load, and print clicks a second and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", help="the address of an empty PostgreSQL database")
    parser.add_argument("--clicks", type=int, default=40_000, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="linktrack-bench-") as name:
        opened = open_installation(Path(name), options.database)
        add_links(opened, LINKS)
        opened.database.close()
    of = options.clicks * options.rounds * len(LOADERS) + options.clicks
    first = range(options.clicks)
    round_of(1, options.database, first, of)  # most user agents are classified here
    found: dict[int, list[float]] = {loaders: [] for loaders in LOADERS}
    start = options.clicks
    for number in range(options.rounds):
        for loaders in LOADERS if number % 2 == 0 else reversed(LOADERS):
            clicks = range(start, start + options.clicks)
            found[loaders].append(round_of(loaders, options.database, clicks, of))
            start += options.clicks
    print(versions())
    print("\n| loaders | clicks per second | one loader = 1 |\n|---:|---:|---:|")
    for loaders, rates in found.items():
        ratios = [rate / one for rate, one in zip(rates, found[1], strict=True)]
        middle, low, high = statistics.median(ratios), min(ratios), max(ratios)
        print(
            f"| {loaders} | {statistics.median(rates):,.0f} | {middle:.2f} ({low:.2f}–{high:.2f}) |"
        )


if __name__ == "__main__":
    main()
