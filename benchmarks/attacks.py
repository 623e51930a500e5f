"""Redirects while strangers attack: python benchmarks/attacks.py [--into docs/benchmarks.md].

wrk clicks on one link over a few connections, again and again: alone, then beside an attack, alone,
then beside the next one, so that what else the machine does meets both. Each run beside an attack
is set against the run alone just before it. Everything is on one machine: an attack takes its own
part of the processors too, which the row of a program that only computes gives an idea of. Prints
Markdown, or puts it between the two marks of a page.
"""

import argparse
import http.client
import os
import re
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from machine import versions
from material import add_links, open_installation, write_journal
from redirects import LUA
from slow_clients import CONNECTIONS, HALF_BODY, HALF_HEAD, click, reports, slow

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from servers import Server, answer, environment

LINKS = 20_000
TWICE = 2.0
"""What p99 beside an attack may be, p99 alone = 1."""

HEAD = (
    "| beside | requests/s, alone → beside | p99 ms, alone → beside | p99, alone = 1: lowest "
    "| median | highest | within twice | redirects that failed | what the attack heard |"
)
MARKS = ("<!-- attacks: benchmarks/attacks.py writes what follows -->", "<!-- attacks end -->")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

Attack = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Target:
    """A running service: its port, and a file with the path of a link."""

    port: int
    paths: Path


@dataclass(slots=True)
class Row:
    """One attack: the server it is against, and what wrk saw alone and beside it in each round."""

    name: str
    to: "Target"
    attack: Attack
    answers: Counter[str] = field(default_factory=Counter)
    alone: list[dict[str, float]] = field(default_factory=list)
    beside: list[dict[str, float]] = field(default_factory=list)

    def line(self) -> str:
        """Return its line of the table."""
        pairs = zip(self.beside, self.alone, strict=True)
        ratios = [beside["p99"] / alone["p99"] for beside, alone in pairs]
        middle = statistics.median(ratios)
        p99 = [statistics.median(run["p99"] for run in runs) for runs in (self.alone, self.beside)]
        rates = [
            statistics.median(run["requests"] / run["seconds"] for run in runs)
            for runs in (self.alone, self.beside)
        ]
        cells = (
            self.name,
            f"{rates[0]:,.0f} → {rates[1]:,.0f}",
            f"{p99[0]:.1f} → {p99[1]:.1f}",
            f"{min(ratios):.2f}",
            f"{middle:.2f}",
            f"{max(ratios):.2f}",
            "yes" if middle <= TWICE else "**no**",
            f"{sum(run['failed'] for run in self.beside):.0f}",
            ", ".join(f"{number:,} × {said}" for said, number in sorted(self.answers.items())),
        )
        return f"| {' | '.join(cells)} |"


@contextmanager
def dripping(port: int, number: int) -> Iterator[None]:
    """Keep connections open that send a byte of a body five times a second."""
    opened = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(number)]
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.2):
            for one in opened:
                with suppress(OSError):
                    one.sendall(b"a")

    for one in opened:
        one.sendall(HALF_BODY)
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for one in opened:
            one.close()


