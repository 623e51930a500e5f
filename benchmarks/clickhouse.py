"""Thirty million clicks on ClickHouse: python benchmarks/clickhouse.py [--clicks N] [--times N].

Loads clicks from journals into PostgreSQL alone and into PostgreSQL with ClickHouse (Debian's
server), in turns, for the rate and the bytes a click. Then it stores clicks with countries,
languages and devices, and copies them on ClickHouse, by other visitors at other times, until there
are `--times` as many; counts stay those of the first. One in a hundred is changed. Of all of them
it times what reads single clicks, warm: filtered clicks of two years, pages narrowed by two
filters, and an export. Servers are started and ended here, with the settings of tests.
"""

import argparse
import itertools
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Final

from loading import fill as load
from machine import versions
from material import SPAN, START, open_installation
from narrowing import signed_in
from places import fill as fill_places
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from clickhouses import Engine, clickhouse_server
from databases import PostgreSQLMaker, postgresql_server

from linktrack.clicks.facts import write_fact
from linktrack.clicks.keeping.clickhouse.conditions import DAY_ZERO
from linktrack.clicks.keeping.clickhouse.models import LAST_BATCH, LAST_SEQ
from linktrack.clicks.keeping.clickhouse.table import COLUMNS
from linktrack.clicks.vocabulary import REASON_NUMBER
from linktrack.db import to_ms, writing
from linktrack.installation import Installation
from linktrack.portability.export.exports import export_rows
from linktrack.portability.export.steps import Selection

REPEATS: Final = 3
EXPORTED: Final = 100_000
HOUR: Final = 3_600_000
LATER: Final = 10_007_123  # milliseconds between a click and its copy
IN_BATCH: Final = 1 << 20  # numbers
CHANGED_TO: Final = REASON_NUMBER["bot"]
TICK: Final = os.sysconf("SC_CLK_TCK")


def bytes_of_sql(opened: Installation) -> int:
    """Return the bytes of clicks and marks in PostgreSQL, with their indexes."""
    query = "SELECT pg_total_relation_size('clicks') + pg_total_relation_size('first_clicks')"
    with opened.database.engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def bytes_there(engine: Engine, name: str) -> int:
    """Return the bytes of a database on ClickHouse, once its parts are merged."""
    asked = engine.asked(seconds=600)
    asked.run(f"OPTIMIZE TABLE {name}.clicks FINAL")
    ((size,),) = asked.rows(
        f"SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = '{name}'"
    )
    return size


def rates(new: Callable[[str, str], Installation], engine: Engine, clicks: int) -> None:
    """Print how fast clicks are loaded, and how large they are."""
    print("\n| on | clicks per CPU second of the loader | per second | bytes a click |")
    print("|---|---:|---:|---:|")
    for kind, name in (("PostgreSQL", ""), ("ClickHouse", "loaded")):
        opened = new(f"loading-{kind}", name)
        parts = list(load(opened, clicks))
        parts = parts[1:] or parts  # the first classifies most agents
        number = sum(one.clicks for one in parts)
        cpu, clock = sum(one.cpu for one in parts), sum(one.seconds for one in parts)
        size = bytes_there(engine, name) if name else bytes_of_sql(opened)
        print(
            f"| {kind} | {number / cpu:,.0f} | {number / clock:,.0f} | {size / clicks:,.0f} |",
            flush=True,
        )
        opened.database.close()


