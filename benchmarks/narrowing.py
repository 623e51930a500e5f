"""A page narrowed by two filters: python benchmarks/narrowing.py [--clicks N] [--database URL].

Stores clicks as benchmarks/places.py does, over two years, and opens pages as an owner: whole, by
one filter, which the overview has counted, and by two that are read from single clicks. Medians of
warm runs, by the clock and of CPU time of the process; on PostgreSQL also of the database's own.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

import psutil
from flask.testing import FlaskClient
from machine import versions
from material import SPAN, START, open_installation
from places import fill
from sqlalchemy import text

from linktrack.app import create_app
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.owners import access

REPEATS: Final = 3
PAGES: Final = ("", "places", "posts")
ASKED: Final = ("", "&country=AE", "&country=AE&language=de")


def main() -> None:
    """Fill, and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=300_000)
    parser.add_argument("--database", help="an empty PostgreSQL database (default: SQLite)")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-narrowing-"))
    try:
        opened = open_installation(folder, given.database)
        fill(opened, given.clicks)
        print(versions())
        print(f"{given.clicks:,} clicks stored, at a load of {os.getloadavg()[0]:.0f}")
        measure(opened)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def signed_in(opened: Installation) -> FlaskClient:
    """Return an owner's browser."""
    app = create_app(opened)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with opened.database.session(writes=True) as session:
        owner = access.first_owner(session, now())
        secret = access.make_sign_in_link(session, owner, now())
        session.commit()
    client.post(f"/owner/sign-in/{secret}")
    return client


def measure(opened: Installation) -> None:
    """Print how long the pages of a year and of four weeks take."""
    client = signed_in(opened)
    last = (START + SPAN).date()
    print("\n| page | filters | ms | CPU ms | of the database |\n|---|---|---:|---:|---:|")
    for page in PAGES:
        for days in (365, 28):
            for asked in ASKED:
                address = f"/owner/{page}?from={last - timedelta(days=days - 1)}&to={last}{asked}"
                runs = []
                for _ in range(REPEATS + 1):
                    clock, cpu, theirs = time.perf_counter(), time.process_time(), others(opened)
                    answer = client.get(address)
                    runs.append(
                        (
                            time.perf_counter() - clock,
                            time.process_time() - cpu,
                            others(opened) - theirs,
                        )
                    )
                    assert answer.status_code == 200, answer.text
                    assert "chip unused" not in answer.text, address
                told = [1000 * statistics.median(each) for each in zip(*runs[1:], strict=True)]
                words = " | ".join(f"{each:.0f}" for each in told)
                name = f"{page or 'overview'}, {days} days"
                print(f"| {name} | {asked.count('=')} | {words} |", flush=True)


def others(opened: Installation) -> float:
    """Return the seconds of CPU that PostgreSQL's processes of this database have taken."""
    if opened.database.engine.dialect.name == "sqlite":
        return 0.0
    found = 0.0
    with opened.database.engine.connect() as connection:
        numbers = connection.scalars(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        ).all()
    for number in numbers:
        try:
            times = psutil.Process(number).cpu_times()
        except psutil.Error:
            continue
        found += times.user + times.system
    return found


if __name__ == "__main__":
    main()
