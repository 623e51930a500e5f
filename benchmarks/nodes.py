"""Three nodes over PostgreSQL and ClickHouse, under load and kills: python benchmarks/nodes.py.

Readers click on all nodes, while a worker, all workers, a loader or everything of a node is killed,
and ClickHouse itself, which comes back some seconds later. Answered clicks ≤ counted clicks ≤
answered + those that were in flight; counts are those of counting anew. Prints its seed.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from kills import VICTIMS, a_link, clicking, counted_anew, kill
from machine import versions

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from clickhouses import Server as ClickHouseServer
from clickhouses import clickhouse_server
from databases import PostgreSQLMaker, postgresql_server
from servers import Server, environment

NODES: Final = 3
AWAY: Final = 3.0
"""Seconds for which ClickHouse is away at most."""


def blow(
    nodes: list[Server], clickhouse: ClickHouseServer, kills: int, chance: random.Random
) -> Counter[str]:
    """Kill that often; return what."""
    killed: Counter[str] = Counter()
    for _ in range(kills):
        time.sleep(chance.uniform(0.1, 1.5))
        victim = chance.choice((*VICTIMS, "clickhouse"))
        killed[victim] += 1
        if victim == "clickhouse":
            clickhouse.kill()
            time.sleep(chance.uniform(0, AWAY))
            clickhouse.start()
        else:
            kill(chance.choice(nodes), victim, chance)
    return killed


def campaign(
    environs: list[dict[str, str]],
    folder: Path,
    clickhouse: ClickHouseServer,
    kills: int,
    seed: int,
) -> bool:
    """Run it, print what came of it, and return whether it was right."""
    chance = random.Random(seed)
    path = a_link(environs[0])
    keys = Path(environs[0]["LINKTRACK_DATA"]) / "keys.json"
    for environ in environs[1:]:
        Path(environ["LINKTRACK_DATA"]).mkdir(mode=0o700)
        shutil.copy(keys, environ["LINKTRACK_DATA"])
    nodes = [Server(environ, folder / f"log-{n}") for n, environ in enumerate(environs)]
    begun = time.monotonic()
    try:
        with ExitStack() as readers:
            tallies = [readers.enter_context(clicking(node, path)) for node in nodes]
            killed = blow(nodes, clickhouse, kills, chance)
            time.sleep(1)
    finally:
        for node in nodes:
            node.stop()
            node.kill_all()
    seconds = time.monotonic() - begun
    for environ in environs[1:]:
        counted_anew(environ, "7d")  # each loads its own journals
    counted, agrees = counted_anew(environs[0], "7d")
    seen = [one for node in tallies for one in node]
    answered, unclear = sum(one.answered for one in seen), sum(one.unclear for one in seen)
    wrong = sum(one.wrong for one in seen)
    right = answered <= counted <= answered + unclear and agrees
    cells = [seed, f"{seconds:.0f}", kills, ", ".join(f"{n} {v}" for v, n in killed.items())]
    cells += [f"{answered:,}", f"{counted:,}", unclear, wrong, "yes" if right else "**NO**"]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
    return right and not wrong


def main() -> None:
    """Run one campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linktrack-nodes-"))
    folder.chmod(0o755)  # PostgreSQL's server is another user
    print(f"{versions('gunicorn', 'psycopg')}\n")
    print(
        "| seed | seconds | kills | of | answered | counted | in flight | not 302 "
        "| nothing lost or doubled |\n|---:|---:|---:|---|---:|---:|---:|---:|---|"
    )
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        url = PostgreSQLMaker(ends.enter_context(postgresql_server(folder)), folder)()
        engine = ends.enter_context(clickhouse_server(folder / "clickhouse"))
        environs = [
            environment(folder / f"data-{node}", url, LINKTRACK_CLICKS=engine.url("nodes"))
            for node in range(NODES)
        ]
        right = campaign(environs, folder, engine.servers[0], options.kills, options.seed)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
