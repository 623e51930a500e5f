"""Export of everything, and an equal installation from it, on either database."""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from click.testing import CliRunner
from clicking import FIREFOX, START
from databases import Maker
from paths import REPOSITORY
from servers import environment
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    func,
    insert,
    inspect,
    select,
)
from world import NOON, World

from linktrack.audience.counts import record_count
from linktrack.audience.segments import add_segment
from linktrack.cli import main
from linktrack.clicks.capture.visitors import Visitors
from linktrack.clicks.models import clicks
from linktrack.clicks.records import ClickRecord
from linktrack.db import Base, Utc, alembic_config, now, writing
from linktrack.errors import Conflict, Invalid
from linktrack.keys import load_keys
from linktrack.links.catalog import change_destination
from linktrack.links.redirects.lookup import find_target
from linktrack.owners.tokens import create_token
from linktrack.portability.export.everything import LEFT_OUT, export_all, exported_tables
from linktrack.portability.export.restore import import_all
from linktrack.reports.cpf import cpf_json, cpf_report


def fill(world: World) -> str:
    """A little of everything; returns the code of a version."""
    account = world.account()
    record_count(world.session, account, 23_000, NOON, "entered", now=NOON)
    segment = add_segment(world.session, account, "Gemeinschaft ü", 120, NOON)
    create_token(world.session, "phone", "read", account.id, NOON)
    post = world.post(account, "http://one.com/ \u2028 🐘", segments=(segment.name,))
    change_destination(world.session, world.shortener, post.links[0], "http://two.com/", NOON)
    world.session.commit()
    link = post.links[0].id
    world.click([ClickRecord(START + n, link, FIREFOX, "//t.co", n % 7 - 3) for n in range(40)])
    world.click([ClickRecord(START + 99, link, None, None, None)])
    return world.shortener.version_code(link, segment.id)


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without_date(content: dict[str, bytes]) -> dict[str, bytes]:
    manifest = json.loads(content["manifest.json"])
    del manifest["exported_at"]
    return content | {"manifest.json": json.dumps(manifest).encode()}


@contextmanager
def empty_world(folder: Path, url: str) -> Iterator[World]:
    with World.at(folder / "other", url) as other:
        yield other


@pytest.mark.parametrize("other_kind", ["sqlite", "postgresql"])
def test_an_empty_installation_becomes_equal(
    world: World, tmp_path: Path, request: pytest.FixtureRequest, other_kind: str
) -> None:
    """Either way: the same bytes come out again, versions' codes answer, reports read the same."""
    code = fill(world)
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    counts = export_all(world.database, first, NOON)
    assert counts["clicks"] == 41
    make: Maker = request.getfixturevalue(f"{other_kind}_databases")
    with empty_world(tmp_path, make()) as other:
        done = import_all(other.database, first)
        assert done.rows == counts
        export_all(other.database, second, NOON.replace(year=2030))
        assert without_date(members(first)) == without_date(members(second))

        keys = load_keys(other.settings.data)
        assert keys == load_keys(world.settings.data)
        with World.at(tmp_path / "other", other.settings.database) as restored:
            target = find_target(restored.database.engine, restored.shortener.codes, code)
            assert target is not None
            assert (target.location, target.attribution) == ("http://two.com/", "variant")
            again, account = restored.account("@another"), world.account("@more")
            assert again.id == account.id  # numbering goes on behind what was restored
            report = [
                cpf_json(
                    cpf_report(
                        each.session,
                        each.session.get_one(type(account), 1),
                        window="all",
                        now=now(),
                    )
                )
                for each in (world, restored)
            ]
            assert report[0] == report[1]
            link_id = target.link_id
            assert restored.click([ClickRecord(START, link_id, FIREFOX, None, 1)]) == 1


