"""Every answer that the API's GET operations give, one file each, to compare two versions of it.

    python benchmarks/api_dump.py --make FOLDER                 make an installation to ask
    python benchmarks/api_dump.py --data FOLDER --output OUT    ask it, and write the answers
    python benchmarks/api_dump.py --output OUT                  both, on a temporary installation

    diff -r BEFORE AFTER     is empty where both versions answer the same

`--data` asks a copy, so that the folder can be asked again, by another version of the code too.
The installation is the demonstration (its seed is fixed) and, made over the API, the pages and the
command line, one of everything that the demonstration lacks. Asked are: every GET operation of
`openapi.json`, each of its parameters with several values; the tables of the owner's pages as
files; the addresses that YOURLS' and Shlink's clients ask; and the owner's pages.

A file holds the status, the content type, where a redirect leads, and the body. What is made equal
before the comparison:

- The clock stands still while answers are made (`NOW`), and moves in fixed steps while the
  installation is made; random numbers are seeded. So nothing has to be taken out of the JSON.
- JSON is written anew with an indent, so that `diff` shows the field; the order of the fields and
  the values stay as they are.
- In pages: the tokens of forms (`csrf_token`), which are signed anew for every session; the secrets
  in addresses by which a device is let in (`/uncounted/…`); the name of the copied folder.
"""

import argparse
import contextlib
import importlib
import io
import json
import os
import pkgutil
import random
import re
import secrets
import shutil
import sqlite3
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote, unquote, urlencode

from flask import Flask
from werkzeug.test import Client, TestResponse

Json: TypeAlias = Any
"""Whatever JSON holds."""

Query: TypeAlias = tuple[tuple[str, str], ...]

NOW: Final = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
"""When the answers are given."""

DEMO_ENDS: Final = NOW - timedelta(days=3)
"""What comes after it is made here."""

SEED: Final = 20_091
BASE_URL: Final = "https://go.example.org"

SETTINGS: Final = {
    "LINKTRACK_BASE_URL": BASE_URL,
    "LINKTRACK_TIMEZONE": "Europe/Berlin",  # whose clocks change within the demonstration's year
    "LINKTRACK_DOORS": "yourls,shlink",
    "LINKTRACK_RATE_LIMIT": "100000",
    "LINKTRACK_PERSONAL_LINKS": "on",
    "LINKTRACK_CONTACT": "owner@example.org",
}

SECRETS: Final = "api-dump.json"
"""The file in the folder that keeps the tokens to ask with."""

# Everything that this program knows of the code, beside the addresses it asks.
PACKAGE: Final = "linktrack"
APPLICATION: Final = ("linktrack.app", "create_wsgi_app")
COMMANDS: Final = ("linktrack.cli", "main")
NEVER_IMPORTED: Final = (
    "linktrack.__main__",
    "linktrack.migrations",
    "linktrack.cli.server.granian_service",
)

EXPORTS: Final = ("clicks", "links", "posts", "counts", "followers", "segments")
RANGES: Final[tuple[Query, ...]] = (
    (("from", "2026-01-01"), ("to", "2026-04-01")),
    (("from", "2026-10-01"),),
    (("to", "2026-03-29T02:30:00+01:00"),),
    (("from", "2026-10-25T02:30:00+02:00"), ("to", "2026-10-25T02:30:00+01:00")),
    (("from", "2031-01-01"),),
    (("from", "yesterday"),),
)
MOST_PAGES: Final = 12
EVERY: Final = 12
"""Of posts and links, all that were made here are asked for, and of the others every so many."""

LAST: Final = 60

LITTLE_TO_SAY: Final = ("@before", "@letter")
"""Accounts without clicks worth more than one question."""

TOGETHER: Final[dict[str, Query]] = {
    "event": (("account", "@demo_you"), ("event", "2026-06-23"), ("event", "2026-10-25")),
    "sort": (("account", "@demo_you"), ("sort", "low"), ("limit", "30"), ("window", "24h")),
    "window": (("account", "@demo_we"), ("account", "@demo_me"), ("window", "all")),
}
"""Several values at once, for operations that have this parameter."""

AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0"


class Clock:
    """What the program under test takes for the time."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def step(self, **by: int) -> None:
        """Go on by so many minutes, hours or days."""
        self.moment += timedelta(**by)


def _standing(clock: Clock) -> type:
    """Return a `datetime` whose `now` is the clock's; all it makes are ordinary ones."""

    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, datetime)

    class Standing(datetime, metaclass=Kind):
        def __new__(cls, *parts: Any, **named: Any) -> Any:
            return datetime(*parts, **named)  # noqa: DTZ001 - as the caller says

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return clock.moment.astimezone(tz)

    return Standing


def _replace(holder: object, name: str, value: object) -> None:
    setattr(holder, name, value)


