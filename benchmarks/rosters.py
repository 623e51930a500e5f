"""How long a follower list of a million takes, and how much memory: python benchmarks/rosters.py.

It takes three lists: a million people, the same with one in a hundred exchanged, and one that
is placed between them. On SQLite in a temporary folder, or in the database named as argument
(empty; it is filled).
"""

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from linktrack.audience.accounts import add_account
from linktrack.db import Database
from linktrack.portability.followers.roster_files import import_roster
from linktrack.settings import load_settings

PEOPLE = 1_000_000


def write(path: Path, first: int) -> Path:
    """Write a list of people, numbered from `first`."""
    with path.open("w") as file:
        file.write("id,handle,followers,description\n")
        for number in range(first, first + PEOPLE):
            file.write(f"{number * 7919 + 10**9},@person{number},{number % 5000},hello\n")
    return path


def main() -> None:
    """Take the lists, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"LINKTRACK_DATA": folder}
        if len(sys.argv) > 1:
            environ["LINKTRACK_DATABASE"] = sys.argv[1]
        database = Database(load_settings(environ))
        database.migrate()
        now = datetime.now(UTC)
        with database.session(writes=True) as session:
            account = add_account(session, "x", "@benchmark", None, now)
            session.commit()
        for day, first in ((1, 0), (9, PEOPLE // 100), (5, PEOPLE // 200)):
            path = write(Path(folder) / "list.csv", first)
            begun = time.perf_counter()
            with database.session(writes=True) as session:
                done = import_roster(
                    session,
                    account,
                    path,
                    at=datetime(2026, 5, day, tzinfo=UTC),
                    confirmed=False,
                    key=b"k" * 32,
                    now=now,
                )
                session.commit()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            taken = time.perf_counter() - begun
            print(f"{done.size:,} people, {done.gained} came: {taken:.1f} s, {memory} MB at most")
        database.close()


if __name__ == "__main__":
    main()
