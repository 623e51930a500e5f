"""How the service is: alive, ready, in figures, and what is said of lost and damaged clicks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from clicking import click, some_clicks
from flask.testing import FlaskClient
from world import World

from linktrack.app import create_app
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.losses import NAME, Losses
from linktrack.clicks.loading.loader import Loader
from linktrack.db import now
from linktrack.installation import Installation
from linktrack.owners.tokens import create_token
from linktrack.upkeep.health.status import status_of


@contextmanager
def client_of(world: World) -> Iterator[FlaskClient]:
    opened = Installation.open(world.settings)
    yield create_app(opened).test_client()
    opened.database.close()


def figures(client: FlaskClient) -> dict[str, float]:
    """Return the figures of /metrics, read as Prometheus reads them."""
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line.split(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("linktrack_"): float(value) for name, value in lines}


def test_figures_tell_counted_waiting_damaged_and_lost(world: World) -> None:
    """Three clicks are counted, two wait, one line is damaged, one click was lost."""
    links, _ = some_clicks(world)
    journal = Journal(world.settings.journals)
    for line in (click(links[0]), click(links[1], 1), click(links[0], 2), b"{}\n"):
        journal.append(line)
    world.loader().load()
    for second in (3, 4):
        journal.append(click(links[0], second))
    Losses(world.settings.journals).add()
    with client_of(world) as client:
        found = figures(client)
    assert found.pop("backlog_seconds") > 0
    assert found == {
        "clicks_counted_total": 3,
        "clicks_lost_total": 1,
        "lines_damaged_total": 1,
        "backlog_clicks": 2,
        "backlog_bytes": 2 * len(click(links[0])),
    }
    status = status_of(world.session, world.settings, now())
    assert (status["clicks_to_load"], status["damaged_lines"], status["lost_clicks"]) == (2, 1, 1)
    journal.close()


def test_readiness_is_about_counting(sqlite_world: World) -> None:
    """503 while clicks are being lost; afterwards it is ready, and goes on saying how many."""
    folder = sqlite_world.settings.journals
    with client_of(sqlite_world) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.text) == (200, "ok\n")
        folder.mkdir()
        losses = Losses(folder)
        losses.prepare()
        losses.add()
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.text.startswith("Clicks are being lost: 1 clicks were lost")
        (folder / NAME).write_bytes(b"00000000000000000012 01777900000000\n")
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.text == "ok\n12 clicks were lost, the last at 2026-05-04T13:06:40Z.\n"


def test_a_database_that_is_away_is_not_ready_but_alive(tmp_path: Path) -> None:
    """The sentence names the database and what is wrong with it."""
    address = "postgresql://nobody@127.0.0.1:1/none"
    with World.at(tmp_path / "data", address) as world, client_of(world) as client:
        assert client.get("/healthz").text == "ok\n"
        for path in ("/readyz", "/metrics"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "cannot be used right now" in answer.text


def test_strangers_learn_no_figures(sqlite_world: World) -> None:
    """Through a proxy: ready or not, and nothing of clicks; a reading token opens the rest."""
    secret = create_token(sqlite_world.session, "watch", "read", None, now())
    sqlite_world.session.commit()
    folder = sqlite_world.settings.journals
    folder.mkdir()
    losses = Losses(folder)
    losses.prepare()
    losses.add()
    stranger = {"X-Forwarded-For": "203.0.113.9"}
    watcher = {**stranger, "Authorization": f"Bearer {secret}"}
    with client_of(sqlite_world) as client:
        answer = client.get("/readyz", headers=stranger)
        assert (answer.status_code, answer.text) == (503, "not ready\n")
        assert "1 clicks were lost" in client.get("/readyz", headers=watcher).text
        (folder / NAME).write_bytes(b"00000000000000000012 01777900000000\n")
        answer = client.get("/readyz", headers=stranger)
        assert (answer.status_code, answer.text) == (200, "ok\n")
        refused = client.get("/metrics", headers=stranger)
        assert refused.status_code == 403
        assert "linktrack_" not in refused.text
        assert "linktrack_clicks_lost_total 12" in client.get("/metrics", headers=watcher).text


def test_a_token_proves_nothing_while_the_database_is_away(tmp_path: Path) -> None:
    """Not ready, or refused; no fault of ours is shown."""
    address = "postgresql://nobody@127.0.0.1:1/none"
    watcher = {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer lt_any"}
    with World.at(tmp_path / "data", address) as world, client_of(world) as client:
        answer = client.get("/readyz", headers=watcher)
        assert (answer.status_code, answer.text) == (503, "not ready\n")
        assert client.get("/metrics", headers=watcher).status_code == 403


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="counting descriptors needs /dev/fd")
def test_a_day_of_worker_restarts_leaves_nothing_behind(sqlite_world: World) -> None:
    """Every five minutes two workers begin anew: no descriptor and, a week later, no file."""
    links, _ = some_clicks(sqlite_world)
    folder = sqlite_world.settings.journals
    loader = Loader(sqlite_world.store(), folder, keep=timedelta(seconds=-1))
    loader.load()
    before = sorted(os.listdir("/dev/fd"))
    for second in range(2 * 288):
        journal = Journal(folder)
        journal.append(click(links[0], second))
        journal.close()
        if second % 50 == 0:
            loader.load()
    loader.load()
    loader._delete_at = 0.0  # as if an hour had passed
    loader.load()
    assert sorted(os.listdir("/dev/fd")) == before
    assert [path.name for path in folder.iterdir()] == [NAME]