def stand_still(clock: Clock) -> None:
    """Give the package this clock and seeded random numbers; nothing of it is imported yet.

    All its modules are imported now, so that none looks at another clock later.
    """
    chance = random.Random(SEED)
    _replace(secrets, "token_bytes", lambda size=32: chance.randbytes(size or 32))
    _replace(secrets, "randbelow", chance.randrange)
    _replace(os, "urandom", chance.randbytes)
    _replace(time, "time", lambda: clock.moment.timestamp())
    _replace(time, "time_ns", lambda: int(clock.moment.timestamp() * 1000) * 1_000_000)
    package = importlib.import_module(PACKAGE)
    for found in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        if not found.name.startswith(NEVER_IMPORTED):
            importlib.import_module(found.name)
    standing = _standing(clock)
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{PACKAGE}."):
            for attribute, value in list(vars(module).items()):
                if value is datetime:
                    _replace(module, attribute, standing)


@contextlib.contextmanager
def settings(data: Path) -> Iterator[None]:
    """Let the environment name this installation, and no other setting."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("LINKTRACK_")]:
        del os.environ[name]
    os.environ.update(SETTINGS, LINKTRACK_DATA=str(data))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def command(*words: str) -> str:
    """Run one command, and return what it prints."""
    module, name = COMMANDS
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        getattr(importlib.import_module(module), name)(list(words), standalone_mode=False)
    return printed.getvalue()


def browser() -> Client:
    """Return a client of the installation that the environment names: short links and pages."""
    module, name = APPLICATION
    app = getattr(importlib.import_module(module), name)()
    assert isinstance(app, Flask)
    app.config["WTF_CSRF_ENABLED"] = False
    return Client(app)


def signed_in(client: Client, owner: str) -> None:
    """Sign an owner in, in this browser."""
    said = json.loads(command("owner", "link", owner, "--json"))
    link = next(value for value in said.values() if "/owner/sign-in/" in str(value))
    address = f"/owner/sign-in/{link.rpartition('/')[2]}"
    assert client.post(address, base_url=BASE_URL).status_code == 303


@dataclass
class Api:
    """The API as one token sees it."""

    client: Client
    token: str

    def ask(self, address: str) -> TestResponse:
        """Return the answer to a GET."""
        return self.client.get(
            address, base_url=BASE_URL, headers={"Authorization": f"Bearer {self.token}"}
        )

    def read(self, path: str) -> Json:
        """Return the JSON at a path below /api/v1."""
        return json.loads(self.ask(f"/api/v1{path}").get_data())

    def send(self, method: str, path: str, **fields: Json) -> Json:
        """Do what makes the installation; it has to be taken."""
        answer = self.client.open(
            f"/api/v1{path}",
            method=method,
            json=fields,
            base_url=BASE_URL,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        if answer.status_code >= 400:
            raise SystemExit(f"{method} {path} {fields}: {answer.status} {answer.text}")
        return json.loads(answer.get_data() or b"null")


# --- The installation --------------------------------------------------------------------------


def make(data: Path, clock: Clock) -> None:
    """Make the installation in an empty folder."""
    clock.moment = DEMO_ENDS
    with settings(data):
        command("owner", "create", "Ada")
        command("owner", "create", "Viv", "--viewer")
        command("demo")
        tokens = {
            name: json.loads(command("token", "create", name, "--json", "--scope", *scope))["token"]
            for name, scope in (
                ("all", ("write",)),
                ("one", ("read", "--account", "@demo_you")),
                ("door", ("wrap", "--account", "@demo_you")),
            )
        }
        (data / SECRETS).write_text(json.dumps(tokens))
        client = browser()
        api = Api(client, tokens["all"])
        _make_accounts(api, clock)
        _make_people(api, data, clock)
        _make_posts(api, data, clock)
        _make_links(api, tokens["door"], clock)
        _make_besides(api, clock)
        _follow_back(api, data, clock)
        _import(data)
        _click(api, clock)
        command("load")
        clock.moment = NOW
        command("load")


def _make_accounts(api: Api, clock: Clock) -> None:
    for network, handle, role in (
        ("bluesky", "@reader.example.com", None),
        ("mastodon", "@club@social.example", None),
        ("other", "@letter", None),
        ("x", "@before", None),
    ):
        clock.step(minutes=1)
        account = api.send("POST", "/accounts", network=network, handle=handle, role=role)
        for ago in (90, 60, 2) if network != "other" else ():
            at = (clock.moment - timedelta(days=ago)).isoformat()
            number = account["id"]
            api.send("POST", f"/accounts/{number}/counts", count=900 + ago, counted_at=at)
    accounts = numbers(api)
    utm = {"utm_source": "club", "utm_medium": "social"}
    api.send("PATCH", f"/accounts/{accounts['@club@social.example']}", utm=utm, card="destination")
    api.send("PATCH", f"/accounts/{accounts['@before']}", removed=True)
    for host in ("own.example.net", "shop.example.net"):
        api.send("POST", "/sites", host=host)
    for name, hosts, mentions in (
        ("Ines Example", ["example.org"], ["@ines"]),
        ("Otto Example", [], ["@otto", "otto@social.example"]),
    ):
        api.send("POST", "/people", name=name, hosts=hosts, mentions=mentions)
    api.send("PATCH", f"/people/{api.read('/people')['data'][0]['id']}", public=True)


def numbers(api: Api) -> dict[str, int]:
    """Return the accounts' numbers by handle."""
    shown = [*api.read("/accounts")["data"], *api.read("/accounts?removed=true")["data"]]
    return {row["handle"]: row["id"] for row in shown}


