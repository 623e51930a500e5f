"""`linktrack serve`: redirects, loading beside them, and nothing lost when processes die."""

import http.client
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from databases import Maker, PostgreSQLMaker, postgresql_server
from servers import Server, answer, command, environment, serving
from services import BROWSER, a_link, loaded
from waiting import ROOM, wait_until

from linktrack.clicks.capture.journal import SUFFIX


def report(environ: dict[str, str]) -> Any:
    return answer(environ, "report", "cpf", "@JessesLinks")


@pytest.mark.alone
@pytest.mark.slow
def test_a_click_is_in_the_report_within_two_seconds(database_url: str, tmp_path: Path) -> None:
    """A browser and a preview fetcher: one person in 23,000, one click left out."""
    environ = environment(tmp_path / "data", database_url)
    path = a_link(environ)
    with serving(environ, tmp_path / "log") as server:
        status, headers, _ = server.request(path, **BROWSER)
        assert (status, headers["Location"]) == (302, "http://example.com/one")
        assert server.request(path, User_Agent="Twitterbot/1.0")[0] == 302
        wait_until(lambda: report(environ)["posts"][0]["not_human"], 2)
        (post,) = report(environ)["posts"]
        assert (post["unique_clicks"], post["followers"]) == (1, 23_000)
        assert post["not_human"] == {"preview": 1}
        assert post["cpf"] == pytest.approx(1 / 23_000, abs=1e-6)
        assert server.stop() == 0


