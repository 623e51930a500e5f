"""Links with limits, rules and tags, through the server: python benchmarks/plans.py.

Two services with the same links, of which one has limits, four rules and a tag on one link in
ten, are loaded by wrk in turns (redirects.py), each second round in reversed order. Compares
requests per second, and CPU time a request with the loader's. Prints a few lines.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from limits import RULES
from machine import versions
from material import open_installation
from redirects import LUA, Run, Variant, evenly, is_there, load, prepare
from sqlalchemy import select

from linktrack.db import now
from linktrack.links.labels import set_tags
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import NONE, set_limits
from linktrack.links.redirects.ruling import set_rules

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from servers import Server, environment
from waiting import wait_until


def give(data: Path, share: int, what: str) -> None:
    """Give one link in `share` limits, rules and a tag, or one of these."""
    opened = open_installation(data)
    limits = replace(NONE, expires_at=now() + timedelta(days=9), most_clicks=10**8)
    with opened.database.session(writes=True) as session:
        links = session.scalars(select(Link).order_by(Link.id)).all()
        for link in links[share // 2 :: share]:  # neither the most asked for, nor the least
            if what in ("all", "limits"):
                set_limits(session, opened.shortener, link, limits, now())
            if what in ("all", "rules"):
                set_rules(session, opened.shortener, link, RULES, now())
            if what in ("all", "tags"):
                set_tags(session, link.id, ["offers"])
        session.commit()
    opened.database.close()


def serve(stack: ExitStack, folder: Path, links: int, share: int, what: str) -> Variant:
    """Start a service; with a `share` its links have plans."""
    name = "with plans" if share else "without"
    data, paths = prepare(folder / name.replace(" ", "-"), links)
    if share:
        give(data, share, what)
    served = Server(environment(data), data.with_suffix(".log"), "--workers", "2")
    stack.callback(served.stop)
    variant = Variant(name, served.port, [served.process.pid], paths, data, links)
    wait_until(partial(is_there, variant), 60, why=f"{name} answers")
    return variant


def told(word: str, pairs: list[tuple[float, float]]) -> str:
    """Say the medians of both, and how much one is of the other, round by round."""
    without, with_some = (statistics.median(each) for each in zip(*pairs, strict=True))
    low, middle, high = statistics.quantiles([two / one for one, two in pairs], n=4)
    ratio = f"{middle:.3f} ({low:.3f} to {high:.3f})"
    return f"{word} {without:,.0f} without, {with_some:,.0f} with: {ratio}"


def main() -> None:
    """Start, load, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--links", type=int, default=1_000)
    parser.add_argument("--what", choices=("all", "limits", "rules", "tags"), default="all")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    script = folder / "load.lua"
    script.write_text(LUA)
    pairs: list[tuple[Run, Run]] = []
    try:
        with ExitStack() as stack:
            variants = [
                serve(stack, folder, options.links, share, options.what) for share in (0, 10)
            ]
            for variant in variants:
                load(variant, 5, script)
            for number in range(options.rounds):
                order = variants if number % 2 == 0 else variants[::-1]
                found = {one.name: evenly(one, options.seconds, script) for one in order}
                without, with_some = (found[one.name] for one in variants)
                if without is not None and with_some is not None:
                    pairs.append((without, with_some))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"One link in ten of {options.links:,}; {len(pairs)} rounds count. {versions()}")
    print(told("Requests a second:", [(one.rate, two.rate) for one, two in pairs]))
    print(told("CPU µs of the web workers:", [(one.cpu, two.cpu) for one, two in pairs]))
    print(
        told(
            "with the loader:", [(one.cpu_with_loader, two.cpu_with_loader) for one, two in pairs]
        ),
        "(above 1 is more)",
    )


if __name__ == "__main__":
    main()
