"""What limits and rules cost the lane: python benchmarks/limits.py [--what rules].

Two installations with the same links, of which one has limits (a time and a number of clicks) on
one link in ten, or four rules, the last of them a split, are asked in turns for redirects, in this
process and without HTTP. Compares CPU time, that of drawing clicks from the database included, so
it can run beside other work. A server takes several times the lane's time for HTTP: its ratio is
nearer to 1. Prints one line.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from machine import versions
from material import add_links, open_installation
from sqlalchemy import select

from linktrack.clicks.capture.asgi_lane import ASGILane
from linktrack.db import now
from linktrack.links.models import Link
from linktrack.links.redirects.limiting import NONE, set_limits
from linktrack.links.redirects.rules.written import conditions_written, options_written
from linktrack.links.redirects.ruling import Wanted, set_rules

if TYPE_CHECKING:
    from a2wsgi.asgi_typing import HTTPScope, Receive, Scope, Send, SendEvent

HEADERS = [
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"referer", b"https://t.co/"),
    (b"host", b"go.example"),
]


RULES = [
    Wanted(conditions_written(asked), options_written(led))
    for asked, led in (
        (["system=iOS"], ["https://apps.example/app"]),
        (["language=de", "time=09:00-17:00"], ["https://example.com/de"]),
        (["query=ref=mail"], ["https://example.com/mail"]),
        ([], ["50=https://example.com/a", "50=https://example.com/b"]),
    )
]


async def _behind(_scope: "Scope", _receive: "Receive", _send: "Send") -> None:
    raise AssertionError("something was not redirected")


class Asked:
    """One installation, and the codes that are asked for."""

    def __init__(self, folder: Path, links: int, share: int, what: str = "limits") -> None:
        installation = open_installation(folder)
        add_links(installation, links)
        with installation.database.session(writes=True) as session:
            found = session.scalars(select(Link).order_by(Link.id)).all()
            self.codes = [link.code or "" for link in found]
            limits = replace(NONE, expires_at=now() + timedelta(days=9), most_clicks=10**8)
            for link in found[::share] if share else ():
                if what == "limits":
                    set_limits(session, installation.shortener, link, limits, now())
                else:
                    set_rules(session, installation.shortener, link, RULES, now())
            session.commit()
        self.lane = installation.lane()
        self.application = ASGILane(_behind, self.lane)

    async def ask(self, clicks: int) -> float:
        """Redirect so many clicks; return the CPU seconds of one."""
        scopes: list[HTTPScope] = [
            {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.4"},
                "http_version": "1.1",
                "method": "GET",
                "scheme": "http",
                "path": f"/{code}",
                "raw_path": b"",
                "query_string": b"",
                "root_path": "",
                "headers": HEADERS,
                "server": ("go.example", 80),
                "client": ("192.0.2.1", 50_000),
            }
            for code in random.choices(self.codes, k=clicks)
        ]

        async def receive() -> "SendEvent":
            raise AssertionError("nothing is read")

        async def send(message: "SendEvent") -> None:
            assert message.get("status", 302) == 302

        begun = time.process_time()
        for scope in scopes:
            await self.application(scope, receive, send)  # type: ignore[arg-type]
        return (time.process_time() - begun) / clicks


async def compare(
    plain: Asked, limited: Asked, rounds: int, clicks: int
) -> list[tuple[float, float]]:
    """Return the CPU seconds of a redirect without limits, and with, round by round."""
    found = []
    for number in range(rounds + 1):
        if number % 2:
            without, with_some = await plain.ask(clicks), await limited.ask(clicks)
        else:
            with_some, without = await limited.ask(clicks), await plain.ask(clicks)
        found.append((without, with_some))
    return found[1:]  # the first looks everything up


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--clicks", type=int, default=5_000, help="in each round")
    parser.add_argument("--what", choices=("limits", "rules"), default="limits")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain = Asked(Path(folder) / "plain", options.links, 0)
        limited = Asked(Path(folder) / "limited", options.links, 10, options.what)
        found = asyncio.run(compare(plain, limited, options.rounds, options.clicks))
        for each in (plain, limited):
            each.lane.close()
    without, with_some = (statistics.median(each) * 1e6 for each in zip(*found, strict=True))
    low, middle, high = statistics.quantiles([one / two for one, two in found], n=4)
    print(
        f"A redirect takes the lane {without:.1f} µs of CPU, {with_some:.1f} µs where one link in "
        f"ten has {options.what}: {middle:.3f} as many ({low:.3f} to {high:.3f}; {versions()})"
    )


if __name__ == "__main__":
    main()