def copy(opened: Installation, engine: Engine, name: str, times: int) -> int:
    """Copy the clicks so often, and change some; return how many there are then.

    Each copy is of other visitors, and some hours later; batches are in order of time, one an hour.
    """
    asked = engine.asked(seconds=600)
    begin, length = to_ms(START), SPAN // timedelta(milliseconds=1)
    at = f"({begin} + (clicked_at - {begin} + {{copy}} * {LATER}) % {length})"
    batch = f"toUInt64(1000 + intDiv({at} - {begin}, {HOUR}))"
    # The month's first day as an ordinal, and a number that no other click of the hour has.
    period = f"toUInt32(toUInt16(toStartOfMonth(toDate(intDiv({at}, 1000))))) + {DAY_ZERO}"
    number = f"{{copy}} + 256 * ((intDiv(seq, {IN_BATCH}) * 5000 + seq % {IN_BATCH}) % 4096)"
    changed = {
        "period": period,
        "visitor": "if(visitor = 0, 0, toInt64(bitXor(visitor, {copy} * 6364136223846793005)))",
        "clicked_at": at,
        "source": "toInt64(bitXor(source, {copy} * 1442695040888963407))",
        "batch": batch,
        "seq": f"{batch} * {IN_BATCH} + {number}",
        "version": batch,
    }
    columns = [f"{changed[each]} AS new_{each}" if each in changed else each for each in COLUMNS]
    names = ", ".join(COLUMNS)
    asked.run(
        f"CREATE TABLE {name}.base ENGINE = MergeTree ORDER BY seq AS SELECT {names}"
        f" FROM {name}.clicks"
    )
    asked.run(f"TRUNCATE TABLE {name}.clicks")
    for number_of_copy in range(times):
        asked.run(
            f"INSERT INTO {name}.clicks ({names})"
            f" SELECT {', '.join(columns).format(copy=number_of_copy)} FROM {name}.base"
        )
    asked.run(f"DROP TABLE {name}.base")
    ((last, seq, count),) = asked.rows(f"SELECT max(batch), max(seq), count() FROM {name}.clicks")
    last += 1
    new = {"version": str(last), "reason": f"toUInt8(if(reason = 0, {CHANGED_TO}, 0))"}
    asked.run(
        f"INSERT INTO {name}.clicks_changed ({', '.join(COLUMNS)})"
        f" SELECT {', '.join([new.get(column, column) for column in COLUMNS])}"
        f" FROM {name}.clicks WHERE cityHash64(seq) % 100 = 0"
    )
    with writing(opened.database.engine) as connection:
        write_fact(connection, LAST_BATCH, last)
        write_fact(connection, LAST_SEQ, seq)
    return count


def cpu(engine: Engine) -> float:
    """Return the CPU seconds that ClickHouse has taken so far."""
    process = engine.servers[0].process
    assert process is not None
    said = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / TICK


def questions(opened: Installation, engine: Engine) -> None:
    """Print how long what reads single clicks takes."""
    client = signed_in(opened)
    last = (START + SPAN).date()

    def between(days: int) -> str:
        return f"from={last - timedelta(days=days - 1)}&to={last}"

    asked = "&country=AE&language=de"
    pages = {
        "filtered clicks of two years, page": f"left-out?{between(730)}",
        "overview of 28 days, two filters": f"?{between(28)}{asked}",
        "overview of a year, two filters": f"?{between(365)}{asked}",
        "places of 28 days, two filters": f"places?{between(28)}{asked}",
        "places of two years, two filters": f"places?{between(730)}{asked}",
    }
    print("\n| | ms, by the clock | CPU ms, linktrack | CPU ms, ClickHouse |")
    print("|---|---:|---:|---:|")
    for words, address in pages.items():
        runs = []
        for _ in range(REPEATS + 1):
            before = (time.perf_counter(), time.process_time(), cpu(engine))
            answer = client.get(f"/owner/{address}")
            after = (time.perf_counter(), time.process_time(), cpu(engine))
            runs.append([1000 * (end - begin) for begin, end in zip(before, after, strict=True)])
            assert answer.status_code == 200, answer.text
            assert "chip unused" not in answer.text, address
        taken = [f"{statistics.median(each):,.0f}" for each in zip(*runs[1:], strict=True)]
        print(f"| {words} | {' | '.join(taken)} |", flush=True)
    begun = time.perf_counter()
    rows = export_rows(opened.database.engine, opened.shortener, "clicks", Selection())
    number = sum(1 for _ in itertools.islice(rows, EXPORTED))
    print(f"\nAn export wrote {number / (time.perf_counter() - begun):,.0f} clicks a second.")


def main() -> None:
    """Start the servers, load, copy and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=60)
    given = parser.parse_args()
    assert given.times <= 256, "numbers of copies have eight bits"
    folder = Path(tempfile.mkdtemp(prefix="linktrack-clickhouse-"))
    folder.chmod(0o755)  # PostgreSQL's server is another user
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        server = ends.enter_context(postgresql_server(folder))
        engine = ends.enter_context(clickhouse_server(folder / "clickhouse"))
        make = PostgreSQLMaker(server, folder)

        def new(data: str, name: str) -> Installation:
            more = {"LINKTRACK_CLICKS": engine.url(name)} if name else {}
            return open_installation(folder / data, make(), **more)

        print(versions())
        rates(new, engine, given.clicks)
        opened = new("copied", "copied")
        fill_places(opened, given.clicks)
        number = copy(opened, engine, "copied", given.times)
        size = bytes_there(engine, "copied")
        print(f"\n{number:,} clicks, {size / number:.0f} bytes each, load {os.getloadavg()[0]:.0f}")
        questions(opened, engine)


if __name__ == "__main__":
    main()