def test_the_file_is_private_and_holds_no_visitor_key(sqlite_world: World, tmp_path: Path) -> None:
    """Readable by its owner only; keys and manifest are there, visitors' keys are not."""
    world = sqlite_world
    fill(world)
    settings = world.settings
    visitors = Visitors(settings.data / "visitor_keys", settings.visitor_period, settings.timezone)
    visitors.identify(START / 1000, "192.0.2.1", "agent", "en")
    path = tmp_path / "all.zip"
    export_all(world.database, path, NOON)
    assert path.stat().st_mode & 0o777 == 0o600
    content = members(path)
    assert content["keys.json"] == (settings.data / "keys.json").read_bytes()
    keys = [file.read_bytes() for file in (settings.data / "visitor_keys").iterdir()]
    assert keys
    for member in content.values():
        assert not any(key in member or key.hex().encode() in member for key in keys)
    manifest = json.loads(content["manifest.json"])
    assert manifest["tables"]["clicks"]["rows"] == 41
    assert not LEFT_OUT.keys() & manifest["tables"].keys()
    assert manifest["base_url"] == "https://go.jessestay.com"


def test_every_column_is_of_a_kind_that_can_be_written() -> None:
    """A new table comes along by itself, as long as JSON can hold its values."""
    known = (Integer, String, Boolean, Float, LargeBinary, Utc)
    for table in exported_tables():
        assert table.primary_key.columns, f"{table.name} has no key to be sorted by"
        for column in table.columns:
            assert isinstance(column.type, known), (table.name, column.name)
            assert not isinstance(column.type, DateTime)


def some_value(column: Column[Any], number: int) -> object:
    """Return a value that the column takes; of a key another for each number."""
    if column.nullable and not column.primary_key and number == 2:
        return None
    match column.type:
        case Boolean():
            return number == 1
        case Integer() if column.foreign_keys or column.primary_key:
            return number
        case BigInteger():
            return 2**62 + number
        case Integer():
            return 30_000 + number
        case Float():
            return number / 3
        case LargeBinary():
            return bytes([0, 255, number])
        case Utc():
            return NOON + timedelta(milliseconds=number)
        case _:
            return f"ü{number}"


@pytest.mark.parametrize("other_kind", ["sqlite", "postgresql"])
def test_every_table_of_the_models_is_carried_or_left_out_by_name(
    world: World, tmp_path: Path, request: pytest.FixtureRequest, other_kind: str
) -> None:
    """Rows in all of them: what is carried comes out again in the same bytes, the rest is empty."""
    tables = Base.metadata.sorted_tables
    with world.database.engine.begin() as connection:
        for table in tables:
            connection.execute(
                insert(table),
                [
                    {column.name: some_value(column, number) for column in table.columns}
                    for number in (1, 2)
                ],
            )
        there = set(inspect(connection).get_table_names()) - {"alembic_version"}
    assert there == {table.name for table in tables}
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    counts = export_all(world.database, first, NOON)
    assert counts == dict.fromkeys(there - LEFT_OUT.keys(), 2)
    make: Maker = request.getfixturevalue(f"{other_kind}_databases")
    with empty_world(tmp_path, make()) as other:
        import_all(other.database, first)
        export_all(other.database, second, NOON.replace(year=2030))
        assert without_date(members(first)) == without_date(members(second))
        with other.database.engine.connect() as connection:
            left = {
                table.name: connection.scalar(select(func.count()).select_from(table))
                for table in tables
                if table.name in LEFT_OUT
            }
    assert left == dict.fromkeys(LEFT_OUT, 0)


def test_the_guide_names_every_table_that_is_left_out() -> None:
    """With the reason."""
    guide = (REPOSITORY / "docs" / "guide" / "data.md").read_text()
    for name, reason in LEFT_OUT.items():
        assert f"| `{name}` | {reason} |" in guide


def test_an_installation_that_holds_anything_is_left_alone(
    world: World, tmp_path: Path, sqlite_databases: Maker
) -> None:
    """Conflict, and its keys stay its own."""
    fill(world)
    path = tmp_path / "all.zip"
    export_all(world.database, path, NOON)
    with empty_world(tmp_path, sqlite_databases()) as other:
        other.account("@mine")
        before = load_keys(other.settings.data)
        with pytest.raises(Conflict, match="not empty"):
            import_all(other.database, path)
        assert load_keys(other.settings.data) == before


