"""Files made to do harm: archives, backups, exports and dumps, judged before they are unpacked."""

import gzip
import io
import json
import struct
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from servers import command, environment
from sqlalchemy import Engine, event
from world import NOON, World

from linktrack.errors import Invalid
from linktrack.links.cards.page_tags import tags_of
from linktrack.networks import archives
from linktrack.networks.archives import open_archive
from linktrack.portability.export.everything import export_all
from linktrack.portability.export.restore import import_all
from linktrack.portability.files.sql_tokens import Tokens
from linktrack.portability.files.tables import table_rows
from linktrack.upkeep.archive import Manifest, read_archive, write_archive

GIGABYTE = 1 << 30
UNPACKED = 1 << 25  # of it; making more takes longer than refusing it


def bomb(size: int) -> bytes:
    """Return a gzip member of so many zeros, made in little memory: about a thousandth of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    block = bytes(1 << 20)
    pieces = [packer.compress(block) for _ in range(size >> 20)]
    return b"".join([*pieces, packer.flush()])


def header(name: str, size: int, kind: bytes) -> bytes:
    """Return the block of 512 bytes that stands before a file of a tar."""
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_name_of_a_gigabyte_is_not_read(tmp_path: Path, kind: bytes) -> None:
    """It stands in front of a file, and was read whole: a megabyte of a compressed tar."""
    whole = gzip.compress(header("a", GIGABYTE, kind)) + bomb(UNPACKED)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(whole)
    begun = time.process_time()
    with pytest.raises(Invalid, match="damaged"), open_archive(path):
        pass
    with pytest.raises(Invalid, match=r"1,073,741,824 bytes"):
        read_archive(path, tmp_path)
    assert time.process_time() - begun < 3


def test_a_backup_that_unpacks_to_more_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    """Nor one that says more than there is room for; nor a manifest without end."""
    manifest = {
        "linktrack": "1", "made_at": "", "kind": "sqlite", "revision": "0001", "settings": {},
        "format": 2, "files": {"keys.json": [10, "a"]},
    }  # fmt: skip
    for listed, refused in (
        ({"keys.json": [10, "a"]}, "is not what was backed up"),
        ({"database.sqlite": [GIGABYTE, "a"]}, "is not what was backed up"),
        ({"keys.json": [GIGABYTE << 20, "a"]}, "make room first"),
    ):
        content = json.dumps({**manifest, "files": listed}).encode()
        path = tmp_path / "a.backup"
        path.write_bytes(
            gzip.compress(
                header("manifest.json", len(content), tarfile.REGTYPE)
                + content.ljust(-(-len(content) // 512) * 512, b"\0")
                + header("keys.json", GIGABYTE, tarfile.REGTYPE)
            )
            + bomb(UNPACKED)
        )
        folder = tmp_path / "unpacked"
        folder.mkdir(exist_ok=True)
        with pytest.raises(Invalid, match=refused):
            read_archive(path, folder)
        assert list(folder.iterdir()) == []
    path.write_bytes(
        gzip.compress(header("manifest.json", GIGABYTE, tarfile.REGTYPE)) + bomb(UNPACKED)
    )
    with pytest.raises(Invalid, match="manifest is too large"):
        read_archive(path, folder)


@pytest.mark.parametrize(
    "name", ["../keys.json", "/etc/passwd", "journals/../../a.journal", "tables/a.copy/b", "keys"]
)
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_backup_leads_nowhere_else(tmp_path: Path, name: str, kind: bytes) -> None:
    """Only names that a backup has, as plain files, and only those of its manifest."""
    manifest = json.dumps(
        {
            "linktrack": "1", "made_at": "", "kind": "sqlite", "revision": "0001", "settings": {},
            "format": 2, "files": {name: [0, "a"]},
        }
    ).encode()  # fmt: skip
    path, folder = tmp_path / "a.backup", tmp_path / "unpacked"
    folder.mkdir()
    with tarfile.open(path, "w:gz") as made:
        first = tarfile.TarInfo("manifest.json")
        first.size = len(manifest)
        made.addfile(first, io.BytesIO(manifest))
        other = tarfile.TarInfo(name)
        other.type, other.linkname = kind, "/etc/passwd"
        made.addfile(other)
    with pytest.raises(Invalid, match="isn't a backup"):
        read_archive(path, folder)
    assert list(folder.iterdir()) == []


def test_a_whole_backup_is_still_read(tmp_path: Path) -> None:
    """What was written is unpacked as it was."""
    folder, unpacked = tmp_path / "a", tmp_path / "b"
    (folder / "journals").mkdir(parents=True)
    unpacked.mkdir()
    (folder / "keys.json").write_text("{}")
    (folder / "journals" / f"{'a' * 36}.journal").write_text("b")
    write_archive(tmp_path / "c", folder, Manifest("1", "", "sqlite", "0001", {}))
    assert len(read_archive(tmp_path / "c", unpacked).files) == 2
    assert (unpacked / "journals" / f"{'a' * 36}.journal").read_text() == "b"


def test_an_archive_of_endless_files_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten million empty files take some megabytes, and gigabytes of memory to be listed."""
    monkeypatch.setattr(archives, "MOST_FILES", 1_000)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        for number in range(1_100):
            tar.addfile(tarfile.TarInfo(f"{number}"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for number in range(1_100):
            packed.writestr(f"{number}", "")
    for name in ("a.tar.gz", "a.zip"):
        with pytest.raises(Invalid, match="more than 1,000 files"), open_archive(tmp_path / name):
            pass


def exported(world: World, path: Path) -> dict[str, bytes]:
    """Export everything of an installation, and return what the file holds."""
    world.account()
    world.session.commit()
    export_all(world.database, path, NOON)
    with zipfile.ZipFile(path) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def test_an_export_made_to_do_harm_restores_nothing(world: World, tmp_path: Path) -> None:
    """A row without end, a file that is there twice, one that lies over another."""
    content = exported(world, tmp_path / "good.zip")
    table = "tables/accounts.ndjson"
    line = tmp_path / "line.zip"
    with zipfile.ZipFile(line, "w", zipfile.ZIP_DEFLATED) as made:
        for name, said in content.items():
            with made.open(name, "w", force_zip64=True) as entry:
                for _ in range(20 if name == table else 0):
                    entry.write(bytes(1 << 20))
                entry.write(said)
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as made:
        for name, said in content.items():
            made.writestr(name, said)
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr(table, b"")
    over = tmp_path / "over.zip"
    with zipfile.ZipFile(over, "w") as made:
        for name, said in content.items():
            made.writestr(name, said)
    whole = bytearray(over.read_bytes())
    second = whole.find(b"PK\x01\x02", whole.find(b"PK\x01\x02") + 4)
    whole[second + 42 : second + 46] = struct.pack("<I", 0)  # its content begins with the first's
    over.write_bytes(whole)
    world.session.close()
    data = tmp_path / "empty"
    with World.at(data, f"sqlite:///{data}/linktrack.db") as empty:
        empty.database.migrate()
        for path, why in ((line, "larger than"), (twice, "twice"), (over, "over each other")):
            with pytest.raises(Invalid, match=why):
                import_all(empty.database, path)
        assert import_all(empty.database, tmp_path / "good.zip").rows["accounts"] == 1


@pytest.mark.parametrize("dialect", ["mysql", "standard"])
@pytest.mark.parametrize("piece", ["\\'", "/*", "E'\\'", '"a', "`", "x'", "'a\\\\'", "N'b\\"])
def test_a_dump_made_to_be_slow_is_read_at_once(dialect: str, piece: str) -> None:
    """Each string and comment without an end was looked for to the end of the dump."""
    dump = "INSERT INTO a VALUES (" + piece * (300_000 // len(piece))
    begun = time.process_time()
    assert dialect in ("mysql", "standard")
    for _ in Tokens(io.StringIO(dump), "mysql" if dialect == "mysql" else "standard"):
        assert time.process_time() - begun < 10


def test_a_dump_with_a_few_marks_of_its_own_is_read_to_its_end() -> None:
    """A division, and a lone quote in what is no string, end nothing."""
    dump = "SELECT a / b;\n" * 100 + "INSERT INTO a VALUES ('it''s', 'c');"
    found = [token.text for token in Tokens(io.StringIO(dump), "standard")]
    assert found[-5:] == ["it's", ",", "c", ")", ";"]


def test_entities_of_a_page_are_not_read(tmp_path: Path) -> None:
    """Neither a billion laughs nor a file of ours; pages are all of XML's kin that is read."""
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    kind = f'<!DOCTYPE html [<!ENTITY l0 "laugh">{laughs}<!ENTITY file SYSTEM "file://{secret}">]>'
    page = f'<?xml version="1.0"?>{kind}<html><head><title>&l9; &file;</title></head></html>'
    begun = time.process_time()
    said = str(tags_of(page))
    assert time.process_time() - begun < 3
    assert "the secret" not in said
    assert len(said) < 2 * len(page)
    assert tags_of("<title>whole &amp; read</title>") == {"title": ["whole & read"]}


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_table_of_a_million_columns_is_refused(tmp_path: Path, name: str) -> None:
    """In words, and before its columns are taken apart."""
    content = b",".join(b"%d" % number for number in range(1_000_000)) + b"\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    begun = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(Invalid, match="longer than 1,000,000 bytes"):
            list(table_rows(path))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 20_000_000
    assert time.process_time() - begun < 3


def test_a_header_whose_cells_have_lines_without_end_is_refused(tmp_path: Path) -> None:
    """Each cell is short, and each line is; together they would fill the memory."""
    path = tmp_path / "table.csv.gz"
    with gzip.open(path, "wb", 1) as file:
        for _ in range(100):
            file.write(b'"a\nb",' * 100_000)
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(Invalid, match="a quotation mark opens here"):
            list(table_rows(path))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 300_000_000
    assert time.process_time() - begun < 10


@pytest.mark.slow
def test_a_follower_list_is_read_before_anything_is_locked(world: World, tmp_path: Path) -> None:
    """A list of a million took the write lock for as long as it was read."""
    world.account()
    world.session.commit()
    path = tmp_path / "list.csv"
    path.write_text("account_id\n" + "\n".join(f"{number}" for number in range(1, 40_001)) + "\n")
    environ = environment(
        world.settings.data, world.database.engine.url.render_as_string(hide_password=False)
    )
    steps: list[str] = []

    def note(*about: object) -> None:
        steps.append(str(about[2]).split()[0])

    def read(file: str, arguments: tuple[object, ...]) -> None:
        if file == "open" and arguments and str(arguments[0]) == str(path):
            steps.append("read")

    sys.addaudithook(read)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        done = command(environ, "followers", "import", "@JessesLinks", str(path))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert done.returncode == 0, done.stderr
    assert "40,000" in done.stdout
    writes = next(place for place, step in enumerate(steps) if step in ("INSERT", "UPDATE"))
    assert steps.index("read") < writes
    assert "read" not in steps[writes:]
