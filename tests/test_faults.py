"""A loader killed at any step of its work, and several at once: each click counts once."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from clicking import FIREFOX, START, click, counts, some_clicks
from servers import environment
from sqlalchemy import func, select
from world import World

from linktrack.calendar.days import Days
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.loading.loader import Loader
from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord, encode

FAULTS = Path(__file__).parent / "faults.py"


@pytest.mark.slow
def test_a_kill_before_or_after_any_step_changes_nothing(world: World, tmp_path: Path) -> None:
    """Loading again gives the database of an undisturbed run, the damaged line set aside."""
    links, _ = some_clicks(world)
    folder = tmp_path / "originals"
    journal = Journal(folder)
    for second in range(40):
        agent = (FIREFOX, "Twitterbot/1.0", "curl/8.0")[second % 3]
        # Later clicks come first: marks are made, and then moved.
        record = ClickRecord(START - second * 1000, links[second % 4], agent, "//t.co", second % 5)
        journal.append(encode(record))
        if second == 20:
            journal.append(b'{"t":1,"l"\n')
    journal.close()
    world.session.close()
    url = world.database.engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, str(FAULTS), url, str(folder)],
        env=environment(tmp_path / "data", url),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["clicks"] == 40
    assert found["steps"].count("before insert") >= 2, "one batch would prove little"
    steps = ("read", "classify", "insert", "rollup", "position", "commit", "retire", "delete")
    assert {f"before {step}" for step in steps} <= set(found["steps"])
    assert found["wrong"] == []


@pytest.mark.slow
def test_several_loaders_neither_double_nor_wait_for_each_other_for_ever(
    world: World, tmp_path: Path
) -> None:
    """Two nodes with journals of their own and a second loader of one of them, all at once."""
    links, _ = some_clicks(world)
    journals = [Journal(tmp_path / "one"), Journal(tmp_path / "two")]
    folders = [tmp_path / "one", tmp_path / "one", tmp_path / "two"]
    writing = threading.Event()
    failures: list[BaseException] = []

    def load(folder: Path) -> None:
        loader = Loader(world.store(), folder)
        try:
            while not writing.is_set():
                loader.load()
            loader.load()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=load, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for second in range(1_500):
        journals[second % 2].append(click(links[second % 4], second))
        if second == 1_000:
            for journal in journals:
                journal.append(b"torn\n")
    for journal in journals:
        journal.close()
    writing.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []
    with world.database.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(clicks)) == 1_500
    loaded = counts(world)
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == loaded