def rewritten(path: Path, target: Path, **changes: bytes | None) -> Path:
    content = members(path)
    for name, data in changes.items():
        full = next(key for key in content if key.replace("/", "_").startswith(name))
        if data is None:
            del content[full]
        else:
            content[full] = data
    with zipfile.ZipFile(target, "w") as archive:
        for name, member in content.items():
            archive.writestr(name, member)
    return target


@pytest.mark.slow
def test_a_damaged_file_is_refused_whole(
    world: World, tmp_path: Path, sqlite_databases: Maker
) -> None:
    """One sentence each, and the installation is as empty as before."""
    fill(world)
    path = tmp_path / "all.zip"
    export_all(world.database, path, NOON)
    content = members(path)
    posts = content["tables/posts.ndjson"]
    manifest = json.loads(content["manifest.json"])
    counts: dict[str, Any] = {**manifest["tables"], "posts": {"rows": 0, "sha256": "x"}}
    broken: list[Path] = [
        rewritten(path, tmp_path / "1.zip", tables_posts=posts[:-20]),
        rewritten(path, tmp_path / "2.zip", tables_posts=posts + posts),
        rewritten(path, tmp_path / "3.zip", tables_posts=b"[]\n"),
        rewritten(path, tmp_path / "4.zip", tables_posts=None),
        rewritten(path, tmp_path / "5.zip", manifest=None),
        rewritten(path, tmp_path / "6.zip", manifest=b"[" * 100_000),
        rewritten(path, tmp_path / "7.zip", keys=b"{}"),
        rewritten(
            path, tmp_path / "8.zip", manifest=json.dumps(manifest | {"format": 99}).encode()
        ),
        rewritten(
            path, tmp_path / "9.zip", manifest=json.dumps(manifest | {"revision": "9999"}).encode()
        ),
        rewritten(
            path, tmp_path / "10.zip", manifest=json.dumps(manifest | {"tables": counts}).encode()
        ),
        tmp_path / "absent.zip",
    ]
    (tmp_path / "11.zip").write_bytes(path.read_bytes()[:-400])
    (tmp_path / "12.zip").write_bytes(b"no zip")
    middle = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        posts_at = archive.getinfo("tables/posts.ndjson")
    # In what is compressed: a byte of a header may say nothing that matters.
    begins = posts_at.header_offset + 30 + len(posts_at.filename) + len(posts_at.extra)
    middle[begins + posts_at.compress_size // 2] ^= 0xFF
    (tmp_path / "13.zip").write_bytes(middle)
    broken += [tmp_path / f"{number}.zip" for number in (11, 12, 13)]
    with empty_world(tmp_path, sqlite_databases()) as other:
        for each in broken:
            with pytest.raises(Invalid):
                import_all(other.database, each)
        assert other.session.scalar(select(func.count()).select_from(clicks)) == 0
        other.session.rollback()
        assert import_all(other.database, path).rows["clicks"] == 41


def test_a_file_of_an_older_linktrack_is_brought_up_to_date(
    sqlite_world: World, tmp_path: Path, sqlite_databases: Maker
) -> None:
    """Rows go into the tables they were exported from, and move on with these."""
    fill(sqlite_world)
    path = tmp_path / "new.zip"
    export_all(sqlite_world.database, path, NOON)
    old = columns_at("0001", tmp_path / "older", sqlite_databases())
    content = members(path)
    manifest = json.loads(content.pop("manifest.json"))
    for name in list(manifest["tables"]):
        member = f"tables/{name}.ndjson"
        if name not in old:
            del manifest["tables"][name], content[member]
            continue
        lines = [json.dumps(row) for row in rows_of(content, name, old[name])]
        content[member] = "".join(f"{line}\n" for line in lines).encode()
        manifest["tables"][name]["sha256"] = hashlib.sha256(content[member]).hexdigest()
    content["manifest.json"] = json.dumps(manifest | {"revision": "0001"}).encode()
    older = tmp_path / "old.zip"
    with zipfile.ZipFile(older, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with empty_world(tmp_path, sqlite_databases()) as other:
        assert import_all(other.database, older).rows["clicks"] == 41
        export_all(other.database, tmp_path / "again.zip", NOON)
    again = members(tmp_path / "again.zip")
    now_at = json.loads(again["manifest.json"])["revision"]
    assert now_at == json.loads(members(path)["manifest.json"])["revision"] != "0001"
    for name in manifest["tables"]:
        assert rows_of(again, name, old[name]) == rows_of(content, name, old[name])


def columns_at(revision: str, folder: Path, url: str) -> dict[str, list[str]]:
    """Return the columns of every table at a revision."""
    with World.at(folder, url) as world, writing(world.database.engine) as connection:
        command.downgrade(alembic_config(connection), revision)
        found = inspect(connection)
        return {
            name: [column["name"] for column in found.get_columns(name)]
            for name in found.get_table_names()
        }


def rows_of(content: dict[str, bytes], name: str, columns: list[str]) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in content[f"tables/{name}.ndjson"].splitlines()]
    return [{column: row[column] for column in columns} for row in rows]


def test_the_commands_export_and_restore(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_databases: Maker
) -> None:
    """`export all` wants a file and nothing else; `import all` says which settings belong to it."""
    fill(sqlite_world)
    monkeypatch.setenv("LINKTRACK_DATA", str(sqlite_world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", sqlite_world.settings.database)
    run = CliRunner()
    path = tmp_path / "all.zip"
    assert run.invoke(main, ["export", "all"]).exit_code == 2
    done = run.invoke(main, ["export", "all", "--output", str(path)])
    assert (done.exit_code, "Keep it secret" in done.stdout) == (0, True)
    assert run.invoke(main, ["import", "all", str(path)]).exit_code == 1
    monkeypatch.setenv("LINKTRACK_DATA", str(tmp_path / "new"))
    monkeypatch.setenv("LINKTRACK_DATABASE", sqlite_databases())
    done = run.invoke(main, ["import", "all", str(path)])
    assert (done.exit_code, "Restored" in done.stdout) == (0, True)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_clicks(sqlite_world: World, tmp_path: Path) -> None:
    """Ten times as many clicks take no more memory, out or in."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a process's memory is read from /proc")
    fill(sqlite_world)
    row = {
        "clicked_at": START, "link_id": 1, "segment_id": 0, "attribution": 0, "agent_id": 1,
        "referrer_id": 1, "visitor": 5, "reason": 0, "flags": 0,
    }  # fmt: skip

    def peak(*arguments: str, data: Path, url: str) -> int:
        # Not getrusage: its peak is the parent's where a process was made from a larger one.
        script = (
            "import sys\nfrom pathlib import Path\nfrom linktrack.cli import main\n"
            "main(sys.argv[1:], standalone_mode=False)\n"
            "lines = Path('/proc/self/status').read_text().splitlines()\n"
            "print(next(line.split()[1] for line in lines if line.startswith('VmHWM')))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env=environment(data, url),
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout.split()[-1])

    peaks = []
    for number, more in enumerate((5_000, 45_000)):
        with sqlite_world.database.engine.begin() as connection:
            connection.execute(insert(clicks), [row] * more)
        path = tmp_path / f"{number}.zip"
        home = sqlite_world.settings
        url = f"sqlite:///{tmp_path}/in-{number}.db"
        peaks.append(
            (
                peak("export", "all", "--output", str(path), data=home.data, url=home.database),
                peak("import", "all", str(path), data=tmp_path / f"in-{number}", url=url),
            )
        )  # fmt: skip
    (few_out, few_in), (many_out, many_in) = peaks
    assert many_out < few_out * 1.15
    assert many_in < few_in * 1.15
