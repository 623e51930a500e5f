"""Rows per CPU second of the loader, into a database that grows: python benchmarks/loading.py.

Real user agents, classified, with every count moved; SQLite with synchronous=FULL. Prints a
Markdown table. The data folder can be kept, for benchmarks/reports.py to read; what was stopped
before it had all clicks goes on from there.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from machine import versions
from material import FILE_CLICKS, add_links, open_installation, write_journal

from linktrack.background import make_loader
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.installation import Installation

LINKS = 20_000


class Loaded(NamedTuple):
    """One journal file that was loaded; seconds of CPU and of the clock."""

    before: int
    clicks: int
    cpu: float
    seconds: float


def fill(opened: Installation, total: int) -> Iterator[Loaded]:
    """Load clicks until there are `total`, a file at a time, and yield what each took.

    Files have the same clicks each time, so one that is loaded in part goes on where it ended.
    """
    if not _is_filled(opened):
        add_links(opened, LINKS)
    with opened.database.session() as session:
        stored = clicks_of(session).latest()
    loader = make_loader(opened)
    for start in range(0, total, FILE_CLICKS):
        clicks = range(start, min(total, start + FILE_CLICKS))
        if stored >= clicks.stop:
            continue
        write_journal(opened.settings.journals, clicks, total, LINKS)
        cpu, clock = time.process_time(), time.perf_counter()
        count = loader.load().clicks
        took = time.process_time() - cpu, time.perf_counter() - clock
        assert count == clicks.stop - max(start, stored), (count, clicks, stored)
        yield Loaded(clicks.stop - count, count, *took)
        for path in opened.settings.journals.glob("*.journal"):
            path.unlink()


def _is_filled(opened: Installation) -> bool:
    with opened.database.session() as session:
        from linktrack.links.catalog import newest_link

        return newest_link(session) is not None


def main() -> None:
    """Fill a database and print what loading took at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a data folder that stays")
    parser.add_argument("--database", help="a PostgreSQL address instead of SQLite")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    try:
        opened = open_installation(folder, options.database)
        print(versions(), flush=True)
        print("\n| clicks before | clicks per CPU second | clicks per second | database, MB |")
        print("|---:|---:|---:|---:|")
        step: list[Loaded] = []
        for loaded in fill(opened, options.clicks):
            step.append(loaded)
            if sum(one.clicks for one in step) >= options.clicks // 10:
                _print(step, folder)
                step.clear()
        if step:
            _print(step, folder)
        opened.database.close()
    finally:
        if options.keep is None:
            shutil.rmtree(folder)


def _print(step: list[Loaded], folder: Path) -> None:
    clicks = sum(one.clicks for one in step)
    cpu, clock = sum(one.cpu for one in step), sum(one.seconds for one in step)
    size = sum(path.stat().st_size for path in folder.glob("linktrack.db*")) / 1e6
    print(
        f"| {step[0].before:,} | {clicks / cpu:,.0f} | {clicks / clock:,.0f} | {size:,.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