@contextmanager
def sending(port: int, number: int, said: bytes, answers: Counter[str]) -> Iterator[None]:
    """Send a request again and again over so many connections, each after the last one's answer."""
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            heard = b""
            with (
                suppress(OSError),
                socket.create_connection(("127.0.0.1", port), timeout=60) as one,
            ):
                with suppress(OSError):  # refused before all of it was sent
                    one.sendall(said)
                heard = one.recv(100)
            answers[heard[9:12].decode() or "closed"] += 1

    threads = [threading.Thread(target=send) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def asking(port: int, tokens: list[str], answers: Counter[str]) -> Iterator[None]:
    """Ask for heavy reports, one with each token."""
    seen: list[int] = []
    with reports(port, tokens, seen):
        yield
    answers["200"] += len(seen)


@contextmanager
def computing() -> Iterator[None]:
    """Let a program of somebody else's keep one processor busy."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def posted(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a whole request that sends a body."""
    kept = {"Host": "go.example", "Content-Length": str(len(body)), "Connection": "close"}
    lines = "".join(f"{name}: {text}\r\n" for name, text in (kept | dict(headers)).items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def guess(port: int) -> bytes:
    """Return a sign-in with a wrong password, on a form as a browser gets it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/owner/sign-in")
    page = connection.getresponse()
    cookies = "; ".join(each.partition(";")[0] for each in page.headers.get_all("Set-Cookie", []))
    token = TOKEN.search(page.read().decode())
    connection.close()
    assert token is not None
    body = f"name=Jesse&password=wrong&csrf_token={token[1]}".encode()
    kind = "application/x-www-form-urlencoded"
    return posted("/owner/sign-in", {"Cookie": cookies, "Content-Type": kind}, body)


def attacks(target: Target, few: Target, environ: dict[str, str]) -> list[Row]:
    """Return what strangers may do; `few` is a service of few files."""
    tokens = [
        answer(environ, "token", "create", f"bench {number}", "--scope", "write")["token"]
        for number in range(9)
    ]
    sender = tokens.pop()  # whose limit is soon reached
    port = target.port
    rows = [
        Row("a program that computes, and asks for nothing", target, computing),
        Row("200 half-sent heads", target, partial(slow, port, 200, HALF_HEAD)),
        Row("500 connections that say nothing", target, partial(slow, port, 500, b"")),
        Row("200 half-sent bodies", target, partial(slow, port, 200, HALF_BODY)),
        Row("200 bodies that drip", target, partial(dripping, port, 200)),
        Row("64 files, 300 connections that say nothing", few, partial(slow, few.port, 300, b"")),
        Row("64 files, 300 half-sent bodies", few, partial(slow, few.port, 300, HALF_BODY)),
    ]
    api = {"Authorization": f"Bearer {sender}", "Content-Type": "application/json"}
    head = b"GET /abcde HTTP/1.1\r\nHost: go.example\r\nA: " + b"a" * 100_000 + b"\r\n\r\n"
    text = b'{"account": "@JessesLinks", "text": "' + b"a" * 2_000_000 + b'"}'
    nested = b"[" * 1_000_000
    for name, number, said in (
        ("heads of 100 KB, 8 at once", 8, head),
        ("wrong passwords, 16 at once", 16, guess(port)),
        ("API bodies of 2 MB, 4 at once", 4, posted("/api/v1/posts", api, text)),
        ("API bodies of 3 MB, 4 at once", 4, posted("/api/v1/posts", api, b" " * 3_000_000)),
        ("JSON nested a million deep, 4 at once", 4, posted("/api/v1/posts", api, nested)),
    ):
        answers: Counter[str] = Counter()
        rows.append(Row(name, target, partial(sending, port, number, said, answers), answers))
    for number in (1, 2, 8):
        answers = Counter()
        name = f"heavy reports, {number} at once"
        rows.append(Row(name, target, partial(asking, port, tokens[:number], answers), answers))
    return rows


def table(rows: list[Row], about: str) -> str:
    """Return Markdown: what was done, the table, and what it comes to."""
    late = [row.name for row in rows if " | **no** | " in row.line()]
    verdict = "All are within twice." if not late else f"Not within twice: {'; '.join(late)}."
    return "\n".join(
        (
            about,
            "",
            HEAD,
            "|---|---:|---:|---:|---:|---:|---|---:|---|",
            *(row.line() for row in rows),
            "",
            verdict,
        )
    )


def put(page: Path, text: str) -> None:
    """Put Markdown between the marks of a page."""
    before, _, rest = page.read_text().partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    page.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}")


def main() -> None:
    """Prepare, attack, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--clicks", type=int, default=250_000)
    parser.add_argument("--only", default="", help="attacks whose name has this")
    parser.add_argument("--server", choices=["gunicorn", "granian"], default="gunicorn")
    parser.add_argument("--into", type=Path, help="a page to put the table into")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    script = folder / "load.lua"
    script.write_text(LUA)
    about = versions("gunicorn", "granian", "uvloop")
    print(about, flush=True)
    try:
        with ExitStack() as stack:
            environ = prepare(folder / "data", options.clicks)
            limit = ["prlimit", "--nofile=64:64"]
            whole = serve(stack, environ, options.server)
            few = serve(stack, prepare(folder / "few", 0), options.server, limit)
            rows = [row for row in attacks(whole, few, environ) if options.only in row.name]
            for target in (whole, few):
                click(target.port, target.paths, script, options.seconds)
            for number in range(options.rounds):
                for row in rows if number % 2 == 0 else rows[::-1]:
                    port, paths = row.to.port, row.to.paths
                    row.alone.append(click(port, paths, script, options.seconds))
                    with row.attack():
                        row.beside.append(click(port, paths, script, options.seconds))
                print(f"round {number + 1}, load {os.getloadavg()[0]:.1f}", flush=True)
        command = shlex.join(["python", "benchmarks/attacks.py", *sys.argv[1:]])
        how = (
            f"`{command}`: {options.rounds} rounds of {options.seconds} s, {CONNECTIONS} "
            f"connections, {options.clicks:,} clicks in the database. {about}, "
            f"{os.getloadavg()[0]:.1f} at the end."
        )
        text = table(rows, how)
        print(f"\n{text}")
        if options.into:
            put(options.into, text)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(
    stack: ExitStack, environ: Mapping[str, str], kind: str, before: Sequence[str] = ()
) -> Target:
    """Start a service, by a command that is put before its own."""
    data = Path(environ["LINKTRACK_DATA"])
    log = data.with_suffix(".log")
    server = Server(environ, log, "--server", kind, before=before)
    stack.callback(server.stop)
    return Target(server.port, data.with_suffix(".paths"))


def prepare(data: Path, clicks: int) -> dict[str, str]:
    """Make an installation with links and clicks, and a file of a path; return its environment."""
    opened = open_installation(data)
    codes = add_links(opened, LINKS)
    opened.database.close()
    data.with_suffix(".paths").write_text(f"/{codes[0]}\n")
    environ = environment(data)
    if clicks:
        write_journal(opened.settings.journals, range(clicks), clicks, LINKS)
        answer(environ, "load")
    return environ


if __name__ == "__main__":
    main()
