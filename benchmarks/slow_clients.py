"""Redirects beside slow clients and heavy pages: python benchmarks/slow_clients.py.

wrk clicks on one link over a few connections, in rounds: alone, beside half-sent requests, silent
connections, half-sent bodies, and heavy reports that are asked for without a pause. Each is set
against the round's own run alone. Prints Markdown.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from urllib.parse import quote

from machine import versions
from material import HANDLES, add_links, open_installation, write_journal
from redirects import LUA, ratio

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from servers import Server, answer, environment

LINKS = 20_000
CONNECTIONS = 8
REPORTS = ("segments", "cpf", "compare")
HALF_HEAD = b"GET /abcde HTTP/1.1\r\nHost: go.example\r\nUser-Agent: slow"
HALF_BODY = (
    b"POST /owner/sign-in HTTP/1.1\r\nHost: go.example\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=a"
)


@contextmanager
def slow(port: int, number: int, said: bytes) -> Iterator[None]:
    """Keep connections open that say no more than this."""
    opened = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(number)]
    try:
        for one in opened:
            one.sendall(said)
        yield
    finally:
        for one in opened:
            one.close()


@contextmanager
def reports(port: int, tokens: list[str], seen: list[int]) -> Iterator[None]:
    """Ask for heavy reports without a pause, one with each token."""
    stop = threading.Event()

    def ask(token: str, report: str) -> None:
        path = f"/api/v1/reports/{report}?account={quote(HANDLES[0])}"
        while not stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            status = connection.getresponse().status
            connection.close()
            if status == 200:
                seen.append(status)
            else:
                print(f"  {report}: {status}", flush=True)

    threads = [
        threading.Thread(target=ask, args=(token, REPORTS[place % len(REPORTS)]))
        for place, token in enumerate(tokens)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def click(port: int, paths: Path, script: Path, seconds: int) -> dict[str, float]:
    """Click for some seconds; return what wrk saw."""
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script)]
    command = [*wrk, f"http://127.0.0.1:{port}", "--", str(paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Prepare, click, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--clicks", type=int, default=250_000)
    parser.add_argument("--server", choices=["gunicorn", "granian"], default="gunicorn")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    script, paths = folder / "load.lua", folder / "paths"
    script.write_text(LUA)
    data = folder / "data"
    print(versions("gunicorn", "granian", "uvloop"), f"load {os.getloadavg()[0]:.1f}", sep=", ")
    try:
        opened = open_installation(data)
        codes = add_links(opened, LINKS)
        opened.database.close()
        paths.write_text(f"/{codes[0]}\n")
        journals = opened.settings.journals
        write_journal(journals, range(options.clicks), options.clicks, LINKS)
        environ = environment(data)
        answer(environ, "load")
        tokens = [
            answer(environ, "token", "create", f"bench {number}", "--scope", "read")["token"]
            for number in range(8)
        ]
        server = Server(environ, folder / "log", "--server", options.server)
        port, seen = server.port, list[int]()
        beside: dict[str, Callable[[], AbstractContextManager[None]]] = {
            "nothing": nullcontext,
            "200 half-sent requests": partial(slow, port, 200, HALF_HEAD),
            "500 silent connections": partial(slow, port, 500, b""),
            "200 half-sent bodies": partial(slow, port, 200, HALF_BODY),
            "8 heavy reports": partial(reports, port, tokens, seen),
        }
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in beside}
        click(port, paths, script, options.seconds)
        for _ in range(options.rounds):
            for name, kept in beside.items():
                with kept():
                    runs[name].append(click(port, paths, script, options.seconds))
        server.stop()
        print(f"\n{options.rounds} rounds of {options.seconds} s, {CONNECTIONS} connections.")
        print(f"{len(seen)} reports were answered meanwhile.\n")
        print("| beside | requests/s | p50 ms | p99 ms | failed | p99, alone = 1 |")
        print("|---|---:|---:|---:|---:|---:|")
        alone_runs = runs["nothing"]
        for name, found in runs.items():
            of = {key: statistics.median(run[key] for run in found) for key in ("p50", "p99")}
            rate = statistics.median(run["requests"] / run["seconds"] for run in found)
            p99 = ratio(
                [run["p99"] / alone["p99"] for run, alone in zip(found, alone_runs, strict=True)]
            )
            failed = sum(run["failed"] for run in found)
            print(
                f"| {name} | {rate:,.0f} | {of['p50']:.1f} | {of['p99']:.1f} | {failed} | {p99} |"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
