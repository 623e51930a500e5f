"""Backup and restore: every link answers elsewhere, and no click is there twice."""

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
import tempfile
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from databases import Maker
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import Server, answer, command, environment, serving
from waiting import wait_until
from world import NOON, World

from linktrack.clicks.capture.journal import Journal
from linktrack.clicks.records import ClickRecord, encode
from linktrack.errors import Conflict, Invalid
from linktrack.ids import LinkId
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.links.redirects.lookup import find_target
from linktrack.upkeep.archive import read_archive
from linktrack.upkeep.backup import back_up
from linktrack.upkeep.restore import restore

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def second_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """Another database of the same kind, elsewhere: on PostgreSQL with tables, on SQLite a name."""
    if database_url.startswith("sqlite"):
        return database_url.replace(".db", "-elsewhere.db")
    make: Maker = request.getfixturevalue("postgresql_databases")
    return make()


@pytest.fixture(scope="module")
def backup_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole backup, in a folder where it may be damaged."""
    folder = tmp_path_factory.mktemp("damaged")
    with World.at(folder / "here", f"sqlite:///{folder}/here/l.db") as world:
        world.database.migrate()
        world.post(world.account(), "Read https://example.com/one")
        back_up(installation_of(world), folder / "b.tar.gz", {}, NOON)
    return folder / "b.tar.gz"


@dataclass
class Load:
    """Readers who click while a service is backed up; `answered` counts redirects by path."""

    server: Server
    paths: list[str]
    answered: int = 0
    stop: bool = False

    def run(self) -> None:
        place = 0
        while not self.stop:
            with suppress(OSError):
                path = self.paths[place % len(self.paths)]
                self.answered += self.server.request(path, User_Agent=BROWSER)[0] == 302
            place += 1


@pytest.mark.slow
def test_a_backup_under_load_restores_every_link_and_no_click_twice(
    database_url: str, second_url: str, tmp_path: Path
) -> None:
    """The data folder is deleted; elsewhere all links and versions answer, and counts agree."""
    environ = environment(tmp_path / "here", database_url, LINKTRACK_TIMEZONE="Europe/Berlin")
    command(environ, "account", "add", "@me", "--network", "x", "--followers", "1000")
    command(environ, "segment", "add", "@me", "friends", "--size", "20")
    text = " ".join(f"http://example.com/{number}" for number in range(20))
    post = answer(environ, "wrap", "@me", text, "--segment", "friends")
    codes = [link["code"] for link in (*post["links"], *post["versions"][0]["links"])]
    backup = tmp_path / "backup.tar.gz"
    with serving(environ, tmp_path / "log") as server:
        load = Load(server, [f"/{code}" for code in codes])
        thread = threading.Thread(target=load.run)
        thread.start()
        wait_until(lambda: load.answered >= 200, 60)
        before = load.answered
        assert command(environ, "backup", str(backup)).returncode == 0
        after = load.answered
        load.stop = True
        thread.join()
        server.kill_all()
    assert oct(backup.stat().st_mode)[-3:] == "600"
    shutil.rmtree(tmp_path / "here")

    elsewhere = environment(tmp_path / "there", second_url)
    done = command(elsewhere, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert "LINKTRACK_TIMEZONE=Europe/Berlin" in done.stdout
    restored = answer(elsewhere, "status")
    assert restored["links"] == 20
    assert oct((tmp_path / "there").stat().st_mode)[-3:] == "700"
    assert restored["bytes_to_load"] == 0
    # Two more: a click is written down before its answer is read.
    assert before <= restored["clicks"] <= after + 2
    assert command(elsewhere, "rebuild").returncode == 0
    (line,) = answer(elsewhere, "report", "cpf", "@me")["posts"]
    assert line["clicks"] == restored["clicks"]
    assert answer(elsewhere, "load")["clicks"] == 0
    log = tmp_path / "log2"
    with serving(elsewhere, log) as server:
        for code, link in zip(codes, (*post["links"], *post["links"]), strict=True):
            status, headers, _ = server.request(f"/{code}", User_Agent=BROWSER)
            assert (status, headers["Location"]) == (302, link["destination"])
    answer(elsewhere, "load")  # a loader that was stopped while it started has left them
    assert answer(elsewhere, "status")["clicks"] == restored["clicks"] + len(codes), log.read_text()


def clicks_of(world: World, link_id: LinkId, count: int, start: int) -> list[ClickRecord]:
    return [
        ClickRecord(
            clicked_at=int((NOON + timedelta(minutes=start + number)).timestamp() * 1000),
            link_id=link_id,
            user_agent=BROWSER,
            referrer=None,
            visitor=start + number,
            flags=0,
            segment_id=None,
            follower_id=None,
            attribution=None,
        )
        for number in range(count)
    ]


def installation_of(world: World) -> Installation:
    keys = load_keys(world.settings.data)
    return Installation(world.settings, keys, world.database, world.shortener)


def stored(world: World) -> int:
    from sqlalchemy import func, select

    from linktrack.clicks.models import clicks

    with world.database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(clicks)) or 0


def test_journals_kept_after_the_backup_are_replayed_once(
    world: World, second_url: str, tmp_path: Path
) -> None:
    """A backup of yesterday and the journals of today make today's counts."""
    account = world.account()
    link = world.post(account, "Read https://example.com/one").links[0]
    journal = Journal(world.settings.journals)
    for record in clicks_of(world, link.id, 10, 0):
        journal.append(encode(record))
    world.loader().load()
    for record in clicks_of(world, link.id, 5, 10):  # written, not loaded
        journal.append(encode(record))
    made = back_up(installation_of(world), tmp_path / "b.tar.gz", {}, NOON)
    assert made.journals == 1
    for record in clicks_of(world, link.id, 7, 15):  # after the backup
        journal.append(encode(record))
    journal.close()
    world.loader().load()
    assert stored(world) == 22

    there = tmp_path / "there"
    (there / "journals").mkdir(parents=True)
    for path in world.settings.journals.glob("*.journal"):
        shutil.copy(path, there / "journals")
    with World.at(there, second_url) as second:
        restore(second.settings, tmp_path / "b.tar.gz", {})
        assert stored(second) == 10
        second.loader().load()
        assert stored(second) == 22
        second.loader().load()
        assert stored(second) == 22


