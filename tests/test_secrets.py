"""After every failure that can be provoked, no secret stands in anything the service wrote."""

import socket
import sqlite3
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from browser import TOKEN
from knownsecrets import ADDRESSES, OF_SETTINGS, files_of, found_in, needles, put_in
from receiving import Receiver
from servers import Server, command, environment, free_port, serving
from services import BROWSER
from sqlalchemy.engine import make_url
from waiting import wait_until
from world import World

from linktrack.db import now
from linktrack.logs import LONGEST
from linktrack.settings import LOOPBACK

LINE = LONGEST + 400
OF_ACCESS = {
    "owners", "one_time_codes", "passkeys", "recovery_codes", "shared_reports", "tokens",
    "webhooks",
}  # fmt: skip
"""Tables of an export that hold what opens a door, hashed or sealed."""

STORED = {
    "its hash", "passkey", "its public key", "the app's secret, sealed", "that, sealed",
    "that of a webhook, sealed", "an address of Apprise, sealed",
}  # fmt: skip
"""What is known of the secrets as the database has them."""

COMMANDS = (
    "sync", "status", "doctor", "owner list", "owner sessions", "token list", "webhook list",
    "webhook deliveries 1", "notify list", "setting list", "account list", "report cpf --all",
    "owner link nobody", "token revoke nobody", "webhook test 99",
)  # fmt: skip


