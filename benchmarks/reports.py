"""Reports and owner pages at size: python benchmarks/reports.py [--clicks N…] [--data FOLDER…].

Fetches every owner page and every report of the JSON API on databases of those many clicks (made
first, or those of `benchmarks/loading.py --keep FOLDER`), writes down the queries each sends, and
runs these again: warm (median; CPU time like whole pages', which others on the machine lengthen
least), and cold, which is a new connection after the file was thrown out of the operating system's
memory (fastest of three, by the clock). Steps are those of SQLite's virtual machine, some 10 a row
it touches.
"""

import argparse
import os
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from loading import fill
from machine import versions
from material import HANDLES, SPAN, START, open_installation
from sqlalchemy import Engine, event, text

from linktrack.api.clients.doors import DOORS, door_at
from linktrack.app import create_app
from linktrack.audience.accounts import get_account
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.links.models import Link
from linktrack.links.people import add_person, page_secret, promote, share_page
from linktrack.owners import access
from linktrack.owners.sharing import share_report
from linktrack.owners.tokens import create_token
from linktrack.reports.diary.experiments import Question, add_experiment
from linktrack.upkeep.counting_ahead import count_ahead

COLD_MS, WARM_MS = 50, 15  # what is aimed at, at 10 million clicks
REPEATS = 5
NOT_REPORTS = (
    "/<",  # redirects, and what a code with a plus leads to
    "/.well-known",  # nothing, unless the owner says where to report problems
    "/api/v1/export",  # all rows there are, streamed
    "/api/v1/webhooks",  # there are none
    "/favicon.ico",
    "/healthz/seen",  # only while doctor looks
    "/hello",
    "/owner/not-wrapped/<",  # of one post that is not there
    "/owner/sign-in",
    "/owner/webhooks/<",  # there are none
    "/static",
    "/uncounted",
)
EVER = "from=2024-11-01&to=2026-11-01"
MORE = {  # further views of a page, most of all those of the longest range
    "/owner/": (EVER,),
    "/owner/compare": (EVER,),
    "/owner/digest": ("period=month",),
    "/owner/followers": (EVER,),
    "/owner/left-out": (EVER,),
    "/owner/links": ("q=articles/12",),
    "/owner/links/<code>": (EVER,),
    "/owner/own-links": (EVER,),
    "/owner/posts": ("sort=low", "window=all"),
    "/owner/referrers": (EVER,),
    "/owner/segments": (),
    "/owner/timing": (),
}


@dataclass(slots=True)
class Page:
    """One page: how long it took whole, and its queries; milliseconds."""

    address: str
    whole: float
    queries: list[tuple[str, Any]] = field(default_factory=list)
    warm: float = 0.0
    cold: float = 0.0
    steps: int = 0


