"""Everything at once: python benchmarks/storm.py [--database postgresql] [--events 140].

Kills (a worker, all workers, the loader, everything), a full disk, a database that is locked,
halted or restarted, and clocks that jump by minutes to weeks either way, at random moments while
readers click. Each answered click is counted, or said to be lost where the disk was full; none is
counted twice; the counts beside the clicks are those of counting anew. Each run prints its seed.

Needs root (a small disk is mounted) and a C compiler (for a clock of the service's own, which can
be moved without moving this machine's).
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from kills import VICTIMS, a_link, clicking, counted_anew, kill
from machine import versions
from outages import halted, locked, postmaster, stopped

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from databases import PostgreSQLMaker, postgresql_server
from servers import Server, environment

from linktrack.clicks.capture.losses import read_lost

DISK = "512m"
JUMPS = (-40 * 86_400, -86_400, -3_600, -60, 60, 3_600, 86_400, 40 * 86_400)  # seconds
KINDS = ("kill", "kill", "kill", "kill", "kill", "full disk", "database away", "clock")

Away = Callable[[], AbstractContextManager[None]]


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of its own at `folder`."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave no byte free on the disk of `folder`."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            for size in (1 << 20, 1 << 12):
                while True:
                    try:
                        file.write(bytes(size))
                    except OSError:
                        break
            yield
        finally:
            ballast.unlink()


class Clock:
    """The clock of the service; `clock.c` reads from a file how many seconds it is off."""

    def __init__(self, folder: Path) -> None:
        self.file, self.library = folder / "clock", folder / "clock.so"
        self.file.write_bytes(bytes(8))
        source = Path(__file__).with_name("clock.c")
        build = ["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", str(self.library), str(source)]
        subprocess.run(build, check=True)
        self.offset = 0

    def jump(self, seconds: int) -> None:
        """Move it, at once for all processes, which have the file mapped."""
        self.offset += seconds
        with self.file.open("r+b") as file:
            file.write(self.offset.to_bytes(8, sys.byteorder, signed=True))

    def settings(self) -> dict[str, str]:
        """Return the environment in which a process has this clock."""
        return {"LD_PRELOAD": str(self.library), "LINKTRACK_CLOCK": str(self.file)}


def blow(
    server: Server, data: Path, clock: Clock, away: Away, events: int, chance: random.Random
) -> Counter[str]:
    """Let that many things happen; return how often each did."""
    happened: Counter[str] = Counter()

    def strike() -> None:
        victim = chance.choice(VICTIMS)
        kill(server, victim, chance)
        happened["kill"] += 1

    while happened.total() < events:
        time.sleep(chance.uniform(0.1, 1.0))
        kind = chance.choice(KINDS)
        if kind == "kill":
            strike()
        elif kind == "clock":
            clock.jump(chance.choice(JUMPS))
            happened[kind] += 1
        else:
            with full(data) if kind == "full disk" else away():
                time.sleep(chance.uniform(0.3, 1.5))
                happened[kind] += 1
                if chance.random() < 0.5:  # a worker that starts now finds it so
                    kill(server, chance.choice(("worker", "loader")), chance)
                    happened["kill"] += 1
                    time.sleep(chance.uniform(0.3, 1.0))
    return happened


def storm(
    environ: dict[str, str], folder: Path, away: Away, events: int, seed: int, kind: str
) -> bool:
    """Let it rage, print what came of it, and return whether it was right."""
    chance, data = random.Random(seed), Path(environ["LINKTRACK_DATA"])
    path = a_link(environ)
    clock = Clock(folder)
    server = Server(environ | clock.settings(), folder / "log")
    try:
        with clicking(server, path) as tallies:
            happened = blow(server, data, clock, away, events, chance)
            time.sleep(2)
    finally:
        server.stop()
        server.kill_all()
    counted, agrees = counted_anew(environ, "all")
    answered = sum(one.answered for one in tallies)
    unclear, wrong = sum(one.unclear for one in tallies), sum(one.wrong for one in tallies)
    lost = read_lost(data / "journals").count
    whole = answered <= counted + lost and counted <= answered + unclear
    right = whole and agrees
    of = ", ".join(f"{number} {what}" for what, number in happened.most_common())
    cells = [kind, seed, of, f"{answered:,}", f"{counted:,}", f"{lost:,}", unclear, wrong]
    print(f"| {' | '.join(map(str, cells))} | {'yes' if right else '**NO**'} |", flush=True)
    return right


def main() -> None:
    """Run one storm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=140)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-bench-"))
    chance = random.Random(options.seed + 1)
    print(f"{versions('gunicorn', 'psycopg')}\n")
    print(
        "| database | seed | what happened | answered | counted | said to be lost | in flight "
        "| not 302 | none lost unsaid or doubled |\n|---|---:|---|---:|---:|---:|---:|---:|---|"
    )
    try:
        with ExitStack() as stack:
            stack.enter_context(small_disk(folder / "data"))
            if options.database == "postgresql":
                address = stack.enter_context(postgresql_server(folder))
                environ = environment(folder / "data", PostgreSQLMaker(address, folder)())

                def away() -> AbstractContextManager[None]:
                    return chance.choice((halted, stopped))(postmaster(address))
            else:
                environ = environment(folder / "data")

                def away() -> AbstractContextManager[None]:
                    return locked(folder / "data" / "linktrack.db")

            right = storm(environ, folder, away, options.events, options.seed, options.database)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
