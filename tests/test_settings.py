"""Settings are taken as people write them, and a wrong one says what is wrong with it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from click.testing import CliRunner
from databases import Maker
from sqlalchemy import text
from sqlalchemy.engine import make_url
from waiting import wait_until

from linktrack.cli import main
from linktrack.clicks.capture.visitors import client_address
from linktrack.db import Database, writing
from linktrack.errors import Invalid
from linktrack.settings import load_settings


def run(data: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """Run a command on a data folder: its exit status, and what it says."""
    monkeypatch.setenv("LINKTRACK_DATA", str(data))
    monkeypatch.delenv("LINKTRACK_DATABASE", raising=False)
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


@pytest.mark.parametrize("name", ["50%", "a?b=c", "two words", "%20", "#1", "a:b@c", "ö"])
def test_a_data_folder_may_be_called_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The database lies in that folder, and nowhere else."""
    data = tmp_path / name
    assert run(data, monkeypatch, "account", "add", "@a", "--network", "x")[0] == 0
    status, said = run(data, monkeypatch, "account", "list")
    assert (status, "@a" in said) == (0, True)
    assert (data / "linktrack.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("account", "list"),
        ("report", "cpf", "@a"),
        ("export", "clicks"),
        ("rebuild",),
        ("load",),
        ("sync",),
        ("reclassify",),
        ("post", "queue"),
        ("backup", "x.zip"),
    ],
)
def test_a_command_that_reads_makes_no_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """It says that there is none and how to name one, and leaves the folder as it was."""
    monkeypatch.chdir(tmp_path)
    status, said = run(tmp_path / "data", monkeypatch, *arguments)
    assert status == 1
    assert "There is no linktrack in" in said
    assert "LINKTRACK_DATA" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("LINKTRACK_BASE_URL", '"https://go.example.org"'),
        ("LINKTRACK_DATA", "'/srv/linktrack'"),
        ("LINKTRACK_TIMEZONE", "`UTC`"),
        ("LINKTRACK_DATABASE", '"postgresql://user:secret@host/linktrack"'),
        ("LINKTRACK_CONTACT", "me@exa\tmple.org"),
        ("LINKTRACK_DATA", "/srv/link\x00track"),
    ],
)
def test_a_quoted_or_odd_value_names_itself(setting: str, value: str) -> None:
    """What an env file or a shell left around a value is said, and no password."""
    with pytest.raises(Invalid, match=setting) as caught:
        load_settings({setting: value})
    assert "leave" in caught.value.sentence
    assert "secret" not in caught.value.sentence


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://gö.example.org/", "https://xn--g-1ga.example.org"),
        ("http://例え.テスト:8080", "http://xn--r8jz45g.xn--zckzah:8080"),
        ("https://go.example.org", "https://go.example.org"),
    ],
)
def test_an_international_base_address_is_kept_as_it_is_sent(written: str, kept: str) -> None:
    """Links begin with the form that every program understands."""
    assert load_settings({"LINKTRACK_BASE_URL": written}).base_url == kept


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:p/w@host/db",
        "postgresql://u:secret@host:port/db",
        "postgresql://u:secret@[::1/db",
        "postgresql://u:secret@ho st/db",
        "sqlite:///",
        "sqlite:///:memory:",
        "mysql://u:secret@host/db",
        "linktrack.db",
    ],
)
def test_an_address_that_is_none_is_one_sentence(address: str) -> None:
    """It says how to write one, and does not repeat a password."""
    with pytest.raises(Invalid, match="LINKTRACK_DATABASE") as caught:
        load_settings({"LINKTRACK_DATABASE": address})
    assert "secret" not in caught.value.sentence


def test_an_option_that_there_is_none_of_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that only the database's driver knows to be wrong."""
    monkeypatch.setenv("LINKTRACK_DATA", str(tmp_path))
    monkeypatch.setenv("LINKTRACK_DATABASE", "postgresql://u@127.0.0.1/db?foo=bar")
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == 1
    assert "LINKTRACK_DATABASE" in result.stderr
    assert "foo" in result.stderr


