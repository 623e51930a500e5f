"""The database away under load: python benchmarks/outages.py [--seconds 30].

SQLite locked by another program, PostgreSQL halted (SIGSTOP): redirects of known links go on, and
every click is counted afterwards.
"""

import argparse
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import psycopg
from kills import READERS, Tally, read
from machine import versions

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from databases import postgresql_maker, postgresql_server
from servers import Server, answer, command, environment


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold SQLite's write lock."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@contextmanager
def halted(postmaster: int) -> Iterator[None]:
    """Halt PostgreSQL, all its processes."""
    server = psutil.Process(postmaster)
    family = [server, *server.children(recursive=True)]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    yield
    for process in family:
        process.send_signal(signal.SIGCONT)


def outage(
    name: str,
    environ: dict[str, str],
    folder: Path,
    seconds: float,
    away: Callable[[], AbstractContextManager[None]],
) -> bool:
    """Take the database away under load, print what came of it, return whether it was right."""
    command(environ, "account", "add", "@JessesLinks", "--network", "x")
    post = answer(environ, "wrap", "@JessesLinks", "Read http://example.com/one now")
    path = f"/{post['links'][0]['code']}"
    server = Server(environ, folder / "log")
    tallies, stop = [Tally() for _ in range(READERS)], threading.Event()
    readers = [threading.Thread(target=read, args=(server, path, one, stop)) for one in tallies]
    for reader in readers:
        reader.start()
    time.sleep(2)
    with away():
        time.sleep(seconds)
    time.sleep(2)
    stop.set()
    for reader in readers:
        reader.join()
    begun = time.monotonic()
    while answer(environ, "status")["bytes_to_load"]:
        time.sleep(0.5)
    caught_up = time.monotonic() - begun
    server.stop()
    counted = answer(environ, "status")["clicks"]
    answered = sum(one.answered for one in tallies)
    failed = sum(one.unclear + one.wrong for one in tallies)
    print(
        f"| {name} | {seconds:g} | {answered:,} | {failed} | {answered - counted} "
        f"| {caught_up:.1f} |",
        flush=True,
    )
    return failed == 0 and answered == counted


def main() -> None:
    """Take each database away once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    print(f"{versions('gunicorn', 'psycopg')}\n")
    print("| what | seconds | redirects answered | failed | clicks lost | then behind for, s |")
    print("|---|---:|---:|---:|---:|---:|")
    try:
        environ = environment(folder / "sqlite")
        database = folder / "sqlite" / "linktrack.db"
        right = outage("SQLite locked", environ, folder, options.seconds, lambda: locked(database))
        with postgresql_server(folder) as address:
            with psycopg.connect(address) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
            assert row is not None
            number = int((Path(row[0]) / "postmaster.pid").read_text().split()[0])
            environ = environment(folder / "postgresql", postgresql_maker(address, folder)())
            right &= outage(
                "PostgreSQL halted", environ, folder, options.seconds, lambda: halted(number)
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