def test_a_backup_has_no_visitor_key_and_the_keys_of_codes(
    sqlite_world: World, tmp_path: Path
) -> None:
    """What makes versions answer is in it; who a visitor was, and passwords, are not."""
    keys = sqlite_world.settings.data / "visitor_keys"
    keys.mkdir()
    (keys / "month-2026-05-01.key").write_bytes(b"secret")
    back_up(
        installation_of(sqlite_world),
        tmp_path / "b.tar.gz",
        {
            "LINKTRACK_TIMEZONE": "Europe/Berlin",
            "LINKTRACK_DATABASE": "sqlite:///x",
            "LINKTRACK_CLICKS": "clickhouse://me:geheim@ch.example.org/links",
            "LINKTRACK_SMTP_URL": "smtps://me:geh:ei/m@mail.example.org:465",
            "LINKTRACK_SMTP_PASSWORD": "geheim",
            "LINKTRACK_OIDC_CLIENT_SECRET": "geheim",
            "HOME": "/",
        },
        NOON,
    )
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        names = archive.getnames()
        file = archive.extractfile("manifest.json")
        assert file is not None
        manifest = json.load(file)
    assert names == ["manifest.json", "database.sqlite", "keys.json"]
    assert manifest["settings"] == {
        "LINKTRACK_TIMEZONE": "Europe/Berlin",
        "LINKTRACK_SMTP_URL": "smtps://me@mail.example.org:465",
    }
    assert list(tmp_path.glob(".b.tar.gz*")) == []