@pytest.mark.alone
@pytest.mark.slow
def test_a_change_of_a_link_is_followed_within_two_seconds(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Another destination, disabling and enabling reach every worker."""
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with serving(environ, tmp_path / "log") as server:

        def answers() -> set[tuple[int, str | None]]:
            found = [server.request(path, **BROWSER) for _ in range(20)]
            return {(status, headers.get("Location")) for status, headers, _ in found}

        assert answers() == {(302, "http://example.com/one")}
        assert (
            command(environ, "link", "redirect", path[1:], "http://example.com/two").returncode == 0
        )
        wait_until(lambda: answers() == {(302, "http://example.com/two")}, 2)
        assert command(environ, "link", "disable", path[1:]).returncode == 0
        wait_until(lambda: answers() == {(410, None)}, 2)
        assert b"http://example.com/one" in server.request(path + "+")[2]
        assert command(environ, "link", "enable", path[1:]).returncode == 0
        wait_until(lambda: answers() == {(302, "http://example.com/two")}, 2)


@pytest.mark.slow
def test_sigterm_ends_every_process_after_the_last_click_is_loaded(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Nothing is left running, and nothing waits in a journal."""
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with serving(environ, tmp_path / "log") as server:
        family = [server.process.pid, *children(server)]
        for _ in range(50):
            server.request(path, **BROWSER)
        assert server.stop() == 0
        assert [pid for pid in family if psutil.pid_exists(pid)] == []
    assert answer(environ, "status")["bytes_to_load"] == 0
    assert answer(environ, "status")["clicks"] == 50


def children(server: Server) -> list[int]:
    return [child.pid for child in psutil.Process(server.process.pid).children(recursive=True)]


@pytest.mark.alone
@pytest.mark.slow
def test_killing_processes_at_random_loses_and_doubles_no_click(
    database_url: str, tmp_path: Path
) -> None:
    """2,000 redirects with five kill -9 of a worker, the loader or the master on the way."""
    environ = environment(tmp_path / "data", database_url)
    path = a_link(environ)
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    answered, unclear = [0], [0]

    family: set[int] = set()

    def ask(server: Server, times: int) -> None:
        for _ in range(times):
            try:
                if server.request(path, **BROWSER)[0] == 302:
                    answered[0] += 1
            except (OSError, http.client.HTTPException):
                unclear[0] += 1  # perhaps written down before the process was killed
                time.sleep(0.02)  # as a reader who tries again, not a storm of refusals

    with serving(environ, tmp_path / "log") as server:
        for _ in range(5):
            thread = threading.Thread(target=ask, args=(server, 400))
            thread.start()
            time.sleep(chance.uniform(0.1, 0.5))  # the moment of a kill is chance
            family |= {server.process.pid, *children(server)}
            victim = chance.choice([server.process.pid, *children(server)])
            with suppress(psutil.NoSuchProcess):
                psutil.Process(victim).send_signal(signal.SIGKILL)
            if victim == server.process.pid:
                server.process.wait(10)
                wait_until_free(server)
                server.start()
            thread.join()
        counted = loaded(environ)
        family |= set(children(server))
    assert answered[0] > 1_000
    assert [pid for pid in family if psutil.pid_exists(pid)] == []
    assert answered[0] <= counted <= answered[0] + unclear[0]
    assert command(environ, "rebuild").returncode == 0
    (post,) = report(environ)["posts"]
    assert post["clicks"] == counted


def wait_until_free(server: Server) -> None:
    """The workers of a killed master see that it is gone within a second or two."""

    def is_free() -> bool:
        try:
            server.request("/healthz")
        except OSError:
            return True
        return False

    wait_until(is_free)


@pytest.mark.slow
def test_a_loader_whose_master_is_gone_ends_by_itself(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Even where the master died before the loader had begun; one run by hand goes on."""
    environ = environment(tmp_path / "data", sqlite_databases())
    follow = [sys.executable, "-m", "linktrack", "load", "--follow"]
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    orphan = subprocess.run([*follow, "--parent", str(gone.pid)], env=environ, timeout=ROOM)
    assert orphan.returncode == 0
    by_hand = subprocess.Popen(follow, env=environ)
    wait_until(lambda: psutil.Process(by_hand.pid).num_threads() >= 3, why="it has begun")
    time.sleep(2)  # longer than an orphan lives: that time passes is what is tested
    assert by_hand.poll() is None
    by_hand.send_signal(signal.SIGINT)
    assert by_hand.wait(ROOM) == 0


@pytest.mark.slow
def test_a_loader_that_outlives_its_master_does_not_keep_the_port(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """The next service listens there while the old loader is still at its batch."""
    environ = environment(tmp_path / "data", sqlite_databases())
    with serving(environ, tmp_path / "log") as server:
        family = [psutil.Process(number) for number in children(server)]
        (loader,) = (one for one in family if "--follow" in one.cmdline())
        loader.suspend()
        for process in (psutil.Process(server.process.pid), *family):
            if process != loader:
                process.kill()
        server.process.wait(10)
        server.start()
        assert loader.is_running()
        loader.resume()
        loader.wait(ROOM)


@pytest.mark.slow
def test_what_a_stranger_says_of_the_path_is_not_believed(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """With SCRIPT_NAME: /x believed, /x/owner/ would get past a proxy's rule for /owner/."""
    environ = environment(tmp_path / "data", sqlite_databases())
    with serving(environ, tmp_path / "log") as server:
        assert server.request("/owner/")[0] == 302
        assert server.request("/x/owner/")[0] == 404
        head = b"GET /x/owner/ HTTP/1.1\r\nHost: go\r\nSCRIPT_NAME: /x\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head)
            assert connection.recv(100).split()[1] == b"404"


@pytest.mark.slow
def test_a_port_in_use_is_one_clear_sentence(sqlite_databases: Maker, tmp_path: Path) -> None:
    """The second service does not start, and says what to do."""
    environ = environment(tmp_path / "data", sqlite_databases())
    with serving(environ, tmp_path / "log") as server:
        second = command(environ, "serve", "--bind", f"127.0.0.1:{server.port}")
    assert second.returncode == 1
    assert "choose another port with --bind" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_place_to_listen_must_be_one() -> None:
    """Host and port, or one sentence."""
    from linktrack.errors import Invalid
    from linktrack.web.serving.listening import Bind

    assert str(Bind.parse("[::1]:80")) == "[::1]:80"
    assert Bind.parse("0.0.0.0:8000").is_loopback is False
    assert str(Bind.parse("unix:/run/linktrack.sock")) == "unix:/run/linktrack.sock"
    assert Bind.parse("unix:/run/linktrack.sock").is_loopback
    for wrong in (
        "unix:",
        f"unix:/{'x' * 101}",
        "8000",
        "127.0.0.1",
        "127.0.0.1:",
        ":8000",
        "a:99999",
        "a:0",
        "a:-1",
        "a:x",
    ):
        with pytest.raises(Invalid):
            Bind.parse(wrong)


class Readers:
    """Threads that click on connections of their own until told to stop."""

    def __init__(self, server: Server, path: str, number: int = 3) -> None:
        self.answered = self.unclear = 0
        self.wrong: list[int] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._click, args=(server, path)) for _ in range(number)
        ]
        for thread in self._threads:
            thread.start()

    def _click(self, server: Server, path: str) -> None:
        while not self._stop.is_set():
            try:
                status = server.request(path, **BROWSER)[0]
            except (OSError, http.client.HTTPException):
                with self._lock:
                    self.unclear += 1  # perhaps written down before the worker ended
                continue
            with self._lock:
                if status == 302:
                    self.answered += 1
                else:
                    self.wrong.append(status)

    def stop(self) -> None:
        """End all of them."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gunicorn", "granian"])
def test_a_hang_up_replaces_the_workers_and_loses_nothing(
    sqlite_databases: Maker, tmp_path: Path, kind: str
) -> None:
    """SIGHUP under load: new workers answer, the old ones end, each click counts once."""
    if kind == "granian":
        pytest.importorskip("granian", reason="pip install 'linktrack[granian]'")
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with serving(environ, tmp_path / "log", "--server", kind) as server:
        before = set(children(server))
        readers = Readers(server, path)
        wait_until(lambda: readers.answered >= 50, 60)
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(before & set(children(server))) <= 2, 30, why="no old worker")
        left = len(before & set(children(server)))
        assert left == 2, "the loader, and the master of the pages"
        seen = readers.answered
        wait_until(lambda: readers.answered >= seen + 50, 60, why="new workers answer")
        readers.stop()
        assert server.stop() == 0
    assert readers.wrong == []
    counted = answer(environ, "status")["clicks"]
    assert answer(environ, "status")["bytes_to_load"] == 0
    assert readers.answered <= counted <= readers.answered + readers.unclear


@pytest.mark.alone
@pytest.mark.slow
def test_known_links_go_on_while_the_database_is_locked(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """Another program holds SQLite's write lock: no redirect fails, every click is counted."""
    url = sqlite_databases()
    environ = environment(tmp_path / "data", url)
    path = a_link(environ)
    with serving(environ, tmp_path / "log") as server:
        for _ in range(20):
            assert server.request(path, **BROWSER)[0] == 302  # every worker knows it now
        lock = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        readers = Readers(server, path)
        time.sleep(3)  # the lock is held for so long: that is what is tested
        readers.stop()
        behind = answer(environ, "status")
        lock.execute("ROLLBACK")
        lock.close()
        assert readers.answered > 100
        assert (readers.wrong, readers.unclear) == ([], 0)
        assert behind["clicks_to_load"] >= readers.answered
        assert behind["seconds_behind"] > 1
        assert loaded(environ) == readers.answered + 20


