"""Places and devices at size: python benchmarks/places.py [--clicks N] [--database URL].

Stores clicks from 40 countries, 400 cities and every real user agent at hand on 20,000 posts, then
recounts them from the export of single clicks (cities, which it leaves out, from the stored ones)
and compares: countries, devices, browsers, systems and languages, clicks and unique clicks, of all
days and of some, of the account and of a link; and the sums with those of other reports. Then it
times the reports, warm: medians by the clock and of CPU time.
"""

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from machine import versions
from material import (
    HANDLES,
    SPAN,
    START,
    VISITORS,
    Readers,
    add_links,
    open_installation,
    what_was_sent,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.accounts import find_account
from linktrack.audience.models import Account
from linktrack.clicks.facet_models import cities
from linktrack.clicks.models import account_days, clicks, link_days
from linktrack.clicks.records import ClickRecord
from linktrack.db import to_ms
from linktrack.ids import LinkId
from linktrack.installation import Installation
from linktrack.links.models import Link
from linktrack.portability.export.exports import export_rows
from linktrack.portability.export.steps import Selection
from linktrack.reports.cpf import cpf_report
from linktrack.reports.sources.cities import LEAST
from linktrack.reports.sources.facet_days import days_report, facet_of
from linktrack.reports.sources.facet_tops import facet_tops
from linktrack.reports.sources.facets import Asked, FacetLine, devices_report, places_report
from linktrack.reports.sources.referrers import referrers_report

LINKS: Final = 20_000
BATCH: Final = 5_000
CITIES: Final = 10  # of each country
AGENTS: Final = 2_000
REPEATS: Final = 9
AIMED_AT: Final = 15  # ms, warm
COUNTRIES: Final = [f"{first}{second}" for first in "ABDEF" for second in "ERTUZLMN"]
LANGUAGES: Final = ("en", "de", "fr", "es", "ja", "pt", None)
FACETS: Final = ("country", "device", "browser", "os", "language")

Counted = dict[str, Counter[str | None]]


@cache
def reader(visitor: int) -> dict[str, Any]:
    """Return what is the same of all clicks of a visitor."""
    who = random.Random(visitor)
    weights = [1 / number for number in range(1, len(COUNTRIES) + 1)]
    if visitor % 15 == 0:
        return {"language": who.choice(LANGUAGES)}  # nobody knows from where
    place: dict[str, Any] = {"country": who.choices(COUNTRIES, weights)[0]}
    city = int(who.paretovariate(0.7))
    if city <= CITIES:
        place |= {"region": "North", "city": f"City {city}"}
    return {**place, "language": who.choice(LANGUAGES)}


def records(number: int) -> Iterator[ClickRecord]:
    """Yield clicks in order of time; who clicks again is in the same place with the same device."""
    chance = random.Random(24)
    sent = [json.loads(each.agent) for each in what_was_sent()[:AGENTS]]
    readers = Readers(LINKS, chance)
    begin, length = to_ms(START), SPAN // timedelta(milliseconds=1)
    for i in range(number):
        visitor = chance.randrange(VISITORS)
        yield ClickRecord(
            begin + length * i // number,
            LinkId(readers.draw(i / number)),
            sent[visitor % len(sent)],
            "//t.co" if chance.random() < 0.5 else None,
            None if visitor % 20 == 0 else visitor,
            **reader(visitor),
        )


def fill(opened: Installation, number: int) -> float:
    """Store the clicks; return microseconds of CPU for each."""
    add_links(opened, LINKS)
    store = opened.click_store()
    took, part = 0.0, list[ClickRecord]()

    def append() -> None:
        nonlocal took
        begun = time.process_time()
        store.prepare({record.user_agent for record in part})
        with store.transaction() as connection:
            store.append(connection, part)
        took += time.process_time() - begun
        part.clear()

    for record in records(number):
        part.append(record)
        if len(part) == BATCH:
            append()
    append()
    return took / number * 1e6


def recount(
    rows: Iterable[Mapping[str, object]], handle: str, first: str = "", end: str = "9"
) -> tuple[Counted, Counted]:
    """Count people's clicks of an account, and unique clicks, by each facet, in [first, end)."""
    whole: Counted = {name: Counter() for name in FACETS}
    unique: Counted = {name: Counter() for name in FACETS}
    seen = set()
    for row in rows:  # in order of time, as they were stored
        if row["account"] != handle or not row["human"]:
            continue
        key = (row["post"], row["visitor"])
        is_first = row["visitor"] is None or key not in seen
        seen.add(key)
        if not first <= str(row["clicked_at"]) < end:
            continue
        for name in FACETS:
            value = row[name]
            assert value is None or isinstance(value, str)
            whole[name][value] += 1
            unique[name][value] += is_first
    return whole, unique


def told(lines: Iterable[FacetLine]) -> tuple[Counter[str | None], Counter[str | None]]:
    """Return what a report says, as a recount does."""
    lines = list(lines)
    return (
        Counter({line.key: line.clicks for line in lines}),
        Counter({line.key: line.unique_clicks for line in lines if line.unique_clicks}),
    )


def compare(session: Session, account: Account, opened: Installation, folder: Path) -> list[str]:
    """Compare the reports with a recount of the export; return what was compared, or raise."""
    path, chosen = folder / "clicks.ndjson", Selection(account_id=account.id)
    with path.open("w") as file:
        for row in export_rows(opened.database.engine, opened.shortener, "clicks", chosen):
            file.write(json.dumps(row) + "\n")

    def rows() -> Iterator[Mapping[str, object]]:
        with path.open() as file:
            yield from map(json.loads, file)

    said = []
    for since, until in ((None, None), (date(2026, 3, 12), date(2026, 9, 3))):
        between = () if since is None or until is None else (since.isoformat(), until.isoformat())
        whole, unique = recount(rows(), account.handle, *between)
        places = places_report(session, account, since=since, until=until)
        devices = devices_report(session, account, since=since, until=until)
        for name, lines in (
            ("country", places.places),
            ("device", devices.devices),
            ("browser", devices.browsers),
            ("os", devices.systems),
            ("language", devices.languages),
        ):
            assert told(lines) == (whole[name], +unique[name]), (name, since)
        total = whole["country"].total()
        said.append(f"{'all days' if since is None else f'{since} to {until}'}: {total:,} clicks")
        shown = sum(line.clicks for line in referrers_report(
            session, account, opened.settings.timezone, since=since, until=until
        ).lines)  # fmt: skip
        assert shown == total, (shown, total)
        by_day = days_report(session, account, since=since, until=until).days
        assert sum(day.clicks for day in by_day) == total
        assert sum(day.unique_clicks for day in by_day) == unique["country"].total()
        for value, number in whole["country"].items():
            facet = facet_of({"country": value or "-"})
            narrowed = days_report(session, account, since=since, until=until, facet=facet)
            assert sum(day.clicks for day in narrowed.days) == number, value
    of_all = cpf_report(
        session, account, window="all", since=None, until=None, now=START + SPAN * 2, limit=1
    )
    whole, unique = recount(rows(), account.handle)
    counted = of_all.total.clicks + of_all.total.still_counting.clicks
    said.append(f"cpf, all windows: {counted:,} clicks")
    assert counted == whole["country"].total(), (counted, whole["country"].total())
    days = session.execute(
        select(func.sum(link_days.c.clicks))
        .join(Link, Link.id == link_days.c.link_id)
        .where(Link.account_id == account.id)
    ).scalar_one()
    assert int(days) == whole["country"].total()
    compare_cities(session, account)
    return said


def compare_cities(session: Session, account: Account) -> None:
    """Compare cities with a recount of the stored clicks by month."""
    query = (
        select(clicks.c.clicked_at, cities.c.country, cities.c.name, clicks.c.visitor, Link.post_id)
        .join(cities, cities.c.id == clicks.c.city_id)
        .join(Link, Link.id == clicks.c.link_id)
        .where(Link.account_id == account.id, clicks.c.reason == 0)
        .order_by(clicks.c.seq)
    )
    whole: Counter[tuple[str, int, str]] = Counter()
    unique: Counter[tuple[str, int, str]] = Counter()
    seen = set()
    for at, country, name, visitor, post in session.execute(query):
        month = time.strftime("%Y-%m", time.gmtime(at / 1000))
        whole[month, country, name] += 1
        if visitor is None or (post, visitor) not in seen:
            unique[month, country, name] += 1
        seen.add((post, visitor))
    right: Counter[tuple[int, str]] = Counter()
    for (month, country, name), number in whole.items():
        if unique[month, country, name] >= LEAST:
            right[country, name] += number
    found = places_report(session, account).cities.by_city
    assert right == Counter(
        {(city.country, city.name): counts.clicks for city, counts in found if city.name}
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return milliseconds of the clock and of CPU, medians of warm runs."""
    work()
    by_clock, by_cpu = [], []
    for _ in range(REPEATS):
        clock, cpu = time.perf_counter(), time.process_time()
        work()
        by_clock.append(time.perf_counter() - clock)
        by_cpu.append(time.process_time() - cpu)
    return statistics.median(by_clock) * 1e3, statistics.median(by_cpu) * 1e3


def main() -> None:
    """Fill, compare, and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=1_000_000)
    parser.add_argument("--database", help="an empty PostgreSQL database (default: SQLite)")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-places-"))
    try:
        opened = open_installation(folder, given.database)
        took = fill(opened, given.clicks)
        print(versions())
        print(f"{given.clicks:,} clicks stored, {took:.0f} us of CPU each")
        with opened.database.session() as session:
            account = find_account(session, HANDLES[0])
            for line in compare(session, account, opened, folder):
                print(f"equal to a recount: {line}")
            measure(session, account)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(session: Session, account: Account) -> None:
    """Print how long the reports take."""
    last = session.scalar(
        select(func.max(account_days.c.day)).where(account_days.c.account_id == account.id)
    )
    until = date.fromordinal(int(last or 1) + 1)
    usual, year = until - timedelta(days=28), until - timedelta(days=365)
    link = session.scalars(
        select(Link)
        .join(link_days, link_days.c.link_id == Link.id)
        .where(Link.account_id == account.id)
        .group_by(Link.id)
        .order_by(func.sum(link_days.c.clicks).desc())
        .limit(1)
    ).one()
    facet = facet_of({"country": "AE"})
    print("\n| report | ms | CPU ms |\n|---|---:|---:|")
    for name, work in (
        ("places, 28 days", lambda: places_report(session, account, since=usual, until=until)),
        ("places, a year", lambda: places_report(session, account, since=year, until=until)),
        ("places, two years", lambda: places_report(session, account)),
        ("places, a link", lambda: places_report(session, account, link=link)),
        ("devices, 28 days", lambda: devices_report(session, account, since=usual, until=until)),
        ("devices, a year", lambda: devices_report(session, account, since=year, until=until)),
        ("devices, two years", lambda: devices_report(session, account)),
        ("devices, a link", lambda: devices_report(session, account, link=link)),
        (
            "days of one country, a year",
            lambda: days_report(session, account, since=year, until=until, facet=facet),
        ),
        (
            "days of one browser, a year",
            lambda: days_report(
                session, account, since=year, until=until, facet=facet_of({"browser": "Chrome"})
            ),
        ),
        (
            "both in a card, 28 days",
            lambda: facet_tops(session, Asked(account, usual, until, None, None)),
        ),
    ):
        clock, cpu = timed(work)
        beyond = " (beyond)" if clock > AIMED_AT else ""
        print(f"| {name} | {clock:.1f}{beyond} | {cpu:.1f} |")


if __name__ == "__main__":
    main()
