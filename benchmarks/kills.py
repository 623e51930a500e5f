"""A campaign of kill -9 under load: python benchmarks/kills.py [--database postgresql].

Workers, all of them at once, the loader, or everything is killed at random moments while readers
click. Answered clicks ≤ counted clicks ≤ answered + those that were in flight; the counts beside
the clicks are those of counting anew. Each run prints its seed.
"""

import argparse
import http.client
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from machine import versions

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from databases import PostgreSQLMaker, postgresql_server
from servers import Server, answer, command, environment

READERS = 4
VICTIMS = ("worker", "workers", "loader", "pages", "everything")


@dataclass(slots=True)
class Tally:
    """What one reader saw."""

    answered: int = 0
    unclear: int = 0  # perhaps written down before the process was killed
    wrong: int = 0


def read(server: Server, path: str, tally: Tally, stop: threading.Event) -> None:
    """Click until told to stop, on a connection that is kept as long as it holds."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    while not stop.is_set():
        try:
            connection.request("GET", path, headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"})
        except OSError:  # not even sent
            connection.close()
            time.sleep(0.02)
            continue
        try:
            response = connection.getresponse()
            response.read()
            tally.answered += response.status == 302
            tally.wrong += response.status != 302
        except (OSError, http.client.HTTPException):
            tally.unclear += 1
            connection.close()
    connection.close()


def a_link(environ: dict[str, str]) -> str:
    """Add an account with one post, and return the path of its link."""
    command(environ, "account", "add", "@JessesLinks", "--network", "x")
    post = answer(environ, "wrap", "@JessesLinks", "Read http://example.com/one now")
    return f"/{post['links'][0]['code']}"


@contextmanager
def clicking(server: Server, path: str) -> Iterator[list[Tally]]:
    """Let readers click while the block runs; their tallies are complete behind it."""
    tallies, stop = [Tally() for _ in range(READERS)], threading.Event()
    readers = [threading.Thread(target=read, args=(server, path, one, stop)) for one in tallies]
    for reader in readers:
        reader.start()
    try:
        yield tallies
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def counted_anew(environ: dict[str, str], window: str) -> tuple[int, bool]:
    """Load all, and return how many clicks are there, and whether reports agree, also rebuilt."""
    answer(environ, "load")
    counted: int = answer(environ, "status")["clicks"]
    report = ("report", "cpf", "@JessesLinks", "--window", window)
    reported = answer(environ, *report)["posts"][0]["clicks"]
    answer(environ, "rebuild")
    return counted, counted == reported == answer(environ, *report)["posts"][0]["clicks"]


def kill(server: Server, victim: str, chance: random.Random) -> None:
    """Kill what `victim` says, and start the service again where its master is dead."""
    master = psutil.Process(server.process.pid)
    if victim == "everything":
        master.suspend()  # it may be about to start a worker, which would live on
    children = master.children(recursive=True)
    loaders = [one for one in children if "--follow" in cmdline(one)]
    pages = [one for one in children if "--pages" in cmdline(one)]
    workers = [one for one in children if one not in loaders and one not in pages]
    chosen = {
        "worker": [chance.choice(workers)] if workers else [],
        "workers": workers,
        "loader": loaders,
        "pages": pages,
        "everything": [master, *children],
    }[victim]
    for process in chosen:
        with suppress(psutil.NoSuchProcess):
            os.kill(process.pid, signal.SIGKILL)
    if victim == "everything":
        server.process.wait(10)
        server.start()


def cmdline(process: psutil.Process) -> list[str]:
    """Return a process's command line, or nothing where it has just ended."""
    try:
        line: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return line


def campaign(
    environ: dict[str, str], folder: Path, kills: int, seed: int, server_kind: str
) -> bool:
    """Kill that often, print what came of it, and return whether it was right."""
    chance = random.Random(seed)
    path = a_link(environ)
    server = Server(environ, folder / "log", "--server", server_kind)
    killed: Counter[str] = Counter()
    try:
        with clicking(server, path) as tallies:
            for _ in range(kills):
                time.sleep(chance.uniform(0.1, 1.5))
                victim = chance.choice(VICTIMS)
                kill(server, victim, chance)
                killed[victim] += 1
            time.sleep(1)
    finally:
        server.stop()
        server.kill_all()
    counted, agrees = counted_anew(environ, "7d")
    answered, unclear = (
        sum(getattr(one, name) for one in tallies) for name in ("answered", "unclear")
    )
    wrong = sum(one.wrong for one in tallies)
    right = answered <= counted <= answered + unclear and agrees
    kind = environ.get("LINKTRACK_DATABASE", "sqlite").partition(":")[0].partition("+")[0]
    cells = [kind, server_kind, seed, kills, ", ".join(f"{n} {v}" for v, n in killed.items())]
    cells += [f"{answered:,}", f"{counted:,}", unclear, wrong, "yes" if right else "**NO**"]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
    return right and not wrong


def main() -> None:
    """Run one campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--server", choices=["gunicorn", "granian"], default="gunicorn")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    print(f"{versions('gunicorn', 'granian', 'psycopg')}\n")
    print(
        "| database | server | seed | kills | of | answered | counted | in flight | not 302 "
        "| nothing lost or doubled |\n|---|---|---:|---:|---|---:|---:|---:|---:|---|"
    )
    try:
        with ExitStack() as stack:
            url = None
            if options.database == "postgresql":
                url = PostgreSQLMaker(stack.enter_context(postgresql_server(folder)), folder)()
            environ = environment(folder / "data", url)
            right = campaign(environ, folder, options.kills, options.seed, options.server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