class Arguments(threading.Thread):
    """Looks again and again at what a service and its children were started with, as `ps` does."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self.seen: set[str] = set()
        self.ended = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self.ended.wait(0.05):
            with suppress(psutil.Error):
                family = psutil.Process(self._server.process.pid)
                for process in (family, *family.children(recursive=True)):
                    with suppress(psutil.Error):
                        self.seen.add("\0".join(process.cmdline()))


@contextmanager
def renamed(url: str, *tables: str) -> Iterator[None]:
    """Take tables away for a while: every question about them fails, with its values."""
    run(url, *(f"ALTER TABLE {table} RENAME TO gone_{table}" for table in tables))
    try:
        yield
    finally:
        run(url, *(f"ALTER TABLE gone_{table} RENAME TO {table}" for table in tables))


def run(url: str, *statements: str) -> None:
    """Run statements on a database."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)
        connection.execute("PRAGMA legacy_alter_table = ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as other:
        for statement in statements:
            other.execute(statement.encode())


@contextmanager
def held(url: str, server: Server) -> Iterator[None]:
    """Lock the database (SQLite), or let nobody in, and end who is in (PostgreSQL)."""
    if url.startswith("sqlite"):
        lock = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
        lock.execute("BEGIN EXCLUSIVE")
        yield
        lock.execute("ROLLBACK")
        lock.close()
        return
    name = make_url(url).database
    others = make_url(url).set(database="postgres").render_as_string(hide_password=False)
    run(
        others,
        f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    yield
    run(others, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


class Stranger:
    """Asks for everything in every wrong way, and keeps the bodies of refusals and errors."""

    def __init__(self, server: Server, known: dict[str, str]) -> None:
        self.server, self.known = server, known
        self.bodies: dict[str, bytes] = {}
        self.statuses: set[int] = set()
        forwarded = {"X-Forwarded-For": ADDRESSES["an address"]}
        self.client = httpx.Client(base_url=server.base_url, headers=forwarded, timeout=40)

    def ask(self, method: str, path: str, what: str = "", **more: object) -> httpx.Response | None:
        """Ask once; a body that is no success is kept under `what` failed."""
        try:
            answer = self.client.request(method, path, **more)  # type: ignore[arg-type]
        except httpx.HTTPError:
            return None
        self.statuses.add(answer.status_code)
        if answer.status_code >= 400:
            self.bodies[f"{answer.status_code} {what or path[:40]} {len(self.bodies)}"] = (
                answer.content
            )
        return answer

    def sign_in(self) -> str:
        """Spend the first link; return the session's cookie."""
        path = f"/owner/sign-in/{self.known['a sign-in link']}"
        page = self.ask("GET", path)
        assert page is not None
        token = TOKEN.search(page.text)
        assert token is not None
        self.ask("POST", path, data={"csrf_token": token[1]})
        cookie = self.client.cookies.get("linktrack", path="/owner")
        assert cookie
        return cookie

    def fail(self, code: str) -> None:
        """Try passwords, links, tokens, forms and requests that are wrong, or unlucky."""
        known, cookies = self.known, dict(self.client.cookies)
        self.client.cookies.clear()
        page = self.ask("GET", "/owner/sign-in")
        token = TOKEN.search(page.text) if page is not None else None
        form = {"csrf_token": token[1]} if token else {}
        stranger = {"Cookie": ""}
        for password in ("wrong", known["password"]):
            fields = {**form, "name": "Jesse", "password": password}
            self.ask("POST", "/owner/sign-in", "password", data=fields)
            self.ask("POST", "/owner/sign-in", "no csrf", data=fields, headers=stranger)
        for name in ("a sign-in link", "another sign-in link"):
            path = f"/owner/sign-in/{known[name]}"
            self.ask("POST", path, "a link without its form", headers=stranger)
            self.ask("GET", f"{path}%00%ff", "a harmed link")
        self.client.cookies.set("linktrack", cookies["linktrack"], "127.0.0.1", "/owner")
        for name in ("a token", "another token"):
            bearer = {"Authorization": f"Bearer {known[name]}"}
            for path in ("/api/v1/accounts", "/api/v1/posts?limit=x", "/api/v1/nothing"):
                self.ask("GET", path, name, headers=bearer)
                self.ask("GET", path, name, headers={**bearer, "Authorization": f"{known[name]}!"})
            self.ask("POST", "/api/v1/wrap", name, headers=bearer, content=b'{"text": [')
            self.ask(
                "POST", "/api/v1/wrap", name,
                headers=bearer, json={"account": "@jesse@nowhere.invalid", "text": "http://a.example/"},
            )  # fmt: skip
            self.ask("GET", "/yourls-api.php", name, params={"signature": known[name]})
            self.ask("GET", "/rest/v3/short-urls", name, headers={"X-Api-Key": known[name]})
        for path in ("/owner/", "/owner/settings", "/owner/accounts/99999", f"/{code}", "/no-such"):
            self.ask("GET", path)
        self.ask("GET", f"/{code}", headers={"X-Forwarded-For": ADDRESSES["an IPv6 address"]})
        self.ask("GET", f"/shared/{known['a shared report']}x", "a shared report that is none")
        self.malformed()

    def malformed(self) -> None:
        """Send what is no request, with secrets in it."""
        token, cookie = self.known["a token"], self.known["a session"]
        for raw in (
            f"GET /owner/?t={token} HTTP/9.9\r\nHost: a\r\n\r\n",
            f"GET /owner/{token} HTTP/1.1\r\nAuthorization Bearer {token}\r\n\r\n",
            f"{token} / HTTP/1.1\r\nHost: a\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: a\r\nCookie: linktrack={cookie}\r\nContent-Length: x\r\n\r\n",
            (
                f"POST /api/v1/wrap HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
                "Transfer-Encoding: chunked\r\n\r\nZZ\r\n"
            ),
            (
                f"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {ADDRESSES['an address']}\r\n"
                f"Cookie: {'a' * 70_000}{cookie}\r\n\r\n"
            ),
        ):
            with (
                suppress(OSError),
                socket.create_connection(("127.0.0.1", self.server.port), timeout=3) as sent,
            ):
                sent.sendall(raw.encode())
                self.bodies[f"malformed {raw[:12]} {len(self.bodies)}"] = sent.recv(65_536)


def kill_a_worker(server: Server) -> None:
    """End one with -9, and wait until the service answers."""
    family = psutil.Process(server.process.pid).children(recursive=True)
    workers = [one for one in family if "--follow" not in one.cmdline()]
    workers[-1].kill()

    def answers() -> bool:
        try:
            return server.request("/healthz")[0] == 200
        except OSError:
            return False

    wait_until(answers, 30, why="others answer")


@contextmanager
def unwritable(journals: Path) -> Iterator[None]:
    """Put a file where the folder of journals was."""
    away = journals.with_name("journals-away")
    journals.rename(away)
    journals.write_text("")
    yield
    journals.unlink()
    away.rename(journals)


def deliveries_failed(url: str) -> Callable[[], bool]:
    """Whether all three ways of telling somebody have failed once."""
    query = "SELECT count(*) FROM webhook_deliveries WHERE attempts > 0"

    def failed() -> bool:
        if url.startswith("sqlite"):
            connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)
            (number,) = connection.execute(query).fetchone()
            connection.close()
        else:
            with psycopg.connect(url) as other:
                (number,) = other.execute(query).fetchone() or (0,)
        return int(number) >= 3

    return failed


@pytest.mark.slow
def test_after_every_failure_no_secret_stands_in_what_the_service_wrote(
    database_url: str, tmp_path: Path, receiver: Receiver
) -> None:
    """Neither plain, nor hashed, nor encoded; and no line of the log is long."""
    url, data, mail = database_url, tmp_path / "data", free_port()
    if not url.startswith("sqlite"):  # this server asks for none, and takes any
        with_password = make_url(url).set(password=OF_SETTINGS["database"])
        url = with_password.render_as_string(hide_password=False)
    environ = environment(
        data,
        url,
        LINKTRACK_SMTP_URL=f"smtp://me:{OF_SETTINGS['mail']}@127.0.0.1:{mail}",
        LINKTRACK_SMTP_PASSWORD=OF_SETTINGS["mail"],
        LINKTRACK_MAIL_TO="me@example.org",
        LINKTRACK_OIDC_ISSUER="http://127.0.0.1:9",
        LINKTRACK_OIDC_CLIENT_ID="linktrack",
        LINKTRACK_OIDC_CLIENT_SECRET=OF_SETTINGS["provider"],
        LINKTRACK_OIDC_OWNERS="owners",
        LINKTRACK_WEBHOOK_NETWORKS="127.0.0.0/8",
        LINKTRACK_DOORS="yourls, shlink, kutt, dub",
    )
    receiver.status = 500
    with World.at(data, url) as world:
        known = put_in(world, receiver.url, LOOPBACK, now())
        account = world.account("@JessesLinks")
        code = world.post(account, "Read http://example.com/one").links[0].code or ""
    with serving(environ, tmp_path / "log") as server:
        arguments = Arguments(server)
        arguments.start()
        stranger = Stranger(server, known)
        known["a session"] = stranger.sign_in()
        stranger.fail(code)
        with renamed(url, "tokens", "owner_sessions", "sign_in_links"):
            stranger.fail(code)
        with held(url, server):
            stranger.fail(code)
        with unwritable(data / "journals"):
            for _ in range(10):
                stranger.ask("GET", f"/{code}", headers={"User-Agent": BROWSER["User_Agent"]})
                time.sleep(0.15)  # the folder is looked at once a second
        kill_a_worker(server)
        stranger.fail(code)
        wait_until(deliveries_failed(url), 150, why="a webhook, Apprise and email have failed")
        said = {}
        for line in COMMANDS:
            done = command(environ, *line.split())
            said[f"linktrack {line}"] = (done.stdout + done.stderr).encode()
        backup, export = tmp_path / "backup.tar.gz", tmp_path / "all.zip"
        assert command(environ, "backup", str(backup)).returncode == 0
        assert command(environ, "export", "all", "--output", str(export)).returncode == 0
        arguments.ended.set()
        arguments.join()
        stranger.client.close()
        server.stop()
    with tarfile.open(backup) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        said["the backup's manifest"] = manifest.read()
    with zipfile.ZipFile(export) as archive:
        said |= {f"export: {name}": archive.read(name) for name in archive.namelist()}
    log = (tmp_path / "log").read_bytes()
    written = {
        **stranger.bodies,
        **said,
        **files_of(data),
        "the log": log,
        "ps": "\n".join(arguments.seen).encode(),
    }
    assert {401, 403, 404, 400, 500, 503} <= stranger.statuses
    assert b"gone" not in b"".join(stranger.bodies.values())
    assert len(arguments.seen) >= 3, "the service, its loader, and Apprise's process"
    assert b"A wrong question of ours" in log
    found = found_in(known, written)
    exported = {(name, where) for name, where in found if where.startswith("export: tables/")}
    # Who sends a token as a request's method is told so by gunicorn, in the answer to themselves.
    echoed = {pair for pair in found if pair[1].startswith("malformed lt_")}
    assert found == exported | echoed
    # An export restores an equal installation: what is hashed or sealed in its tables is in it.
    assert {where.split("/")[1].removesuffix(".ndjson") for _, where in exported} <= OF_ACCESS
    plain = {name: secret for name, secret in known.items() if name not in STORED}
    tables = [content for where, content in written.items() if where.startswith("export: ")]
    assert [name for name, secret in plain.items() if secret.encode() in b"".join(tables)] == []
    assert max(map(len, log.splitlines())) < LINE


def test_what_is_looked_for_would_be_found() -> None:
    """Each form of a secret."""
    known = {"one": "a b/c?d"}
    assert len(list(needles(known))) == 5
    for _, form in needles(known):
        assert found_in(known, {"here": b"said " + form}) == {("one", "here")}
