"""Clicks that cannot be written: the redirect goes on, and how many were lost is known."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Maker
from files import files
from servers import Server, answer, environment, serving
from services import BROWSER, a_link, loaded
from waiting import ROOM

from linktrack.clicks.capture.backlog import read_backlog
from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.capture.losses import NAME, Losses, Lost, read_lost
from linktrack.clicks.records import ClickRecord, encode
from linktrack.ids import LinkId


def test_processes_and_threads_count_together(tmp_path: Path) -> None:
    """Each has a counter of its own; none overwrites another's."""
    counters = [Losses(tmp_path) for _ in range(4)]
    counters[0].prepare()
    threads = [
        threading.Thread(target=lambda own=own: [own.add() for _ in range(50)]) for own in counters
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_lost(tmp_path).count == 200
    assert [own.count for own in counters] == [50] * 4


def test_a_count_that_has_no_room_waits_in_memory(tmp_path: Path) -> None:
    """It comes into the file as soon as there is one, also without another loss."""
    own = Losses(tmp_path / "missing")
    own.add()
    own.add()
    assert read_lost(tmp_path / "missing") == Lost()
    (tmp_path / "missing").mkdir()
    own.prepare()
    assert read_lost(tmp_path / "missing").count == 2


def test_a_damaged_count_begins_again(tmp_path: Path) -> None:
    """An empty file, as a disk that was full already leaves it, is no failure."""
    (tmp_path / NAME).write_bytes(b"")
    assert read_lost(tmp_path) == Lost()
    Losses(tmp_path).add()
    assert read_lost(tmp_path).count == 1


@pytest.mark.parametrize("sync", ["background", "always"])
def test_a_folder_that_is_deleted_under_a_worker_loses_nothing(tmp_path: Path, sync: str) -> None:
    """The file is written anew under its name, whole, so that each click still counts once."""
    folder = tmp_path / "journals"
    journal = Journal(folder, sync)  # type: ignore[arg-type]  # both of its values
    journal.append(b"one\n")
    (before,) = files(folder)
    shutil.rmtree(folder)
    journal._check_at = 0.0  # as if a second had passed
    assert journal.append(b"two\n")
    assert files(folder) == [before]
    shutil.rmtree(folder)
    journal.close()
    assert before.read_bytes() == b"one\ntwo\n"
    assert journal.lost == 0


def test_the_backlog_is_clicks_and_since_when(tmp_path: Path) -> None:
    """What lies behind the position of each file; a file that is loaded is no backlog."""
    lines = [encode(ClickRecord(5_000 + n, LinkId(1), "Firefox", None, 1)) for n in range(10)]
    for name, part in (("a.journal", lines[:4]), ("b.journal", lines[4:])):
        (tmp_path / name).write_bytes(b"".join(part))
    size = len(lines[0])
    backlog = read_backlog(tmp_path, {"a.journal": 4 * size, "b.journal": size})
    assert (backlog.clicks, backlog.bytes, backlog.since) == (5, 5 * size, 5_005)
    assert backlog.seconds(7_005) == 2
    assert backlog.seconds(0) == 0  # the clock jumped back
    assert read_backlog(tmp_path / "missing", {}).clicks == 0


def test_a_large_backlog_is_estimated(tmp_path: Path) -> None:
    """Three megabytes are not read for every page; the estimate is within one in a hundred."""
    line = encode(ClickRecord(5_000, LinkId(1), "Firefox" * 20, None, 1))
    (tmp_path / "a.journal").write_bytes(line * 15_000)
    assert read_backlog(tmp_path, {}).clicks == pytest.approx(15_000, rel=0.01)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 10 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk (tmpfs)")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let root mount a small disk (tmpfs)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_loses_clicks_and_says_exactly_how_many(
    small_disk: Path, sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Redirects go on; answered clicks are those that are counted and those that are lost."""
    environ = environment(small_disk / "data", sqlite_databases())
    path = a_link(environ)
    with serving(environ, tmp_path / "log") as server:

        def ask(times: int) -> None:
            for _ in range(times):
                status, headers, _ = server.request(path, **BROWSER)
                assert (status, headers["Location"]) == (302, "http://example.com/one")

        ask(50)
        ballast = small_disk / "ballast"
        fill(ballast)
        ask(150)
        assert server.request("/readyz")[0] == 503
        assert b"Clicks are being lost" in server.request("/readyz")[2]
        lost = answer(environ, "status")["lost_clicks"]
        assert 0 < lost <= 150
        assert f"linktrack_clicks_lost_total {lost}".encode() in server.request("/metrics")[2]
        assert f"{lost} clicks were lost" in owner_page(server)
        ballast.unlink()
        ask(50)
        assert loaded(environ) == 250 - lost
        assert answer(environ, "status")["lost_clicks"] == lost


def fill(path: Path) -> None:
    """Leave no byte of the disk free."""
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue


def owner_page(server: Server) -> str:
    """Sign in and return the overview."""
    import httpx

    with httpx.Client(base_url=server.base_url, follow_redirects=True, timeout=ROOM) as client:
        page = client.get(server.sign_in_path())
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        return client.post(page.url.path, data={"csrf_token": token}).text