def test_a_proxy_on_a_unix_socket_is_trusted_where_it_is_named() -> None:
    """Such a proxy has no address; loopback does not stand for it."""
    trusted = load_settings({"LINKTRACK_TRUSTED_PROXIES": "unix"}).trusted_proxies
    came = {"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    assert client_address(came, trusted) == "203.0.113.9"
    assert client_address(came, ()) == ""
    elsewhere = load_settings({"LINKTRACK_TRUSTED_PROXIES": "127.0.0.0/8"}).trusted_proxies
    assert client_address(came, elsewhere) == ""


def locks_wait(database: Database) -> str:
    """How long a transaction waits for a lock, as the server knows it."""
    with database.session() as session:
        return str(session.scalar(text("SHOW lock_timeout")))


def test_a_search_path_in_the_address_holds(tmp_path: Path, postgresql_databases: Maker) -> None:
    """All tables are made in the schema that the address names, and locks do not wait for ever."""
    address = make_url(postgresql_databases())
    with psycopg.connect(
        address.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as server:
        server.execute("CREATE SCHEMA short")
        server.execute("DROP SCHEMA public CASCADE")
    url = address.update_query_dict({"options": "-csearch_path=short"})
    environ = {
        "LINKTRACK_DATA": str(tmp_path),
        "LINKTRACK_DATABASE": url.render_as_string(hide_password=False).replace("+psycopg", ""),
    }
    database = Database(load_settings(environ))
    database.migrate()
    with database.session() as session:
        schemas = session.scalars(
            text("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'links'")
        ).all()
    assert (schemas, locks_wait(database)) == (["short"], "15s")
    database.close()


def answers(port: int) -> bool:
    """Whether something listens on this machine's port."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def pooler(postgresql_databases: Maker) -> Iterator[str]:
    """An address of a database behind pgbouncer, each transaction in whichever session is free."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not here: Debian's package pgbouncer")
    server = make_url(postgresql_databases())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    host = server.query.get("host") or server.host or "127.0.0.1"
    there = f"host={host} port={server.port or 5432} dbname={server.database}"
    there += f" user={server.username or os.environ.get('USER', 'postgres')}"
    there += f" password={server.password}" if server.password else ""
    # It refuses to run as root, and nobody else may look into the folders of the tests.
    with TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "users").write_text('"any" ""\n')
        (place / "bouncer.ini").write_text(
            f"[databases]\nlinktrack = {there}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nauth_type = any\nauth_file = {place}/users\n"
            "pool_mode = transaction\nunix_socket_dir =\ndefault_pool_size = 3\n"
        )
        command = [program, str(place / "bouncer.ini")]
        if os.geteuid() == 0:
            user = Path(str(host)).owner() if Path(str(host)).is_dir() else "nobody"
            for path in (place, *place.iterdir()):
                shutil.chown(path, user)
            command[1:1] = ["-u", user]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
            try:
                wait_until(lambda: answers(port))
                yield f"postgresql://any@127.0.0.1:{port}/linktrack"
            finally:
                running.terminate()


def test_a_pooler_of_transactions_works(tmp_path: Path, pooler: str) -> None:
    """Nothing is prepared in one session and wanted in another, and locks do not wait for ever."""
    environ = {"LINKTRACK_DATA": str(tmp_path / "data"), "LINKTRACK_DATABASE": pooler}
    database = Database(load_settings(environ))
    database.prepare()
    several = [database.session() for _ in range(3)]
    for _ in range(8):  # the driver prepares what it has sent five times
        for session in several:
            assert session.scalar(text("SELECT count(*) FROM links")) == 0
            session.rollback()
    with writing(database.engine) as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "15s"
    for session in several:
        session.close()
    database.close()
