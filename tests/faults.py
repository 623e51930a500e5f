"""Load journals in a process that is killed at its n-th step, for every n; then load again.

Run by test_faults.py: python faults.py DATABASE_URL FOLDER. FOLDER has the journals. Prints JSON:
the steps that were there, and those after which the database was not as if nothing had happened.
Each loader is a fork of its own, so that kill -9 is kill -9.
"""

import gc
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from databases import make_alike
from sqlalchemy import Engine, delete, event, select

from linktrack.audience import models as _audience  # noqa: F401 - foreign keys find their tables
from linktrack.clicks.classify.agents import Agent
from linktrack.clicks.counts.rollups import COUNTS
from linktrack.clicks.loading.loader import SET_ASIDE, Loader
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.models import (
    agents,
    clicks,
    first_clicks,
    journals,
    referrers,
    sources,
)
from linktrack.db import make_engine
from linktrack.owners import models as _owners  # noqa: F401
from linktrack.settings import load_settings

COUNTED = (first_clicks, *(table for table, _ in COUNTS))
STATEMENTS = {
    "INSERT INTO clicks": "insert",
    "INSERT INTO agents": "learn",
    "INSERT INTO journals": "file",
    "UPDATE journals": "position",
    "DELETE FROM journals": "forget",
    **{f"INSERT INTO {table.name}": "rollup" for table in COUNTED},
}
FILES = {"open": "read", "os.rename": "retire", "os.remove": "delete"}


class Steps:
    """Names the steps of loading as they come, and kills this process at number `fatal`."""

    def __init__(self, engine: Engine, folder: Path, fatal: int | None) -> None:
        self.names: list[str] = []
        self.fatal = fatal
        self.folder = str(folder)
        sys.addaudithook(self.audit)
        event.listen(engine, "before_cursor_execute", self.statement("before"))
        event.listen(engine, "after_cursor_execute", self.statement("after"))
        event.listen(engine, "commit", lambda _connection: self.step("before commit"))
        event.listen(engine.pool, "checkin", lambda _one, _entry: self.step("after commit"))

    def step(self, name: str) -> None:
        """One step, which may be the last."""
        self.names.append(name)
        if self.fatal == len(self.names):
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, when: str) -> Callable[..., None]:
        """Return a listener for SQL."""

        def listen(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
            for beginning, name in STATEMENTS.items():
                if sql.startswith(beginning + " "):
                    self.step(f"{when} {name}")

        return listen

    def audit(self, what: str, arguments: tuple[Any, ...]) -> None:
        """Listen to Python itself: files that are opened and deleted."""
        if what in FILES and str(arguments[0]).startswith(self.folder):
            self.step(f"before {FILES[what]}")


class Store(ClickStore):
    """A store that says when it classifies."""

    steps: Steps

    def prepare(
        self, user_agents: set[str | None], told: Mapping[str | None, Agent] | None = None
    ) -> None:
        """Classify between two steps."""
        self.steps.step("before classify")
        super().prepare(user_agents, told)
        self.steps.step("after classify")


def load(url: str, folder: Path, fatal: int | None) -> list[str]:
    """Load all there is, in small batches, and delete the files; return the steps taken."""
    engine = make_engine(url)
    store = Store(engine, load_settings({}).timezone)
    loader = Loader(store, folder, keep=timedelta(seconds=-1), most_bytes=3_000)
    store.steps = Steps(engine, folder, fatal)
    loader.load()
    return store.steps.names


def warm_up(url: str, folder: Path) -> None:
    """Load once here, so that statements are compiled and rules read before every fork."""
    engine = make_engine(url)
    Loader(ClickStore(engine, load_settings({}).timezone), folder).load()
    engine.dispose()
    state(url, folder)
    gc.freeze()


def in_a_fork(task: Callable[[], object]) -> bool:
    """Run a task in a process of its own; return whether it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            task()
        except BaseException:  # noqa: BLE001 - shown, and the end of this process
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "a loader failed"
    return os.WIFEXITED(status)


def state(url: str, folder: Path) -> list[Any]:
    """Return all that is stored and counted, without the numbers of rows."""
    engine = make_engine(url)
    with engine.connect() as connection:
        texts = select(
            clicks.c.clicked_at,
            clicks.c.link_id,
            clicks.c.visitor,
            clicks.c.reason,
            agents.c.user_agent,
            referrers.c.referrer,
        ).join_from(clicks, agents, clicks.c.agent_id == agents.c.id)
        texts = texts.join(referrers, clicks.c.referrer_id == referrers.c.id)
        found = [sorted(map(repr, connection.execute(texts)))]
        names = {
            "agent_id": {row.id: row.user_agent for row in connection.execute(select(agents))},
            "source_id": {row.id: row.name for row in connection.execute(select(sources))},
            "referrer_id": {row.id: row.referrer for row in connection.execute(select(referrers))},
        }
        for table in COUNTED:
            rows = connection.execute(select(table)).mappings()
            found.append(
                sorted(
                    repr({k: names.get(k, {}).get(v, v) for k, v in row.items()}) for row in rows
                )
            )
        found.append(sorted(map(repr, connection.execute(select(journals.c.name)))))
    engine.dispose()
    left = sorted(path.name for path in folder.iterdir())
    aside = folder / SET_ASIDE
    return [*found, left, sorted(set(aside.read_text().splitlines())) if aside.exists() else []]


def reset(url: str, folder: Path, original: Path) -> None:
    """Make it as it was before anything was loaded."""
    engine = make_engine(url)
    with engine.begin() as connection:
        for table in (clicks, *COUNTED, journals, referrers, sources, agents):
            connection.execute(delete(table))
    engine.dispose()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)


def main() -> None:
    """Kill at every step."""
    url, original = sys.argv[1], Path(sys.argv[2])
    make_alike()
    folder = original.parent / "loaded"
    reset(url, folder, original)
    warm_up(url, folder)
    reset(url, folder, original)
    in_a_fork(lambda: load(url, folder, None))
    undisturbed = state(url, folder)
    reset(url, folder, original)
    steps_file = original.parent / "steps"
    in_a_fork(lambda: steps_file.write_text(json.dumps(load(url, folder, None))))
    steps = json.loads(steps_file.read_text())
    wrong = []
    for number, name in enumerate(steps, 1):
        reset(url, folder, original)
        ended = in_a_fork(partial(load, url, folder, number))
        in_a_fork(lambda: load(url, folder, None))
        if ended or state(url, folder) != undisturbed:
            wrong.append(f"{number} {name}")
    print(json.dumps({"steps": steps, "wrong": wrong, "clicks": len(undisturbed[0])}))


if __name__ == "__main__":
    main()
