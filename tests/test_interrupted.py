"""Imports, restores, upgrades and rebuilds killed at some step, then run again: one end."""

import json
import os
import shutil
import signal
import sqlite3
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clicking import FIREFOX, records_of
from databases import Maker
from servers import command, environment
from sqlalchemy import Engine, create_engine, delete, event, inspect, select, update
from sqlalchemy.pool import Pool
from world import NOON, World

from linktrack.clicks.models import first_clicks, link_days, post_segments
from linktrack.portability.export.visitor_keys import import_key
from linktrack.tables import METADATA

FIXTURES = Path(__file__).parent / "fixtures"
CHANGES = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "COPY")
FILES = {"os.rename", "os.remove", "os.mkdir", "sqlite3.connect"}
SAID = "audit_entries"
"""What was done, as people read it: a command that ran twice may stand there twice, or once."""
KILLS = 6
LINES = 1_100

Environ = Mapping[str, str]
Prepare = Callable[[Path, str], None]


class Steps:
    """Names the steps of a command as they come, and kills this process at number `fatal`."""

    def __init__(self, folder: Path, fatal: int | None) -> None:
        self.names: list[str] = []
        self._folder = str(folder)
        self._fatal = fatal
        sys.addaudithook(self._audit)
        event.listen(Engine, "before_cursor_execute", self._statement)
        event.listen(Engine, "commit", lambda _connection: self._step("commit"))
        event.listen(Pool, "checkin", lambda _one, _entry: self._step("committed"))

    def _step(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def _statement(self, *about: object) -> None:
        if str(about[2]).lstrip().startswith(CHANGES):
            self._step(str(about[2])[:40])

    def _audit(self, what: str, arguments: tuple[object, ...]) -> None:
        if what in FILES and str(arguments[0]).startswith(self._folder):
            self._step(what)


def in_a_fork(environ: Environ, arguments: Sequence[str], fatal: int | None) -> list[str]:
    """Run a command in a process of its own, killed at step `fatal`; else return its steps."""
    data = Path(environ["LINKTRACK_DATA"])
    said = data.parent / "steps.json"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            steps = Steps(data, fatal)
            done = command(environ, *arguments)
            said.write_text(json.dumps([done.returncode, done.stderr, steps.names]))
            status = 0
        finally:
            os._exit(status)
    ended = os.waitpid(child, 0)[1]
    if fatal is not None:
        assert os.WIFSIGNALED(ended), "it ended before it was killed"
        assert os.WTERMSIG(ended) == signal.SIGKILL
        return []
    assert ended == 0, "the process failed"
    returned, complaint, names = json.loads(said.read_text())
    assert returned == 0, complaint
    return list(names)


def state(environ: Environ) -> dict[str, list[str]]:
    """Return every row, without the numbers that a database gives, and the data folder's files.

    PostgreSQL gives no number twice, so there numbers are left out; times of this hour are one.
    """
    found: dict[str, list[str]] = {}
    engine = create_engine(environ["LINKTRACK_DATABASE"])
    numbered = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        known = inspect(connection)
        there = set(known.get_table_names())
        for table in METADATA.sorted_tables:
            if table.name == SAID or table.name not in there:
                continue
            names = {column["name"] for column in known.get_columns(table.name)}
            columns = [
                column
                for column in table.columns
                if column.name in names
                and (numbered or not (column.primary_key or column.foreign_keys))
            ]
            rows = connection.execute(select(*columns)) if columns else ()
            found[table.name] = sorted(repr(tuple(map(_told, row))) for row in rows)
    engine.dispose()
    data = Path(environ["LINKTRACK_DATA"])
    for name in ("keys.json", "settings.env"):
        path = data / name
        found[name] = [path.read_text()] if path.exists() else []
    return found


def _told(value: object) -> object:
    hour = timedelta(hours=1)
    if isinstance(value, datetime) and abs(value.astimezone(UTC) - datetime.now(UTC)) < hour:
        return "now"
    if isinstance(value, int) and abs(value / 1000 - datetime.now(UTC).timestamp()) < 3600:
        return "now"
    return value


class Places:
    """Makes one installation after the other, all of them as `prepare` makes the first."""

    def __init__(self, folder: Path, maker: Maker | None, prepare: Prepare) -> None:
        self._folder, self._maker, self._prepare = folder, maker, prepare
        self._number = 0

    @contextmanager
    def one(self) -> Iterator[Environ]:
        """Lend a place; the keys are the same in all."""
        self._number += 1
        first, data = self._folder / "1" / "data", self._folder / str(self._number) / "data"
        data.mkdir(parents=True)
        if self._maker is not None:
            with self._maker.lend() as url:
                if self._number > 1 and (first / "keys.json").exists():
                    shutil.copy(first / "keys.json", data)
                self._prepare(data, url)
                yield environment(data, url)
            return
        start = self._folder / "start"
        if not start.exists():
            start.mkdir()
            self._prepare(start, f"sqlite:///{start}/linktrack.db")
        shutil.copytree(start, data, dirs_exist_ok=True)
        yield environment(data, f"sqlite:///{data}/linktrack.db")


def chosen(names: Sequence[str], most: int) -> list[int]:
    """Return the numbers of some steps: the first, the last, between, and around commits."""
    places = range(1, len(names) + 1)
    marked = [place for place in places if names[place - 1] in FILES | {"commit", "committed"}]
    return sorted({*_spread(places, most - most // 2), *_spread(marked, most // 2)})


def _spread(places: Sequence[int], most: int) -> list[int]:
    if len(places) <= most:
        return list(places)
    return [places[number * (len(places) - 1) // (most - 1)] for number in range(most)]


def check(places: Places, arguments: Sequence[str], most: int = KILLS) -> None:
    """Kill a command at some of its steps, run it again, and compare with an undisturbed run."""
    with places.one() as environ:
        before = state(environ)
        names = in_a_fork(environ, arguments, None)
        undisturbed = state(environ)
        did = [name for name, rows in undisturbed.items() if rows != before.get(name)]
        assert did, "the command did nothing"
    assert len(names) > 4, names
    for number in chosen(names, most):
        with places.one() as environ:
            in_a_fork(environ, arguments, number)
            done = command(environ, *arguments)
            assert done.returncode == 0, done.stderr
            after = state(environ)
            wrong = [name for name in undisturbed if after[name] != undisturbed[name]]
            assert not wrong, f"killed at step {number} of {len(names)}, {names[number - 1]}"


@pytest.fixture(params=["sqlite", "postgresql"])
def maker(request: pytest.FixtureRequest) -> Maker | None:
    """What makes PostgreSQL databases, or None for files."""
    if request.param == "sqlite":
        return None
    made: Maker = request.getfixturevalue("postgresql_databases")
    return made


def an_account(data: Path, url: str) -> None:
    """An installation with one account."""
    environ = environment(data, url)
    assert command(environ, "account", "add", "@JessesLinks", "--network", "x").returncode == 0


def a_list_of_links(folder: Path) -> Path:
    path = folder / "links.csv"
    lines = [f"code{n},https://example.org/{n},2024-05-04 12:00:00,{n}" for n in range(LINES)]
    path.write_text("\n".join(["keyword,url,timestamp,clicks", *lines]) + "\n")
    return path


@pytest.mark.slow
def test_an_import_of_links_that_is_killed_is_run_again(
    tmp_path: Path, maker: Maker | None
) -> None:
    """Each link is there once, with its code."""
    path = a_list_of_links(tmp_path)
    places = Places(tmp_path, maker, an_account)
    check(places, ["import", "links", "csv", str(path), "--account", "@JessesLinks"])


@pytest.mark.slow
def test_an_import_of_clicks_that_is_killed_is_run_again(tmp_path: Path) -> None:
    """Each click is stored and counted once."""
    links = a_list_of_links(tmp_path)
    path = tmp_path / "access.log"
    path.write_text(
        "".join(
            f'192.0.2.{n % 250} - - [04/May/2024:12:{n % 60:02}:00 +0000] "GET /code{n % 50} '
            'HTTP/1.1" 301 0 "https://t.co/" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) '
            'Gecko/20100101 Firefox/128.0"\n'
            for n in range(5_500)
        )
    )

    def prepare(data: Path, url: str) -> None:
        an_account(data, url)
        import_key(data, 1)
        environ = environment(data, url)
        done = command(environ, "import", "links", "csv", str(links), "--account", "@JessesLinks")
        assert done.returncode == 0, done.stderr

    places = Places(tmp_path, None, prepare)
    arguments = ["import", "clicks", "combined-log", str(path), "--account", "@JessesLinks"]
    check(places, arguments)


@pytest.mark.slow
def test_an_import_of_an_archive_that_is_killed_is_run_again(tmp_path: Path) -> None:
    """Its posts and its followers, all of them or none."""
    posts = [
        {
            "tweet": {
                "id_str": str(n),
                "full_text": f"See https://t.co/{n:010d}",
                "created_at": "Wed Oct 10 20:19:24 +0000 2018",
                "entities": {
                    "urls": [
                        {
                            "url": f"https://t.co/{n:010d}",
                            "expanded_url": f"https://a.org/{n}",
                            "indices": ["4", "27"],
                        }
                    ]
                },
            }
        }
        for n in range(1, 600)
    ]
    people = [{"follower": {"accountId": str(n)}} for n in range(1, 3_000)]
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, rows in (("tweets", posts), ("follower", people)):
            made.writestr(f"data/{name}.js", f"window.YTD.{name}.part0 = {json.dumps(rows)}")
    places = Places(tmp_path, None, an_account)
    check(places, ["archive", "import", "@JessesLinks", str(path)])


@pytest.mark.slow
def test_an_import_of_followers_that_is_killed_is_run_again(tmp_path: Path) -> None:
    """The list is whole, and there once."""
    path = tmp_path / "list.csv"
    path.write_text("account_id\n" + "".join(f"{number}\n" for number in range(1, 5_000)))
    places = Places(tmp_path, None, an_account)
    check(places, ["followers", "import", "@JessesLinks", str(path)])


@pytest.mark.slow
def test_a_restore_that_is_killed_is_run_again(tmp_path: Path, maker: Maker | None) -> None:
    """Database, keys and settings are those of the backup."""
    path, whole = tmp_path / "a.tar.gz", tmp_path / "whole"
    whole.mkdir()
    links = a_list_of_links(tmp_path)

    def fill(data: Path, url: str) -> None:
        an_account(data, url)
        environ = environment(data, url)
        for arguments in (
            ("import", "links", "csv", str(links), "--account", "@JessesLinks"),
            ("backup", str(path)),
        ):
            done = command(environ, *arguments)
            assert done.returncode == 0, done.stderr

    with Places(whole, maker, fill).one():
        pass
    check(Places(tmp_path, maker, lambda _data, _url: None), ["restore", str(path)])


@pytest.mark.slow
def test_an_upgrade_that_is_killed_is_run_again(tmp_path: Path) -> None:
    """From the first release: tables and figures are those of an upgrade that nobody disturbed."""
    keys = json.loads((FIXTURES / "0.1.0.json").read_text())["keys"]

    def prepare(data: Path, url: str) -> None:
        (data / "keys.json").write_text(json.dumps(keys))
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript((FIXTURES / "0.1.0.sqlite.sql").read_text())

    check(Places(tmp_path, None, prepare), ["upgrade"])


@pytest.mark.slow
def test_a_rebuild_that_is_killed_is_run_again(tmp_path: Path) -> None:
    """Counts that were wrong are right."""

    def prepare(data: Path, url: str) -> None:
        an_account(data, url)
        with World.at(data, url) as world:
            account = world.account("@another")
            post = world.post(account, "One https://d.org/ two https://e.org/", NOON)
            links = [link.id for link in post.links]
            drawn = [(n % 900, n % 2, 0, n % 50, FIREFOX, "//t.co", 0) for n in range(1_500)]
            world.click(records_of(drawn, links))
            with world.database.engine.begin() as connection:
                connection.execute(
                    update(post_segments).values(clicks_1h=post_segments.c.clicks_1h + 3)
                )
                connection.execute(delete(link_days).where(link_days.c.link_id == links[0]))
                connection.execute(delete(first_clicks))

    check(Places(tmp_path, None, prepare), ["rebuild"])