def test_numbers_go_on_after_a_restore(world: World, second_url: str, tmp_path: Path) -> None:
    """A link made after the restore gets a number of its own, on either database."""
    account = world.account()
    old = world.post(account, "Read https://example.com/one").links[0]
    back_up(installation_of(world), tmp_path / "b.tar.gz", {}, NOON)
    with World.at(tmp_path / "there", second_url) as second:
        restore(second.settings, tmp_path / "b.tar.gz", {})
        from linktrack.audience.accounts import find_account

        again = find_account(second.session, "@JessesLinks")
        new = second.post(again, "And https://example.com/two").links[0]
        assert new.id > old.id
        codes = installation_of(second).shortener.codes
        assert find_target(second.database.engine, codes, str(old.code)) is not None


def test_a_restore_that_is_run_again_takes_nothing_back(
    tmp_path: Path, sqlite_databases: Maker
) -> None:
    """Right after the first it ends the same; once something was done since, it is refused."""
    first = environment(tmp_path / "first", sqlite_databases())
    second = environment(tmp_path / "second", f"sqlite:///{tmp_path}/second.db")
    backup = str(tmp_path / "b.tar.gz")
    for arguments in (
        ("account", "add", "@J", "--network", "x"),
        ("link", "add", "@J", "https://a.org/"),
        ("backup", backup),
    ):
        assert command(first, *arguments).returncode == 0, arguments
    for _ in range(2):
        done = command(second, "restore", backup)
        assert (done.returncode, "1 links" in done.stdout) == (0, True), done.stderr
    assert command(second, "account", "add", "@K", "--network", "x").returncode == 0
    refused = command(second, "restore", backup)
    assert "There are links in this database" in refused.stderr
    assert "@K" in command(second, "account", "list").stdout


def test_a_restore_replaces_no_links(world: World, tmp_path: Path) -> None:
    """Where links are, nothing is restored, and nothing is changed."""
    world.post(world.account(), "Read https://example.com/one")
    back_up(installation_of(world), tmp_path / "b.tar.gz", {}, NOON)
    keys = (world.settings.data / "keys.json").read_bytes()
    with pytest.raises(Conflict, match="There are links"):
        restore(world.settings, tmp_path / "b.tar.gz", {})
    assert (world.settings.data / "keys.json").read_bytes() == keys
    assert list(world.settings.data.glob(".restore*")) == []


def archive_of(path: Path, *members: tuple[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


MANIFEST = {
    "format": 1,
    "linktrack": "0.1.0",
    "made_at": "2026-05-04T12:00:00+00:00",
    "kind": "sqlite",
    "revision": "0001",
    "settings": {},
    "tables": {},
    "sequences": {},
}


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ([], "isn't a backup"),
        ([("keys.json", b"{}")], "isn't a backup"),
        ([("manifest.json", b"{")], "damaged"),
        ([("manifest.json", b"{}")], "damaged"),
        ([("manifest.json", json.dumps(MANIFEST | {"format": 9}).encode())], "format"),
        ([("manifest.json", json.dumps(MANIFEST | {"revision": "9999"}).encode())], "newer"),
        ([("manifest.json", json.dumps(MANIFEST).encode())], "missing"),
        (
            [("manifest.json", json.dumps(MANIFEST).encode()), ("../evil", b"x")],
            "isn't a backup",
        ),
        (
            [("manifest.json", json.dumps(MANIFEST).encode()), ("journals/../x.journal", b"x")],
            "isn't a backup",
        ),
        (
            [
                ("manifest.json", json.dumps(MANIFEST | {"kind": "postgresql"}).encode()),
                ("keys.json", b"{}"),
            ],
            "of a postgresql database",
        ),
    ],
)
def test_what_is_no_backup_is_refused_and_changes_nothing(
    tmp_path: Path, members: list[tuple[str, bytes]], sentence: str
) -> None:
    """One sentence; no file is written, least of all outside of the folder."""
    file = archive_of(tmp_path / "b.tar.gz", *members)
    with World.at(tmp_path / "there", f"sqlite:///{tmp_path}/there/l.db") as world:
        before = sorted(path.name for path in tmp_path.rglob("*"))
        with pytest.raises((Invalid, Conflict), match=sentence):
            restore(world.settings, file, {})
        after = sorted(
            path.name for path in tmp_path.rglob("*") if not path.name.startswith("l.db")
        )
    assert after == before