def _person(number: int, network: str, at: datetime) -> dict[str, Json]:
    chance = random.Random(f"{SEED} {network} {number}")
    known = {"x": f"{7_000_000 + number}", "bluesky": f"did:plc:person{number}"}
    return {
        "id": known[network],
        "handle": f"@person{number}" if network == "x" else f"@person{number}.example.com",
        "followers": chance.choice((0, 3, 40, 300, 2_500, 40_000)),
        "following": chance.randrange(900),
        "posts": chance.choice((0, 0, 12, 500)),
        "created_at": (at - timedelta(days=chance.randrange(30, 3_000))).isoformat(),
        "has_description": chance.random() < 0.6,
        "has_picture": chance.random() < 0.8,
        "last_active_at": (at - timedelta(days=chance.randrange(1, 400))).isoformat(),
        "followed_back": chance.random() < 0.3,
    }


def _make_people(api: Api, data: Path, clock: Clock) -> None:
    """Follower lists in which people come, go and come back; segments by rule, by list, by hand."""
    accounts = numbers(api)
    you, reader = accounts["@demo_you"], accounts["@reader.example.com"]
    chance = random.Random(SEED)
    for number, network, size in ((you, "x", 400), (reader, "bluesky", 90)):
        for ago in (200, 120, 100, 60, 30, 8, 1):
            at = clock.moment - timedelta(days=ago)
            there = [n for n in range(size + 200 - ago) if n < 20 or chance.random() < 0.93]
            api.send(
                "POST",
                f"/accounts/{number}/rosters",
                followers=[_person(n, network, at) for n in there],
                taken_at=at.isoformat(),
                confirmed=True,
            )
    clock.step(hours=1)
    segments = f"/accounts/{you}/segments"
    api.send("POST", segments, segment="Friends", people=["@person3", "@person5", "@person8"])
    api.send("POST", segments, segment="Loud", rules=["followers >= 2000", "posts > 10"])
    api.send("POST", segments, segment="New", preset="newcomers")
    api.send("POST", segments, segment="Club", size=37, place="the club's newsletter")
    gone = api.send("POST", segments, segment="Gone", rules=["has_picture = no"])
    api.send("POST", f"/accounts/{reader}/segments", segment="Quiet", preset="quiet")
    api.send("DELETE", f"/segments/{gone['id']}")
    loud = next(row for row in api.read(segments)["data"] if row["segment"] == "Loud")
    clock.step(hours=1)
    api.send("PATCH", f"/segments/{loud['id']}", rules=["followers >= 1000"], place="a chat")
    api.send("POST", "/forgotten-followers", follower="@person11")
    command("personal", "agree", "@demo_you", "@person5")
    _take_archive(data)


def _take_archive(data: Path) -> None:
    """Posts that nobody wrapped, from an archive as X gives it."""
    rows = []
    for number in range(1, 41):
        short, full = f"https://t.co/{number:010d}", f"https://example.net/article/{number}"
        text = f"Reading number {number}: {short}" if number % 4 else f"Number {number}, no link"
        urls = [{"url": short, "expanded_url": full, "display_url": full[8:], "indices": [
            str(text.find("https")), str(len(text))]}]  # fmt: skip
        row = {
            "id": str(number), "id_str": str(number), "full_text": text, "retweeted": False,
            "created_at": f"Mon Oct {1 + number % 28:02d} 20:19:24 +0000 2026",
            "entities": {"urls": urls if number % 4 else []},
        }  # fmt: skip
        rows.append({"tweet": row})
    path = data / "archive.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps(rows)}")
    command("archive", "import", "@demo_you", str(path), "--yes")
    path.unlink()


def _make_posts(api: Api, data: Path, clock: Clock) -> None:
    """Posts in every state, for segments, promoting people, and in the queue."""
    clock.step(hours=1)
    posts: tuple[dict[str, Json], ...] = (
        {"account": "@demo_you", "text": "With a version https://example.org/version",
         "segments": ["Club", "Friends"], "addressed": {"Club": 30}, "slugs": ["version"]},
        {"account": "@demo_you", "text": "Two: https://example.com/a https://own.example.net/b",
         "promotes": ["Ines Example"]},
        {"account": "@demo_you", "text": "Crowded https://example.com/burst", "slugs": ["crowd"]},
        {"account": "@demo_you", "text": "“Ünïcode” 🎉 & <b> https://example.com/ü?q=1&r=é#x"},
        {"account": "@demo_me", "text": "A draft https://example.com/draft", "state": "draft"},
        {"account": "@demo_you", "text": "Later https://example.com/later", "state": "scheduled",
         "posted_at": (NOW + timedelta(days=2)).isoformat()},
        {"account": "@demo_we", "text": "Gone https://example.com/gone", "state": "draft"},
        {"account": "@letter", "text": "By hand https://example.com/letter"},
        {"account": "@club@social.example", "text": "For @otto https://example.com/club"},
        {"account": "@reader.example.com", "text": "Old https://example.com/old",
         "posted_at": (NOW - timedelta(days=50)).isoformat()},
    )  # fmt: skip
    for fields in posts:
        clock.step(minutes=7)
        made = api.send("POST", "/posts", **fields)
        if "Gone" in fields["text"]:
            api.send("PATCH", f"/posts/{made['id']}", state="discarded")
    accounts = numbers(api)
    with contextlib.closing(sqlite3.connect(data / "linktrack.db")) as database, database:
        # Nobody can sign in to a network from here; the queue only asks whether somebody has.
        for handle in ("@reader.example.com", "@demo_you"):
            database.execute(
                "INSERT INTO credentials (account_id, sealed, connected_at) VALUES (?, ?, ?)",
                (accounts[handle], "sealed", int(clock.moment.timestamp() * 1000)),
            )
    for number, handle in enumerate(("@reader.example.com", "@demo_you", "@demo_you")):
        clock.step(minutes=7)
        made = api.send(
            "POST", "/posts", account=handle, text=f"Queued https://example.com/queue/{number}",
            posted_at=(NOW + timedelta(hours=number + 1)).isoformat(), send=True,
        )  # fmt: skip
    kept = api.read("/not-wrapped?account=%40demo_you&limit=3")["data"]
    api.send("POST", f"/not-wrapped/{kept[0]['id']}/draft")
    api.send("DELETE", f"/not-wrapped/{kept[1]['id']}")


