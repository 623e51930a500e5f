"""The database away under load: python benchmarks/outages.py [--seconds 30].

SQLite and PostgreSQL locked by another program, PostgreSQL halted (SIGSTOP), PostgreSQL stopped
(connections are refused): redirects of known links go on, and every click is counted afterwards.
"""

import argparse
import getpass
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import psycopg
from kills import a_link, clicking
from machine import versions

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from databases import PostgreSQLMaker, postgresql_server
from servers import Server, answer, environment


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold SQLite's write lock."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@contextmanager
def tables_locked(url: str) -> Iterator[None]:
    """Hold PostgreSQL's strongest lock on what redirects and the loader read and write."""
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE links, clicks, journals IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def postmaster(address: str) -> psutil.Process:
    """Return PostgreSQL's first process."""
    with psycopg.connect(address) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    return psutil.Process(int((Path(row[0]) / "postmaster.pid").read_text().split()[0]))


@contextmanager
def halted(server: psutil.Process) -> Iterator[None]:
    """Halt PostgreSQL, all its processes."""
    family = [server, *server.children(recursive=True)]
    signal_all(family, signal.SIGSTOP)
    yield
    signal_all(family, signal.SIGCONT)


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to those that are still there: a session ends with its client."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


@contextmanager
def stopped(server: psutil.Process) -> Iterator[None]:
    """Stop PostgreSQL (a fast shutdown), and start it again as it was started."""
    command, user = server.cmdline(), server.username()
    server.send_signal(signal.SIGINT)
    server.wait(120)  # it writes down what is in memory first
    yield
    subprocess.Popen(  # not through runuser, which halts itself for good with what it has started
        command,
        user=None if user == getpass.getuser() else user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def outage(
    name: str,
    environ: dict[str, str],
    folder: Path,
    seconds: float,
    away: Callable[[], AbstractContextManager[None]],
) -> bool:
    """Take the database away under load, print what came of it, return whether it was right."""
    path = a_link(environ)
    server = Server(environ, folder / "log")
    with clicking(server, path) as tallies:
        time.sleep(2)
        with away():
            time.sleep(seconds)
        time.sleep(2)
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
            make = PostgreSQLMaker(address, folder)
            away: dict[str, Callable[[str], AbstractContextManager[None]]] = {
                "PostgreSQL locked": tables_locked,
                "PostgreSQL halted": lambda _: halted(postmaster(address)),
                "PostgreSQL stopped": lambda _: stopped(postmaster(address)),
            }
            for name, take in away.items():
                url = make()
                environ = environment(folder / name.replace(" ", "-"), url)
                right &= outage(name, environ, folder, options.seconds, partial(take, url))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