@pytest.mark.alone
@pytest.mark.slow
def test_known_links_go_on_while_postgresql_is_stopped(tmp_path: Path) -> None:
    """The server is halted (SIGSTOP) and goes on later: no redirect fails, no click is lost."""
    with postgresql_server(tmp_path) as address:
        url = PostgreSQLMaker(address, tmp_path)()
        environ = environment(tmp_path / "data", url)
        path = a_link(environ)
        home = psycopg.connect(address, autocommit=True)
        directory = home.execute("SHOW data_directory").fetchone()
        assert directory is not None
        postmaster = int((Path(directory[0]) / "postmaster.pid").read_text().split()[0])
        with serving(environ, tmp_path / "log") as server:
            before = Readers(server, path)
            journals = tmp_path / "data" / "journals"

            def has_answered_often() -> list[Path]:
                found = journals.glob(f"[!.]*{SUFFIX}")
                return [path for path in found if len(path.read_bytes().splitlines()) > 5]

            # One worker may get all connections for a while: each writes a journal of its own.
            wait_until(lambda: len(has_answered_often()) == 2, 60, why="both workers know the link")
            before.stop()
            halted = [psutil.Process(postmaster)]
            halted += halted[0].children(recursive=True)
            for process in halted:
                process.suspend()
            try:
                readers = Readers(server, path)
                time.sleep(3)  # it is halted for so long: that is what is tested
                readers.stop()
            finally:
                for process in halted:
                    process.resume()
            home.close()
            assert readers.answered > 100
            for some in (before, readers):
                assert (some.wrong, some.unclear) == ([], 0)
            assert loaded(environ) == before.answered + readers.answered


@pytest.mark.slow
def test_under_granian_nothing_is_lost_or_left_running(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """A killed worker, then a killed master: clicks count once, every process ends."""
    pytest.importorskip("granian", reason="pip install 'linktrack[granian]'")
    environ = environment(tmp_path / "data", sqlite_databases())
    path = a_link(environ)
    with serving(environ, tmp_path / "log", "--server", "granian") as server:
        readers = Readers(server, path)
        wait_until(lambda: readers.answered >= 50, 60)
        family = [psutil.Process(number) for number in children(server)]
        workers = [one for one in family if "--follow" not in one.cmdline()]
        workers[0].kill()
        workers[0].wait(10)
        seen = readers.answered
        wait_until(lambda: readers.answered >= seen + 200, 60, why="others answer")
        readers.stop()
        family += [psutil.Process(number) for number in children(server)]
        server.process.kill()
        server.process.wait()
        assert psutil.wait_procs(family, timeout=ROOM)[1] == []
    assert readers.wrong == []
    assert command(environ, "load").returncode == 0
    counted = answer(environ, "status")["clicks"]
    assert readers.answered <= counted <= readers.answered + readers.unclear