def _make_links(api: Api, door: str, clock: Clock) -> None:
    """Single links, changed and disabled; and those that other shorteners' clients make."""
    clock.step(hours=1)
    for slug in ("poster", "profile", "closed"):
        address = f"https://example.com/{slug}"
        api.send("POST", "/links", account="@demo_you", destination=address, slug=slug)
    for place in range(2):
        clock.step(hours=1)
        api.send("PATCH", "/links/poster", destination=f"https://example.org/moved/{place}")
    api.send("PATCH", "/links/closed", disabled=True)
    api.send(
        "PATCH", "/links/profile", forward_query=True, promotes=["Otto Example"],
        card_title="A title", card_description="What it says",
    )  # fmt: skip
    for number in range(3):
        clock.step(minutes=5)
        said = {
            "action": "shorturl", "url": f"https://example.com/y/{number}",
            "keyword": f"yy{number}",
            "title": f"Title {number} <&>", "signature": door, "format": "json",
        }  # fmt: skip
        answer = api.client.post("/yourls-api.php", data=said, base_url=BASE_URL)
        assert answer.status_code == 200, answer.text
        answer = api.client.post(
            "/rest/v3/short-urls",
            json={"longUrl": f"https://example.com/s/{number}", "customSlug": f"ss{number}",
                  "tags": ["one", "two"][:number], "title": f"Shlink {number}"},
            headers={"X-Api-Key": door}, base_url=BASE_URL,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text


def _make_besides(api: Api, clock: Clock) -> None:
    """Notes, experiments, shared reports, webhooks."""
    clock.step(hours=1)
    for text, day, account in (
        ("The day everybody left", "2026-06-23", "@demo_you"),
        ("A talk & a “quote”", "2026-10-25", None),
        ("Today", None, "@demo_me"),
    ):
        api.send("POST", "/notes", text=text, day=day, account=account)
    for name, fields in {
        "Unfollowing": {"account": "@demo_you", "at": "2026-06-23T12:00:00Z", "days": 60},
        "Side by side": {"account": "@demo_you", "other": "@demo_me", "at": "2026-09-01T00:00:00Z",
                         "days": 40, "window": "24h"},
        "Still running": {"account": "@demo_we", "at": "2026-10-20T00:00:00Z", "days": 28},
    }.items():  # fmt: skip
        api.send("POST", "/experiments", name=name, hypothesis=f"{name} helps", **fields)
    for account, days in (("@demo_you", 90), ("@demo_me", 30)):
        api.send("POST", "/shared-reports", account=account, days=days)
    for url, chosen in (
        ("https://hooks.example.com/all", {}),
        ("https://hooks.example.com/one", {"account": "@demo_you", "events": ["post.wrapped"]}),
    ):
        hook = api.send("POST", "/webhooks", url=url, **chosen)
        api.send("POST", f"/webhooks/{hook['id']}/test")


def _follow_back(api: Api, data: Path, clock: Clock) -> None:
    """A plan, people followed by hand, and follows that a program made and takes back."""
    clock.step(hours=1)
    signed_in(api.client, "Ada")
    you = numbers(api)["@demo_you"]
    page = f"/owner/follow-back/{you}"
    since = (NOW - timedelta(days=70)).date().isoformat()
    done = api.client.post(
        f"{page}/dry-run", data={"since": since, "limit": "20"}, base_url=BASE_URL
    )
    assert done.status_code == 303, done.text
    plan = api.read(f"/accounts/{you}/follow-back")["plan"]["now"]
    people = [each["id"] for each in plan[:3]]
    assert people, "nobody is planned to be followed"
    done = api.client.post(f"{page}/by-hand", data={"person": people}, base_url=BASE_URL)
    assert done.status_code == 303, done.text
    begun = int((clock.moment - timedelta(days=5)).timestamp() * 1000)
    with contextlib.closing(sqlite3.connect(data / "linktrack.db")) as database, database:
        for number, state in enumerate(("followed", "followed", "undoing", "undone", "refused")):
            database.execute(
                "INSERT INTO made_follows (account_id, network_id, handle, state, why, begun_at,"
                " ended_at, followed) VALUES (?, ?, ?, ?, 'Began to follow.', ?, ?, ?)",
                (you, f"800{number}", f"@made{number}", state, begun + number, begun + 900, "r"),
            )


def _import(data: Path) -> None:
    """Links that had clicks elsewhere before, and their old log."""
    links = data / "links.csv"
    links.write_text(
        "slug,url,title,clicks,created_at\n"
        "oldone,https://example.com/imported/1,First,120,2025-03-01\n"
        "oldtwo,https://example.com/imported/2,Second,7,2025-04-01\n"
    )
    command("import", "links", "csv", str(links), "--account", "@demo_me")
    log = data / "access.log"
    agents = [AGENT.format(70 + n) for n in range(12)] + ["-", "curl/8.5.0", "Twitterbot/1.0"]
    log.write_text(
        "".join(
            f"203.0.113.{n} - - [{1 + n % 28:02d}/Sep/2026:10:{n % 60:02d}:00 +0000] "
            f'"{"HEAD" if n % 9 == 0 else "GET"} /old{"one" if n % 3 else "two"} HTTP/1.1" 301 0 '
            f'"{"https://news.ycombinator.com/" if n % 2 else "-"}" "{agents[n % len(agents)]}"\n'
            for n in range(120)
        )
    )
    command("import", "clicks", "combined-log", str(log), "--account", "@demo_me")
    links.unlink()
    log.unlink()


def _click(api: Api, clock: Clock) -> None:
    """Clicks of the last days: of every reason to be left out, of versions, and of a member."""
    stranger = Client(api.client.application)
    member = Client(api.client.application)
    personal = command("personal", "link", "version", "@person5").strip().rpartition("/")[2]
    assert member.post("/hello/@demo_you", base_url=BASE_URL).status_code == 303
    codes = ["version", "crowd", "poster", "profile", "yy0", "yy1", "ss1", "ss2", "oldone"]
    for post in api.read("/posts?limit=12")["data"]:
        for link in api.read(f"/posts/{post['id']}").get("links", ()):
            codes += [link["code"], *_short_codes(link)]
    referrers = (
        "https://t.co/x", "", "https://news.ycombinator.com/item?id=1", "https://bsky.app/",
        "android-app://com.twitter.android", "https://kagi.com/",
    )  # fmt: skip

    def click(client: Client, code: str, number: int, method: str = "GET", **said: str) -> None:
        headers = {
            "User-Agent": AGENT.format(60 + number % 80),
            "Accept-Language": ("de", "en-GB", "fr-CA")[number % 3],
            "Referer": referrers[number % len(referrers)],
            **{name.replace("_", "-"): value for name, value in said.items()},
        }
        kept = {name: value for name, value in headers.items() if value}
        address = {"REMOTE_ADDR": f"198.51.100.{number % 250}"}
        client.open(
            f"/{code}", method=method, headers=kept, base_url=BASE_URL, environ_overrides=address
        )

    for number in range(500):
        if number % 4 == 0:
            clock.step(minutes=12)
        click(stranger, codes[number % len(dict.fromkeys(codes))], number)
    for number in range(60):  # within one minute, half of them by a program
        said = {"Referer": "", "Accept_Language": ""} if number % 2 else {}
        click(stranger, "crowd", number, **said)
    for _ in range(3):  # by one visitor: of many, it would count as handed on
        clock.step(hours=1)
        click(stranger, personal, 290)
    for number, code in enumerate(("version", "poster", "yy0", "ss1")):
        clock.step(minutes=3)
        click(stranger, code, 300 + number, "HEAD")
        click(stranger, code, 310 + number, Sec_Purpose="prefetch")
        click(stranger, code, 320 + number, User_Agent="")
        click(stranger, code, 330 + number, User_Agent="Slackbot-LinkExpanding 1.0")
        click(stranger, code, 340 + number, User_Agent="curl/8.5.0")
        click(stranger, code, 350 + number, Sec_Fetch_Dest="image")
        click(stranger, code, 360 + number, Sec_GPC="1")
        click(api.client, code, 370 + number)  # signed in: the owner's own
        click(member, code, 380 + number)
    api.send("PATCH", "/links/profile", destination="https://example.org/moved/late")


def _short_codes(link: Mapping[str, Json]) -> list[str]:
    """Return the codes of a link's versions, wherever its JSON tells them."""
    return [code for code in re.findall(rf'{BASE_URL}/([^"\s]+)', json.dumps(link)) if code]


# --- The answers -------------------------------------------------------------------------------


@dataclass
class Dump:
    """Writes answers of the installation in `asked`, one file each, and counts them."""

    folder: Path
    asked: Path
    answers: int = 0

    def write(self, group: str, name: str, answer: TestResponse) -> bytes:
        """Write one answer; return its body."""
        body = answer.get_data()
        kind = answer.headers.get("Content-Type", "-")
        text = body.decode("utf-8", "replace")
        with contextlib.suppress(ValueError):
            if "json" in kind and "ndjson" not in kind:
                text = json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
        if "html" in kind:
            text = _without_secrets(text).replace(str(self.asked), "…")
        lines = [answer.status, kind]
        if "Location" in answer.headers:
            lines.append(f"leads to {answer.headers['Location']}")
        path = self.folder / group / _file_name(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists(), f"{name} is asked twice"
        path.write_text("\n".join(lines) + f"\n\n{text}", encoding="utf-8")
        self.answers += 1
        return body


def _without_secrets(page: str) -> str:
    """Take out of a page what is of its session alone."""
    page = re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1…", page)
    return re.sub(r"(/uncounted/)[^\"<\s]+", r"\1…", page)


def _file_name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9@=&.+-]+", "_", unquote(name)).strip("_") or "_"
    if len(plain) > 150 or plain != re.sub(r"[/?]", "_", name).strip("_"):
        return f"{plain[:150]}.{sha256(name.encode()).hexdigest()[:8]}"
    return plain


@dataclass(frozen=True)
class Known:
    """What there is to be asked for; `paths` are by the operation's path, `queries` by name."""

    paths: Mapping[str, Sequence[Mapping[str, str]]]
    queries: Callable[[str, Mapping[str, Json]], Sequence[str]]
    accounts: Sequence[str]


def look_around(api: Api) -> Known:
    """Find out over the API what can be asked for."""
    accounts = numbers(api)
    segments = [
        row["id"]
        for number in accounts.values()
        for row in api.read(f"/accounts/{number}/segments").get("data", ())
        if row.get("id") is not None
    ]
    names = [
        row["segment"] for row in api.read(f"/accounts/{accounts['@demo_you']}/segments")["data"]
    ]
    posts = sorted({row["id"] for row in _all(api, "/posts")})
    codes = sorted({row["code"] for row in _all(api, "/links")})
    posts = [*posts[:-LAST:EVERY], *posts[-LAST:]]
    made = ["version", "crowd", "poster", "profile", "closed", "yy0", "ss1", "oldone", "oldtwo"]
    codes = [*sorted({*codes[::EVERY], *made}), "nothing-here"]
    hooks = [row["id"] for row in api.read("/webhooks")["data"]]
    experiments = [row["name"] for row in api.read("/experiments")["data"]]

    def values(name: str, schema: Mapping[str, Json]) -> Sequence[str]:
        inner = schema.get("items", schema)
        if "enum" in inner:
            return [*inner["enum"], "no such thing"]
        return {
            "account": [*accounts, "x:@demo_you", "@nobody"],
            "link": ["version", "poster", "crowd", "oldone", "nothing-here"],
            "post": [str(number) for number in (posts[0], posts[-20], posts[-12], 999_999)],
            "segment": [*names, "-", "nothing"],
            "source": ["X", "x", "-", "Hacker News", "Bluesky"],
            "name": experiments,
            "event": ["2026-06-23", "2026-10-25"],
            "q": ["river", "example.com", "%", "Ünïcode", "zzz"],
            "limit": ["1", "100", "0", "many"],
            "after": ["5", "100000000"],
        }.get(name, [])

    one_each = {
        "/accounts/{number}": [*accounts.values(), 999],
        "/segments/{number}": [*segments, 999],
        "/posts/{number}": [*posts, 999_999],
        "/webhooks/{number}": [*hooks, 999],
    }
    paths = {
        start: [{"number": str(number)} for number in found] for start, found in one_each.items()
    }
    paths["/links/{code}"] = [{"code": code} for code in codes]
    paths["/export/{what}"] = [{"what": what} for what in (*EXPORTS, "everything")]
    return Known(paths, values, list(accounts))


def _all(api: Api, path: str) -> Iterator[dict[str, Json]]:
    """Yield every row of a list that comes in pages."""
    after = ""
    while True:
        page = api.read(f"{path}?limit=100{after}")
        yield from page["data"]
        if page["next"] is None:
            return
        after = f"&after={page['next']}"


def queries_of(operation: Mapping[str, Json], known: Known) -> Iterator[Query]:
    """Yield what to ask an operation: as little as it needs, then each parameter by itself."""
    asked = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    names = {each["name"] for each in asked}
    needed = [each["name"] for each in asked if each["required"]]
    yield ()
    yield (("nonsense", "1"),)
    bases: list[Query] = [()]
    if needed:
        assert needed == ["account"], f"nothing is known for {needed}"
        bases = [(("account", handle),) for handle in known.accounts]
    elif "account" in names and "format" not in names:  # exports are long: once is enough
        bases += [(("account", handle),) for handle in known.accounts[:2]]
    for base in bases:
        yield base
        if dict(base).get("account") in LITTLE_TO_SAY:
            continue
        for each in asked:
            if each["name"] not in dict(base):
                for value in known.queries(each["name"], each["schema"]):
                    yield (*base, (each["name"], value))
        yield from ((*base, *more) for more in _together(names))
    for several, chosen in TOGETHER.items():
        if several in names:
            yield chosen


def _together(names: set[str]) -> Iterator[Query]:
    """Yield what is asked with several parameters at once."""
    if {"from", "to"} <= names:
        yield from RANGES
    if {"from", "to", "window"} <= names:
        for days, window in product(RANGES[:3], ("24h", "all")):
            yield (*days, ("window", window))
    if {"format", "reason"} <= names:
        for reason in ("bot", "burst", "owner"):
            yield (("format", "csv"), ("reason", reason), *RANGES[1])


@dataclass
class Coverage:
    """What an operation answered: how many, how many with 200, how many of those with content."""

    answers: int = 0
    fine: int = 0
    full: int = 0

    def count(self, answer: TestResponse, body: bytes) -> None:
        """Count one answer."""
        self.answers += 1
        self.fine += answer.status_code == 200
        self.full += answer.status_code == 200 and not _is_empty(answer, body)


def _is_empty(answer: TestResponse, body: bytes) -> bool:
    if answer.mimetype == "text/csv":
        return body.count(b"\n") < 2
    if answer.mimetype != "application/json":
        return not body.strip()
    said = json.loads(body)
    if not isinstance(said, dict):
        return not said
    lists = [value for value in said.values() if isinstance(value, list)]
    return bool(lists) and not any(lists) and (len(said) <= 2 or len(lists) == len(said))


def dump_api(api: Api, dump: Dump, known: Known, group: str) -> dict[str, Coverage]:
    """Ask every GET operation of the document, and say how it went by operation."""
    document = api.ask("/api/v1/openapi.json")
    paths = json.loads(dump.write(group, "openapi.json", document))["paths"]
    covered: dict[str, Coverage] = {}
    for path, methods in paths.items():
        if "get" not in methods:
            continue
        operation = methods["get"]
        covered[path] = coverage = Coverage()
        below = path.removeprefix("/api/v1")
        filled = next(
            (found for start, found in known.paths.items() if below.startswith(start)), [{}]
        )
        assert filled != [{}] or "{" not in below, f"nothing is known to fill {below} with"
        # Of many posts and links each is asked for once; of the others every question is asked.
        of_clicks = {
            each["name"]
            for each in operation.get("parameters", ())
            if "clicks alone" in each.get("description", "")
        } - {"reason"}
        for query in dict.fromkeys(queries_of(operation, known)):
            for values in filled:
                if values.get("what") != "clicks" and of_clicks & dict(query).keys():
                    continue  # refused, every time
                place = path
                for name, value in values.items():
                    place = place.replace(f"{{{name}}}", quote(value, safe=""))
                for name, answer in _pages(api, place, query, operation):
                    coverage.count(answer, dump.write(group, name, answer))
    return covered


def _pages(
    api: Api, path: str, query: Query, operation: Mapping[str, Json]
) -> Iterator[tuple[str, TestResponse]]:
    """Yield an answer under its name, and the pages behind it where it comes in pages."""
    names = {each["name"] for each in operation.get("parameters", ())}
    walks = {"after", "limit"} <= names and not {"after", "limit"} & dict(query).keys()
    ways: list[Query] = [query, (*query, ("limit", "7"))] if walks else [query]
    for way in ways:
        after: Query = ()
        for _ in range(MOST_PAGES):
            written = urlencode((*way, *after))
            answer = api.ask(f"{path}?{written}" if written else path)
            yield f"{path.removeprefix('/api/v1/')}?{written}", answer
            following = None
            if walks and answer.status_code == 200:
                following = json.loads(answer.get_data()).get("next")
            if following is None:
                break
            after = (("after", str(following)),)


DOORS: Final = (
    "/rest/health", "/rest/v3/health", "/rest/v3/tags", "/rest/v3/short-urls",
    "/rest/v3/short-urls?itemsPerPage=2&page=2", "/rest/v3/short-urls?itemsPerPage=-1",
    "/rest/v3/short-urls?orderBy=visits-DESC", "/rest/v3/short-urls?searchTerm=Shlink",
    "/rest/v3/short-urls/ss1", "/rest/v3/short-urls/ss1?domain=other.example",
    "/rest/v3/short-urls/nothing", "/rest/v3/short-urls/ss1/visits",
    "/rest/v3/short-urls/ss2/visits?excludeBots=true",
    "/rest/v3/short-urls/ss1/visits?itemsPerPage=3&page=2", "/rest/v3/short-urls/yy0/visits",
)  # fmt: skip
YOURLS: Final = (
    "action=version", "action=db-stats", "action=stats", "action=stats&filter=last&limit=2",
    "action=stats&filter=bottom&limit=3&start=1", "action=url-stats&shorturl=yy0",
    "action=url-stats&shorturl=nothing", "action=expand&shorturl=yy1",
    "action=expand&shorturl=https%3A%2F%2Fgo.example.org%2Fversion", "action=nothing", "",
    "action=shorturl",
)  # fmt: skip


def dump_doors(api: Api, dump: Dump, door: str) -> None:
    """Ask what other shorteners' clients ask."""
    for address in DOORS:
        answer = api.client.get(address, headers={"X-Api-Key": door}, base_url=BASE_URL)
        dump.write("doors", address, answer)
    for query, form in product(YOURLS, ("json", "xml", "simple", "jsonp&callback=go")):
        address = f"/yourls-api.php?{query}&format={form}"
        answer = api.client.get(f"{address}&signature={door}", base_url=BASE_URL)
        dump.write("doors", address, answer)
    dump.write("doors", "no key", api.client.get("/rest/v3/short-urls", base_url=BASE_URL))
    dump.write("doors", "no signature", api.client.get("/yourls-api.php", base_url=BASE_URL))


TABLES: Final = (
    "/owner/", "/owner/posts", "/owner/links", "/owner/notes", "/owner/audience", "/owner/compare",
    "/owner/experiments/1", "/owner/experiments/2", "/owner/people", "/owner/own-links",
    "/owner/timing", "/owner/segments", "/owner/referrers", "/owner/followers", "/owner/left-out",
)  # fmt: skip
PAGES: Final = (
    "/", "/privacy", "/robots.txt", "/version+", "/poster+", "/nothing-here", "/owner/not-wrapped",
    "/owner/accounts", "/owner/connections", "/owner/follow-back", "/owner/experiments",
    "/owner/digest", "/owner/digest?period=month", "/owner/compose", "/owner/queue",
    "/owner/needs-you",
    "/owner/audit", "/owner/shared", "/owner/tokens", "/owner/webhooks", "/owner/webhooks/1",
    "/owner/own-clicks", "/owner/you", "/owner/owners", "/owner/settings", "/owner/more",
    "/owner/links/version", "/owner/links/poster", "/owner/links/closed", "/owner/people/1",
    "/owner/live.json", "/owner/links/version/qr.svg", "/hello/@demo_you",
    "/owner/destinations?address=https%3A%2F%2Fexample.com%2Fposter",
)  # fmt: skip


def dump_pages(api: Api, dump: Dump, known: Known) -> None:
    """Ask for the owner's pages, and for their tables as files."""
    signed_in(api.client, "Ada")

    def ask(group: str, address: str) -> None:
        dump.write(group, address, api.client.get(address, base_url=BASE_URL))

    accounts = numbers(api)
    chosen = [accounts["@demo_you"], accounts["@demo_me"], accounts["@reader.example.com"]]
    extras = (
        "", "days=30", "days=365", "from=2026-01-01&to=2026-04-01", "source=X", "segment=-",
        "segment=community", "reason=bot", "link=version", "table=clicks", "window=24h", "q=river",
        "sort=low", "days=90&compare=before",
    )  # fmt: skip
    for page in TABLES:
        for kind, account, extra in product(("csv", "json"), ("", *chosen), extras):
            said = [f"format={kind}", f"account={account}" if account else "", extra]
            ask("tables", f"{page}?{'&'.join(part for part in said if part)}")
        for account, extra in product(("", chosen[0]), extras[:5]):
            said = [f"account={account}" if account else "", extra]
            ask("pages", f"{page}?{'&'.join(part for part in said if part)}")
    for address in PAGES:
        ask("pages", address)
    for number in accounts.values():
        ask("pages", f"/owner/accounts/{number}")
    for state in ("draft", "scheduled", "discarded"):
        ask("pages", f"/owner/posts?state={state}")
    for values in known.paths["/posts/{number}"][-LAST - 5 :: 3]:
        ask("pages", f"/owner/posts/{values['number']}")
    for values in known.paths["/segments/{number}"]:
        ask("pages", f"/owner/segments/{values['number']}")


def dump(data: Path, output: Path) -> None:
    """Write every answer of a copy of this installation, and say what was asked."""
    if output.exists():
        raise SystemExit(f"{output} is there already: name a folder that is not.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "data"
        shutil.copytree(data, copy)
        tokens = json.loads((copy / SECRETS).read_text())
        with settings(copy):
            client = browser()
            api = Api(client, tokens["all"])
            known = look_around(api)
            written = Dump(output, copy)
            covered = dump_api(api, written, known, "api")
            dump_api(Api(client, tokens["one"]), written, _fewer(known), "api-of-one-account")
            dump_doors(api, written, tokens["door"])
            dump_pages(api, written, known)
    for path, each in covered.items():
        print(f"{path:<48} {each.answers:5} asked  {each.fine:5} with 200  {each.full:5} not empty")
    print(f"{written.answers:,} answers in {output}")


def _fewer(known: Known) -> Known:
    """Return less to ask: for tokens that see less, what they are refused."""
    paths = {
        start: [each for place, each in enumerate(found) if place < 2 or place >= len(found) - 3]
        for start, found in known.paths.items()
    }
    return Known(paths, lambda name, _: known.queries(name, {})[:1], known.accounts[:2])


def main() -> None:
    """Make, ask, or both."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--make", type=Path, metavar="FOLDER", help="make an installation here")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="ask a copy of this one")
    parser.add_argument("--output", type=Path, metavar="OUT", help="write the answers here")
    asked = parser.parse_args()
    if not asked.make and not asked.output:
        parser.error("name --make FOLDER or --output OUT")
    clock = Clock(NOW)
    stand_still(clock)
    with tempfile.TemporaryDirectory() as folder:
        data: Path = (asked.data or asked.make or Path(folder) / "data").absolute()
        if not asked.data:
            data.mkdir(parents=True)
            make(data, clock)
        clock.moment = NOW
        if asked.output:
            dump(data, asked.output.absolute())


if __name__ == "__main__":
    main()
