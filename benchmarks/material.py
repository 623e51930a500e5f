"""An installation of any size for the benchmarks: three accounts, links, and clicks as they come.

Clicks come in order of time over two years. Two in three are on links of the last days (ages are
spread evenly over the logarithm, from a minute to 30 days), the others on any link; of the links
of a day, and of all, the n-th has a chance of 1/n (Zipf). One in five is of a segment's version.
They bear user agents and referrers
that were really sent, where the public bitly feed is at hand (LINKTRACK_BENCH_FEED names a folder
of its files), else made-up ones of the same variety.
"""

import gzip
import json
import os
import random
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select

from linktrack.audience.accounts import add_account
from linktrack.audience.models import Account, FollowerCount
from linktrack.audience.segments import add_segment
from linktrack.clicks.capture.journal import SUFFIX
from linktrack.clicks.classify.referrers import referrer_key
from linktrack.db import to_ms
from linktrack.installation import Installation
from linktrack.links.models import Link, LinkDestination, Post
from linktrack.settings import load_settings

START: Final = datetime(2024, 11, 1, tzinfo=UTC)
SPAN: Final = timedelta(days=730)
HANDLES: Final = ("@JessesLinks", "@Jesse", "@community")
SHARES: Final = (0.6, 0.9, 1.0)  # of the links: the first account has 60 %
SEGMENTS: Final = ("close", "often", "new")  # of each account
VISITORS: Final = 200_000
FILE_CLICKS: Final = 250_000  # in one journal file, about 64 MB
CHUNK: Final = 5_000


@dataclass(frozen=True, slots=True)
class Sent:
    """A user agent and a referrer that belong together, as JSON."""

    agent: bytes
    referrer: bytes


def open_installation(folder: Path, database: str | None = None, **more: str) -> Installation:
    """Open an installation in a folder, with its tables."""
    environ = {"LINKTRACK_DATA": str(folder), **more}
    if database is not None:
        environ["LINKTRACK_DATABASE"] = database
    opened = Installation.open(load_settings(environ))
    opened.database.migrate()
    return opened


def add_links(opened: Installation, count: int, posts: bool = True) -> list[str]:
    """Make links, each in a published post of its own; return their codes, numbered from 1."""
    with opened.database.session(writes=True) as session:
        accounts = [add_account(session, "x", handle, None, START).id for handle in HANDLES]
        session.execute(
            insert(FollowerCount),
            [
                {"account_id": account, "counted_at": START, "count": 23_000, "source": "entered"}
                for account in accounts
            ],
        )
        for account in session.scalars(select(Account).order_by(Account.id)):
            for name in SEGMENTS:
                add_segment(session, account, name, 1_000, START)
        session.commit()
    codes = [opened.shortener.codes.propose(number) for number in range(1, count + 1)]
    with opened.database.engine.begin() as connection:
        for first in range(0, count, CHUNK):
            numbers = range(first + 1, min(count, first + CHUNK) + 1)
            rows = [_link(number, codes[number - 1], count, accounts) for number in numbers]
            if posts:
                connection.execute(insert(Post), [row[0] for row in rows])
            connection.execute(
                insert(Link),
                [row[1] | {"post_id": row[0]["id"] if posts else None} for row in rows],
            )
            connection.execute(insert(LinkDestination), [row[2] for row in rows])
    return codes


def _link(
    number: int, code: str, count: int, accounts: Sequence[int]
) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    at = START + SPAN * number / count
    account = accounts[bisect(SHARES, number * 0.618 % 1)]
    destination = f"https://www.example.org/articles/{number}?from=links"
    text = f"Worth reading, number {number}: https://go.example.org/{code}"
    post = {
        "id": number,
        "account_id": account,
        "state": "published",
        "written": text,
        "text": text,
        "posted_at": at,
        "created_at": at,
    }
    link = {
        "id": number,
        "account_id": account,
        "code": code,
        "destination": destination,
        "created_at": at,
        "changed_at": at,
    }
    return post, link, {"link_id": number, "since": at, "destination": destination}