def test_a_backup_cut_short_is_refused(sqlite_world: World, tmp_path: Path) -> None:
    """A download that broke off restores nothing."""
    sqlite_world.post(sqlite_world.account(), "Read https://example.com/one")
    back_up(installation_of(sqlite_world), tmp_path / "b.tar.gz", {}, NOON)
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "short.tar.gz").write_bytes(whole[: len(whole) // 2])
    with (
        World.at(tmp_path / "there", f"sqlite:///{tmp_path}/there/l.db") as world,
        pytest.raises(Invalid, match="damaged"),
    ):
        restore(world.settings, tmp_path / "short.tar.gz", {})


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_a_backup_with_one_bit_flipped_is_refused_or_restores_the_same(
    backup_file: Path, place: int, bit: int
) -> None:
    """Wherever the bit is: only bits of the compression that say nothing pass."""
    whole, tmp_path = backup_file.read_bytes(), backup_file.parent
    place %= len(whole)
    changed = bytearray(whole)
    changed[place] ^= 1 << bit
    file = tmp_path / "flipped.tar.gz"
    file.write_bytes(changed)
    try:
        found = files_of(file)
    except Invalid:
        return
    assert found == files_of(backup_file)


def files_of(backup: Path) -> dict[str, bytes]:
    """Return what a backup unpacks to."""
    with tempfile.TemporaryDirectory() as folder:
        read_archive(backup, Path(folder))
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("cut", [1, 4, 8, 100])
def test_a_backup_without_its_last_bytes_is_refused(backup_file: Path, cut: int) -> None:
    """The last eight are the checksum: without them nobody knows whether it is whole."""
    whole, tmp_path = backup_file.read_bytes(), backup_file.parent
    (tmp_path / "cut.tar.gz").write_bytes(whole[:-cut])
    (tmp_path / "folder").mkdir(exist_ok=True)
    with pytest.raises(Invalid, match="damaged"):
        read_archive(tmp_path / "cut.tar.gz", tmp_path / "folder")
    shutil.rmtree(tmp_path / "folder")


def test_a_backup_whose_files_are_not_those_of_its_manifest_is_refused(tmp_path: Path) -> None:
    """Changed, missing or added: each is named, and nothing is restored."""
    listed = {"keys.json": (2, hashlib.sha256(b"{}").hexdigest())}
    manifest = json.dumps(MANIFEST | {"format": 2, "files": listed}).encode()
    added = ("journals/a-b.journal", b"x")
    for members, named in (
        ([("keys.json", b"[]")], "keys.json is not what was backed up"),
        ([], "keys.json is missing"),
        ([("keys.json", b"{}"), added], "a-b.journal is not what was backed up"),
    ):
        file = archive_of(tmp_path / "b.tar.gz", ("manifest.json", manifest), *members)
        with tempfile.TemporaryDirectory() as folder, pytest.raises(Invalid, match=named):
            read_archive(file, Path(folder))


def test_a_damaged_database_is_named_by_backup_and_doctor(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """A page of rubbish in the middle: a sentence, no traceback, and no backup of it."""
    url = sqlite_databases()
    environ = environment(tmp_path / "data", url)
    command(environ, "account", "add", "@me", "--network", "x", "--followers", "1000")
    file = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'audit_entries'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as damaged_file:
        damaged_file.seek((root - 1) * size)
        damaged_file.write(b"\xff" * size)
    done = command(environ, "backup", str(tmp_path / "b.tar.gz"))
    assert done.returncode == 1
    assert "The database is damaged" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "b.tar.gz").exists()
    looked = command(environ, "doctor")
    assert "it is damaged" in looked.stdout
    assert "restore the last backup" in looked.stdout


def test_a_place_that_cannot_be_written_is_one_sentence(
    sqlite_databases: Maker, tmp_path: Path
) -> None:
    """By command: status 1, one line."""
    environ = environment(tmp_path / "data", sqlite_databases())
    done = command(environ, "backup", str(tmp_path / "missing" / "b.tar.gz"))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
