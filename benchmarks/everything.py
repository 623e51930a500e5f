"""Export everything of a million clicks, restore it, export it again: time, memory, equality.

Run by hand: `python benchmarks/everything.py [CLICKS]`. Works in a temporary folder on SQLite.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from world import NOON, World

from linktrack.clicks.records import ClickRecord
from linktrack.db import Database, to_ms
from linktrack.settings import load_settings

PEAK = (
    "import sys\nfrom pathlib import Path\nfrom linktrack.cli import main\n"
    "main(sys.argv[1:], standalone_mode=False)\n"
    "print(*[line.split()[1] for line in Path('/proc/self/status').read_text().splitlines()"
    " if line.startswith('VmHWM')])"
)


def run(data: Path, *arguments: str) -> None:
    """Run one command on a data folder, and print its time and peak memory."""
    begun = time.monotonic()
    environ = os.environ | {"LINKTRACK_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.monotonic() - begun
    peak = int(done.stdout.split()[-1]) / 1024
    print(f"{' '.join(arguments[:2]):<12} {seconds:6.1f} s  {peak:5.0f} MB")


def main() -> None:
    """Measure all three steps."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = load_settings({"LINKTRACK_DATA": str(home / "a")})
        Database(settings).migrate()
        with World.at(home / "a", settings.database) as world:
            account = world.account()
            links = [
                world.post(account, f"https://example.com/{n}").links[0].id for n in range(200)
            ]
            store = world.store()
            for _ in range(0, total, 10_000):
                records = [
                    ClickRecord(
                        to_ms(NOON) + random.randrange(10**9),
                        random.choice(links),
                        f"Mozilla/5.0 (X11; Linux; rv:{random.randrange(50, 140)}.0) Firefox",
                        "//t.co",
                        random.randrange(200_000),
                    )
                    for _ in range(10_000)
                ]
                with store.transaction() as connection:
                    store.append(connection, records)
        run(home / "a", "export", "all", "--output", str(home / "1.zip"))
        run(home / "b", "import", "all", str(home / "1.zip"))
        run(home / "b", "export", "all", "--output", str(home / "2.zip"))
        with zipfile.ZipFile(home / "1.zip") as one, zipfile.ZipFile(home / "2.zip") as two:
            names = [name for name in one.namelist() if name != "manifest.json"]
            equal = one.namelist() == two.namelist() and all(
                one.getinfo(name).CRC == two.getinfo(name).CRC for name in names
            )
        size = (home / "1.zip").stat().st_size / 2**20
        print(f"{total:,} clicks, {size:.0f} MB, equal: {equal}")


main()