class Readers:
    """Draws which link is clicked at a moment, as a share of the whole time."""

    def __init__(self, links: int, chance: random.Random) -> None:
        self._links = links
        self._chance = chance
        self._day = max(1, links // SPAN.days)
        self._any = Zipf(links, chance)
        self._of_day = Zipf(self._day, chance)
        # The best of all are not the first of all.
        self._order = random.Random(links).sample(range(1, links + 1), links)
        self._minutes = SPAN / timedelta(minutes=1)

    def draw(self, share: float) -> int:
        """Return the number of a link."""
        if self._chance.random() < 1 / 3:
            return self._order[self._any.draw() - 1]
        age = 43_200.0 ** self._chance.random() / self._minutes
        newest = int(max(0.0, share - age) * self._links)
        return min(self._links, newest // self._day * self._day + self._of_day.draw())


class Zipf:
    """Draws numbers from 1 to `count`, the n-th with a chance of 1/n."""

    def __init__(self, count: int, chance: random.Random) -> None:
        self._sums = list(accumulate(1 / number for number in range(1, count + 1)))
        self._chance = chance

    def draw(self) -> int:
        """Return one number."""
        return bisect(self._sums, self._chance.random() * self._sums[-1]) + 1


def write_journal(folder: Path, clicks: range, of: int, links: int) -> None:
    """Write some of `of` clicks into a journal file that no worker holds, ready to be loaded."""
    chance = random.Random(clicks.start)
    readers, sent = Readers(links, chance), what_was_sent()
    folder.mkdir(parents=True, exist_ok=True)
    first, span = to_ms(START), SPAN // timedelta(milliseconds=1)
    draw, pick, visitor = readers.draw, chance.choice, chance.random
    name = UUID(int=(of << 64) + clicks.start).hex  # in the order of the clicks
    with (folder / f"{name}{SUFFIX}").open("wb") as file:
        for place in clicks:
            one = pick(sent)
            file.write(
                b'{"t":%d,"l":%d,"a":%b,"r":%b,"v":%d%b}\n'
                % (
                    first + place * span // of,
                    link := draw(place / of),
                    one.agent,
                    one.referrer,
                    # 64-bit pseudonyms, as they are: spread over the whole range.
                    (int(visitor() * VISITORS) * 0x9E3779B97F4A7C15) % 2**64 - 2**63,
                    _version(link, pick) if place % 5 == 0 else b"",
                )
            )


def _version(link: int, pick: Callable[[range], int]) -> bytes:
    account = bisect(SHARES, link * 0.618 % 1)
    segment = account * len(SEGMENTS) + pick(range(len(SEGMENTS))) + 1
    return b',"s":%d,"f":null,"b":"variant"' % segment


@cache
def what_was_sent() -> list[Sent]:
    """Return pairs of user agent and referrer in their real proportions."""
    folder = Path(os.environ.get("LINKTRACK_BENCH_FEED", "../shared/data/bitly"))
    pairs = list(_feed(folder)) or list(_made_up())
    return [Sent(json.dumps(agent).encode(), json.dumps(host).encode()) for agent, host in pairs]


def _feed(folder: Path) -> Iterator[tuple[str, str | None]]:
    for path in sorted(folder.glob("*.gz")):
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    click = json.loads(line)
                except ValueError:
                    continue
                if "a" in click:
                    referrer = click.get("r")
                    yield click["a"], referrer_key(None if referrer == "direct" else referrer)


def _made_up() -> Iterator[tuple[str, str | None]]:
    chance = random.Random(7)
    systems = (
        "X11; Linux x86_64",
        "Windows NT 10.0; Win64; x64",
        "Macintosh; Intel Mac OS X 10_15_7",
    )
    hosts = (None, "//t.co", "//www.google.com", "//bsky.app", "//mastodon.social", "//example.org")
    for _ in range(50_000):
        version = f"{int(60 + 80 * chance.random() ** 0.3)}.0"
        if chance.random() < 0.1:
            build = chance.randrange(1000)
            yield f"Twitterbot/1.0 (build {build})", None
        else:
            browser = f"Chrome/{version}.{chance.randrange(60)} Safari/537.36"
            engine = "AppleWebKit/537.36 (KHTML, like Gecko)"
            agent = f"Mozilla/5.0 ({chance.choice(systems)}) {engine} {browser}"
            yield agent, chance.choice(hosts)
