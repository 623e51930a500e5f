"""What so many clicks a month need, from measured figures: python benchmarks/scale.py.

A model, and no measurement: every constant says where it was measured or that it is assumed.
Prints Markdown tables; `--into docs/scale.md` writes them there.
"""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MONTH = 30 * 86_400
GB = 1e9

# Measured: docs/benchmarks.md.
REDIRECT_CPU = 53e-6
"""CPU seconds of a redirect on 20,000 links, with its loading into SQLite (Redirects)."""
LOADER_CPU = 63e-6
"""CPU seconds the loader takes for a click into PostgreSQL, and 45 more the server (Loading)."""
SERVER_CPU = 45e-6
JOURNAL = 193
"""Bytes of a click in a journal, with real user agents (benchmarks/material.py)."""
SQLITE = 184
"""Bytes of a click in SQLite, marks and counts included (Stores at ten million)."""
POSTGRES_CLICK = 166
"""Bytes of a single click in PostgreSQL 15, with its indexes: a million clicks on 20,000 links."""
POSTGRES_MARK = 137
"""Bytes of a first-click mark there."""
FIRST = 0.96
"""First clicks on a link by clicks, there: the more clicks a link has, the fewer."""
VISITOR = 94
"""Bytes of a visitor of a period and account there (visitor_accounts)."""
VISITORS = 0.92
"""Visitors of a period and account by clicks, there."""
COUNTS = 8_800
"""Bytes of all other counts by post with one link and 50 clicks, there."""
CLICKHOUSE = 40
"""Bytes of a click in ClickHouse's engine 26.9, with the same million clicks."""

# Assumed.
PEAK = 10
"""Clicks of the busiest second by those of the average one."""
CLICKS_A_POST = 2_000
"""Of an owner large enough to need more than one machine; 50 in the measured database."""
SPARE = 0.4
"""Of a node's processors, what redirects take in the busiest second."""
JOURNAL_DAYS = 7
"""Days a journal is kept after it is loaded."""
NODE_PRICE = 15
"""Euros a month for a machine with two cores and 4 GB."""
DISK_PRICE = 0.05
"""Euros a month for a gigabyte of disk."""
LEAST_NODES = 1


@dataclass(frozen=True, slots=True)
class Need:
    """What clicks of a month need. Bytes are of a year's clicks."""

    clicks: float

    @property
    def average(self) -> float:
        """Clicks a second."""
        return self.clicks / MONTH

    @property
    def peak(self) -> float:
        """Clicks of the busiest second."""
        return self.average * PEAK

    @property
    def nodes(self) -> int:
        """Machines with two cores that answer redirects and load."""
        return max(LEAST_NODES, -(-int(self.peak * REDIRECT_CPU * 1e6) // int(2 * SPARE * 1e6)))

    @property
    def loader(self) -> float:
        """Part of one processor that loading takes on average, PostgreSQL's own part included."""
        return self.average * (LOADER_CPU + SERVER_CPU)

    @property
    def journals(self) -> float:
        """Bytes of journals on all nodes."""
        return self.clicks / 30 * JOURNAL_DAYS * JOURNAL

    @property
    def counts(self) -> float:
        """Bytes of counts, which stay in the SQL database in any case."""
        return 12 * self.clicks / CLICKS_A_POST * COUNTS

    @property
    def visitors(self) -> float:
        """Bytes of visitors by period and account, which do, too."""
        return 12 * self.clicks * VISITORS * VISITOR

    @property
    def sqlite(self) -> float:
        """Bytes of everything in SQLite."""
        return 12 * self.clicks * SQLITE

    @property
    def postgres(self) -> float:
        """Bytes of single clicks and marks in PostgreSQL."""
        return 12 * self.clicks * (POSTGRES_CLICK + FIRST * POSTGRES_MARK)

    @property
    def clickhouse(self) -> float:
        """Bytes of single clicks in ClickHouse, where marks are not stored."""
        return 12 * self.clicks * CLICKHOUSE

    def price(self, of_clicks: float, more: int) -> float:
        """Euros a month: nodes, so many machines more, and the disks after a year."""
        stored = self.journals + self.counts + self.visitors + of_clicks
        return (self.nodes + more) * NODE_PRICE + stored / GB * DISK_PRICE


NEEDS = [Need(clicks) for clicks in (1e6, 1e7, 1e8, 1e9)]


RATES: dict[str, Callable[[Need], str]] = {
    "clicks a month": lambda need: f"{need.clicks:,.0f}",
    "a second, average": lambda need: f"{need.average:,.1f}",
    "busiest second": lambda need: f"{need.peak:,.0f}",
    "nodes": lambda need: f"{need.nodes}",
    "loading takes of a processor": lambda need: f"{need.loader:.1%}",
    "journals, GB": lambda need: f"{need.journals / GB:,.2f}",
}
SIZES: dict[str, Callable[[Need], str]] = {
    "clicks a month, after a year": lambda need: f"{need.clicks:,.0f}",
    "counts, GB": lambda need: f"{need.counts / GB:,.2f}",
    "visitors, GB": lambda need: f"{need.visitors / GB:,.1f}",
    "all in SQLite, GB": lambda need: f"{need.sqlite / GB:,.1f}",
    "clicks and marks in PostgreSQL, GB": lambda need: f"{need.postgres / GB:,.1f}",
    "clicks in ClickHouse, GB": lambda need: f"{need.clickhouse / GB:,.1f}",
    "€ a month, PostgreSQL alone": lambda need: f"{need.price(need.postgres, 1):,.0f}",
    "€ a month, with ClickHouse": lambda need: f"{need.price(need.clickhouse, 2):,.0f}",
}


def table(columns: dict[str, Callable[[Need], str]]) -> str:
    """Return a Markdown table with a row for each need."""
    rows = [list(columns), ["---:"] * len(columns)]
    rows += [[column(need) for column in columns.values()] for need in NEEDS]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def tables() -> str:
    """Return the model's tables."""
    return f"{table(RATES)}\n{table(SIZES)}"


def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path)
    into = parser.parse_args().into
    if into is None:
        print(tables())
        return
    text = into.read_text()
    marked = re.compile(r"(<!-- scale: [^>]*-->\n).*?(<!-- scale end -->)", re.DOTALL)
    into.write_text(marked.sub(lambda found: f"{found[1]}\n{tables()}\n{found[2]}", text))


if __name__ == "__main__":
    main()