@contextmanager
def recorded(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Yield a list that grows by every SELECT of this engine."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        if sql.lstrip().upper().startswith(("SELECT", "WITH")):
            found.append((sql, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


def pages(opened: Installation) -> Iterator[Page]:
    """Fetch every page and report there is, as the owner; raises where one fails."""
    app = create_app(opened)
    samples, sign_in, token = prepare(opened)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answer = client.post(sign_in)
    assert answer.status_code in (302, 303), answer.text
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        # /owner itself leads to /owner/.
        is_report = rule.rule != "/owner" and not rule.rule.startswith(NOT_REPORTS)
        if "GET" not in (rule.methods or ()) or not is_report or door_at(rule.rule, DOORS):
            continue  # doors for other programs are closed unless a setting opens them
        address = filled(rule.rule, rule.arguments, samples)
        if address is None:
            print(f"{rule.rule} needs something that was not made here.", file=sys.stderr)
            continue
        is_api = address.startswith("/api/")
        of_account = f"account={quote(HANDLES[0])}"
        for query in [of_account] if is_api else ["", *MORE.get(rule.rule, ())]:
            whole = f"{address}?{query}" if query else address
            told = client.get(whole, headers=bearer(token if is_api else None)).status_code
            if is_api and told == 422:
                whole = address  # not of one account
            elif told != 200 and told < 500:  # of a kind that was not made here
                print(f"{whole} has nothing to show ({told}).", file=sys.stderr)
                continue
            yield fetch(client, opened.database.engine, whole, token if is_api else None)


def filled(rule: str, names: Iterable[str], samples: Mapping[str, object]) -> str | None:
    """Return a rule's address with samples for its parameters, None where there is none."""
    address = rule
    for name in names:
        # Of two pages of one parameter, the fuller name says what it is of.
        sample = samples.get(f"{address.split('/<')[0]}/{name}", samples.get(name))
        if sample is None:
            return None
        address = re.sub(f"<[^<>]*\\b{name}>", str(sample), address)
    return address


def prepare(opened: Installation) -> tuple[dict[str, object], str, str]:
    """Make what pages are of; return samples for addresses, where to sign in, and a token."""
    with opened.database.session(writes=True) as session:
        owner = access.first_owner(session, now())
        secret = access.make_sign_in_link(session, owner, now())
        token = create_token(session, f"bench {time.time()}", "read", None, now())
        post, link_id, code = session.execute(
            text(
                "SELECT post_id, id, code FROM links WHERE id = (SELECT link_id FROM link_days"
                " GROUP BY link_id ORDER BY sum(clicks) DESC LIMIT 1)"
            )
        ).one()
        account = get_account(session, 1)
        middle = START + SPAN / 2
        name = f"bench {time.time()}"
        experiment = add_experiment(session, account, Question(name, middle), now())
        person = add_person(session, name, now())
        link = session.get(Link, link_id)
        assert link is not None
        promote(session, link, person, now())
        share_page(session, person, now(), is_public=True)
        shared = share_report(session, account.id, 30, now())
        session.commit()
        samples = {
            "account_id": account.id,
            "post_id": post,
            "code": code,
            "form": "svg",
            "segment_id": 1,
            "/owner/experiments/number": experiment.id,
            "/owner/people/number": person.id,
            "/api/v1/accounts/number": account.id,
            "/api/v1/posts/number": post,
            "/api/v1/segments/number": 1,
            "/people/secret": page_secret(opened.keys, person),
            "/shared/secret": shared,
        }
    return samples, f"/owner/sign-in/{secret}", token


def bearer(token: str | None) -> dict[str, str]:
    """Return the headers that a token is sent with."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def fetch(client: FlaskClient, engine: Engine, address: str, token: str | None) -> Page:
    """Fetch one page twice, and time the second."""
    headers = bearer(token)
    client.get(address, headers=headers)
    with recorded(engine) as queries:
        begun = time.process_time()
        answer = client.get(address, headers=headers)
        whole = (time.process_time() - begun) * 1000
    assert answer.status_code == 200, f"{address}: {answer.status} {answer.text[:300]}"
    return Page(address, whole, queries)


def time_queries(page: Page, database: Path) -> Page:
    """Run a page's queries again, and return it with what they took."""
    cold = []
    for _ in range(3):
        with database.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        cold.append(run(page, sqlite3.connect(database), time.perf_counter))
    connection = sqlite3.connect(database, check_same_thread=False)
    run(page, connection)
    warm = statistics.median(run(page, connection, time.process_time) for _ in range(REPEATS))
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 10
        return 0

    connection.set_progress_handler(step, 10)
    run(page, connection)
    return replace(page, warm=warm, cold=min(cold), steps=steps)


def run(
    page: Page, connection: sqlite3.Connection, clock: Callable[[], float] = time.process_time
) -> float:
    """Run all queries of a page; return the milliseconds by a clock."""
    begun = clock()
    for sql, parameters in page.queries:
        connection.execute(sql, parameters).fetchall()
    return (clock() - begun) * 1000


def table(opened: Installation, folder: Path) -> dict[str, Page]:
    """Time all pages of a database and print them."""
    count_ahead(opened.database.engine, now())  # as the loader's process does
    with opened.database.engine.connect() as connection:
        clicks = connection.scalar(text("SELECT count(*) FROM clicks")) or 0
    database = folder / "linktrack.db"
    opened.database.close()
    sqlite3.connect(database).execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    size = database.stat().st_size / 1e6
    each = size / clicks * 1e6
    print(f"\n{clicks:,} clicks; the database has {size:,.0f} MB, {each:,.0f} MB a million.\n")
    print("| page | queries | steps | cold ms | warm ms | whole page ms | |")
    print("|---|---:|---:|---:|---:|---:|---|")
    found = {}
    for page in list(pages(opened)):
        page = time_queries(page, database)
        found[page.address] = page
        slow = "" if page.cold <= COLD_MS and page.warm <= WARM_MS else "slow"
        print(
            f"| {page.address} | {len(page.queries)} | {page.steps:,} | {page.cold:.1f} "
            f"| {page.warm:.1f} | {page.whole:.0f} | {slow} |",
            flush=True,
        )
    return found


def main() -> None:
    """Make the databases, time them, and compare the last two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--data", type=Path, nargs="+", help="data folders that have clicks")
    options = parser.parse_args()
    if not hasattr(os, "posix_fadvise"):
        sys.exit("This system cannot forget a file: the cold figures need Linux.")
    made = Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    print(versions("Flask"))
    found = []
    try:
        for folder, clicks in (
            [(folder, 0) for folder in options.data]
            if options.data
            else [(made / str(clicks), clicks) for clicks in options.clicks]
        ):
            opened = open_installation(folder)
            for _ in fill(opened, clicks) if clicks else ():
                pass
            found.append(table(opened, folder))
            opened.database.close()
    finally:
        shutil.rmtree(made)
    if len(found) > 1:
        print("\n| page | warm, last size ÷ the one before |\n|---|---:|")
        for address, page in found[-1].items():
            before = found[-2].get(address)
            if before is not None and before.warm > 0:
                print(f"| {address} | {page.warm / before.warm:.2f} |")


if __name__ == "__main__":
    main()
