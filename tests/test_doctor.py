"""`linktrack doctor` finds each fault that is planted, and nothing where all is well."""

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from databases import Maker
from listening import listening
from servers import Server, command, environment, serving
from world import NOON, World

from linktrack.cli import main
from linktrack.clicks.capture.backlog import Backlog
from linktrack.db import now, to_ms
from linktrack.keys import load_keys
from linktrack.upkeep.doctor import Finding, examine
from linktrack.upkeep.health.attention import Space, is_behind
from linktrack.upkeep.probing import MADE_UP, Seen, hides_readers, misbelief


def remedies(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what is to be mended: name → remedy."""
    found = examine(environ, now())
    return {finding.name: finding.remedy for finding in found if finding.remedy is not None}


def findings(environ: Mapping[str, str]) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(environ, now())}


@pytest.fixture
def healthy(sqlite_databases: Maker, tmp_path: Path) -> dict[str, str]:
    """An installation with one account; only its base address is one of loopback."""
    environ = environment(tmp_path / "data", sqlite_databases())
    for arguments in (
        ("account", "add", "@me", "--network", "x", "--followers", "100"),
        ("wrap", "@me", "Read https://example.com/one"),
        ("backup", str(tmp_path / "b.tar.gz")),
    ):
        done = CliRunner().invoke(main, arguments, env=environ)
        assert done.exit_code == 0, done.output
    return environ


def sql(environ: Mapping[str, str], statement: str) -> None:
    connection = sqlite3.connect(environ["LINKTRACK_DATABASE"].removeprefix("sqlite:///"))
    connection.execute(statement)
    connection.commit()
    connection.close()


LOCAL = {"base address", "service"}
"""What is always to be mended where no service runs and short links begin with loopback."""


@pytest.mark.slow
def test_nothing_else_is_to_be_mended_where_all_is_well(healthy: dict[str, str]) -> None:
    """Thirteen looks say ok; status 1 comes from the address and the service alone."""
    assert set(remedies(healthy)) == LOCAL
    done = command(healthy, "doctor")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert sum(line.startswith("ok  ") for line in lines) == 13
    assert sum(line.startswith("MEND") and " → " in line for line in lines) == 2


def test_each_planted_fault_is_found(healthy: dict[str, str], tmp_path: Path) -> None:
    """Plant, look, mend, one after the other: exactly that one is named each time."""
    data = Path(healthy["LINKTRACK_DATA"])

    def also(expected: str, environ: Mapping[str, str] = healthy) -> str:
        found = remedies(environ)
        assert set(found) - LOCAL == {expected}
        return found[expected]

    (data / "keys.json").chmod(0o644)
    assert "chmod go-rwx" in also("secrets")
    (data / "keys.json").chmod(0o600)

    (data / "keys.json").rename(data / "aside")
    assert "backup" in also("keys")
    (data / "aside").rename(data / "keys.json")

    sql(healthy, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer" in also("database")
    sql(healthy, "UPDATE alembic_version SET version_num = '0001'")
    assert "linktrack upgrade" in also("database")
    from linktrack.db import alembic_config, make_engine

    engine = make_engine(healthy["LINKTRACK_DATABASE"])
    with engine.connect() as connection:
        from alembic.script import ScriptDirectory

        head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    engine.dispose()
    sql(healthy, f"UPDATE alembic_version SET version_num = '{head}'")

    away = healthy | {"LINKTRACK_DATABASE": "postgresql://nobody@127.0.0.1:1/nothing"}
    assert "cannot be used" in also("database", away)

    long_ago = to_ms(now() - timedelta(days=91))
    sql(healthy, f"UPDATE follower_counts SET counted_at = {long_ago}")
    assert also("follower counts") == "linktrack counts record @me COUNT"
    sql(healthy, f"UPDATE follower_counts SET counted_at = {to_ms(now())}")

    sql(healthy, f"UPDATE links SET changed_at = {to_ms(now() + timedelta(days=2))}")
    assert "clock" in also("clock")
    sql(healthy, f"UPDATE links SET changed_at = {to_ms(now())}")

    sql(healthy, f"UPDATE audit_entries SET at = {to_ms(now() - timedelta(days=9))}")
    assert "backup" in also("backups")
    sql(healthy, f"UPDATE audit_entries SET at = {to_ms(now())}")

    sql(healthy, "UPDATE posts SET state = 'scheduled'")
    sql(
        healthy,
        "INSERT INTO sendings"
        " (post_id, state, due_at, key, attempts, in_doubt, problem, changed_at)"
        " VALUES (1, 'failed', 0, 'k', 1, 0, 'X refuses it.', 0)",
    )
    assert "linktrack post send 1" in also("queue")
    said = findings(healthy)["queue"].says
    assert said == "post 1 of @me could not be published: X refuses it."
    sql(healthy, "UPDATE posts SET state = 'published'")

    sql(
        healthy,
        "INSERT INTO credentials (account_id, sealed, connected_at, problem)"
        " VALUES (1, 'x', 0, 'X signed it out.')",
    )
    assert "linktrack account connect @me" in also("connections")
    assert findings(healthy)["connections"].says == "@me: X signed it out."
    sql(healthy, "DELETE FROM credentials")

    (data / "journals").mkdir()
    journal = data / "journals" / f"{'a' * 32}.journal"
    journal.write_bytes(f'{{"t":{to_ms(now()) - 120_000},"l":1}}\n'.encode())
    assert "load --follow" in also("loader")
    journal.unlink()

    assert set(remedies(healthy)) == LOCAL

    wrong = remedies(healthy | {"LINKTRACK_TIMEZONE": "Mars/Olympus"})
    assert set(wrong) == {"settings"}
    assert "LINKTRACK_TIMEZONE" in wrong["settings"]
    gone = remedies(healthy | {"LINKTRACK_DATA": str(tmp_path / "nowhere")})
    assert set(gone) == {"data folder"}
    assert not (tmp_path / "nowhere").exists()
    plain = findings(healthy | {"LINKTRACK_BASE_URL": "http://no.such.site.invalid"})
    assert "is not https" in plain["base address"].says
    assert "has no address" in plain["service"].says


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_another_user_are_found(healthy: dict[str, str]) -> None:
    """A command that was run as root leaves files that the service cannot write."""
    keys = Path(healthy["LINKTRACK_DATA"]) / "keys.json"
    os.chown(keys, 12345, 12345)
    assert "chown" in remedies(healthy)["owner of files"]


def test_space_and_backlog_are_judged_by_their_size_and_age() -> None:
    """A small disk may be quite full; a loader takes what is written within a second."""
    gigabyte = 1000**3
    assert Space(free=gigabyte // 3, total=20 * gigabyte).is_scarce
    assert not Space(free=gigabyte, total=20 * gigabyte).is_scarce
    assert not Space(free=gigabyte // 3, total=gigabyte).is_scarce
    assert Space(free=gigabyte // 10, total=gigabyte).is_scarce
    assert is_behind(Backlog(10, 1, since=to_ms(NOON) - 61_000), NOON)
    assert not is_behind(Backlog(10, 1, since=to_ms(NOON) - 1_000), NOON)
    assert not is_behind(Backlog(), NOON)


@contextmanager
def proxy(server: Server, way: str) -> Iterator[int]:
    """Put a proxy in front: it appends, passes on, overwrites or drops X-Forwarded-For."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name: value for name, value in self.headers.items() if name != "Host"}
            sent = headers.pop("X-Forwarded-For", None)
            forwarded = {
                "append": f"{sent}, 198.51.100.4",
                "overwrite": "198.51.100.4",
                "pass on": sent,
                "drop": None,
            }[way]
            if forwarded:
                headers["X-Forwarded-For"] = forwarded
            onward = HTTPConnection("127.0.0.1", server.port)
            onward.request("GET", self.path, headers=headers)
            response = onward.getresponse()
            body = response.read()
            self.send_response(response.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            onward.close()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with listening(Proxy) as port:
        yield port


@pytest.mark.slow
def test_whom_the_service_takes_a_reader_for_is_found_through_the_proxy(
    healthy: dict[str, str],
) -> None:
    """Appending and overwriting are right; passing on what readers make up is not."""
    log = Path(healthy["LINKTRACK_DATA"]) / "log"
    with serving(healthy, log) as server:
        for way, fine in (("append", True), ("overwrite", True), ("pass on", False)):
            with proxy(server, way) as port:
                url = f"http://127.0.0.1:{port}"
                found = findings(healthy | {"LINKTRACK_BASE_URL": url})
            assert found["service"].remedy is None
            readers = found["readers' addresses"]
            assert (readers.remedy is None) == fine, readers
        strict = healthy | {"LINKTRACK_TRUSTED_PROXIES": "10.9.9.9"}
        server.stop()
        with serving(strict, log) as distrusting, proxy(distrusting, "append") as port:
            found = findings(strict | {"LINKTRACK_BASE_URL": f"http://127.0.0.1:{port}"})
            remedy = found["readers' addresses"].remedy or ""
            assert "LINKTRACK_TRUSTED_PROXIES=127.0.0.1" in remedy
            assert distrusting.request("/healthz/seen")[0] == 404
            assert distrusting.request("/healthz/seen", X_Linktrack_Probe="1.0")[0] == 404


def test_a_proxy_that_says_nothing_of_readers_is_found() -> None:
    """It took the header away, or passed on what we made up and added nothing."""
    here = "127.0.0.1"
    assert hides_readers(Seen(here, True, here, None, 0.0))
    assert hides_readers(Seen(here, True, MADE_UP, MADE_UP, 0.0))
    assert not hides_readers(Seen(here, True, "203.0.113.5", f"{MADE_UP}, 203.0.113.5", 0.0))
    assert misbelief(Seen(here, True, "203.0.113.5", "203.0.113.5", 0.0)) is None
    # Also where the doctor is on the proxy's machine, so that both have the same address.
    assert misbelief(Seen(here, True, here, here, 0.0)) is None
    assert misbelief(Seen(here, False, here, here, 0.0)) is not None
    assert misbelief(Seen("172.18.0.2", False, "172.18.0.2", "203.0.113.5", 0.0)) is not None
    assert misbelief(Seen(here, True, MADE_UP, MADE_UP, 0.0)) is not None
    # No proxy at all, and nobody is trusted.
    assert misbelief(Seen(here, False, here, MADE_UP, 0.0)) is None


def test_another_service_at_the_address_is_found(healthy: dict[str, str]) -> None:
    """A web server's own page answers, or nothing speaks HTTP at all."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        def once() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        thread = threading.Thread(target=once)
        thread.start()
        found = findings(healthy | {"LINKTRACK_BASE_URL": f"http://127.0.0.1:{port}"})
        thread.join()
    assert "another service" in found["service"].says


@pytest.mark.slow
def test_looking_changes_nothing(healthy: dict[str, str]) -> None:
    """No key is made, no table, no file."""
    data = Path(healthy["LINKTRACK_DATA"])
    (data / "keys.json").unlink()
    before = sorted(path.name for path in data.iterdir())
    found: Any = command(healthy, "doctor", "--json")
    assert found.returncode == 1
    assert sorted(path.name for path in data.iterdir()) == before


def test_the_probe_is_signed_under_the_installations_keys(sqlite_world: World) -> None:
    """What opens it cannot be made up, and is worth nothing later."""
    from browser import Browser

    browser = Browser.on(sqlite_world)
    markers = load_keys(sqlite_world.settings.data).markers()
    good = {"X-Linktrack-Probe": markers.sign("probe", str(int(time.time())))}
    old = {"X-Linktrack-Probe": markers.sign("probe", str(int(time.time()) - 600))}
    assert browser.client.get("/healthz/seen", headers=good).json is not None
    assert browser.client.get("/healthz/seen", headers=old).status_code == 404
    assert browser.client.get("/healthz/seen").status_code == 404
