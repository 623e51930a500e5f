"""Loading: each click once, whatever is damaged, killed or late."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from clicking import START, click, counts, some_clicks
from sqlalchemy import Connection, event, func, select
from world import World

from linktrack.calendar.days import Days
from linktrack.clicks.capture.journal import SUFFIX, Journal
from linktrack.clicks.counts.rebuild import rebuild
from linktrack.clicks.keeping.interface import Origin
from linktrack.clicks.loading.loader import SET_ASIDE, Loader
from linktrack.clicks.loading.store import ClickStore
from linktrack.clicks.models import clicks, journals
from linktrack.clicks.records import ClickRecord, encode
from linktrack.ids import LinkId


def stored(world: World) -> int:
    with world.database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(clicks)) or 0


def test_clicks_are_loaded_once_while_the_worker_goes_on_writing(world: World) -> None:
    """Loading again finds only what is new."""
    links, _ = some_clicks(world)
    journal = Journal(world.settings.journals)
    loader = world.loader()
    for round_ in range(3):
        for second in range(10):
            journal.append(click(links[0], second + 10 * round_))
        assert loader.load().clicks == 10
        assert loader.load().clicks == 0
    journal.close()
    assert stored(world) == 30


def test_a_new_loader_begins_where_the_last_one_was(world: World) -> None:
    """The position lies in the database, in the transaction of the clicks."""
    links, _ = some_clicks(world)
    journal = Journal(world.settings.journals)
    journal.append(click(links[0]))
    assert world.loader().load().clicks == 1
    journal.append(click(links[0]))
    journal.close()
    assert world.loader().load().clicks == 1
    assert stored(world) == 2


def test_a_line_being_written_is_waited_for_and_a_torn_one_set_aside(world: World) -> None:
    """While its worker lives the rest of a line may come; when it is gone it never will."""
    links, _ = some_clicks(world)
    journal = Journal(world.settings.journals)
    journal.append(click(links[0]))
    journal.append(click(links[0])[:25])
    loader = world.loader()
    assert loader.load().clicks == 1
    assert loader.load().bad_lines == 0
    journal.close()
    progress = loader.load()
    assert (progress.clicks, progress.bad_lines) == (0, 1)
    assert (world.settings.journals / SET_ASIDE).read_bytes() == click(links[0])[:25] + b"\n"
    assert stored(world) == 1


def test_damaged_lines_cost_only_themselves(world: World) -> None:
    """Rubbish between clicks is set aside and counted, the clicks are loaded."""
    links, _ = some_clicks(world)
    journal = Journal(world.settings.journals)
    for line in (
        b"\xff\x00rubbish\n",
        click(links[0]),
        b"{}\n",
        b"\n",
        click(links[0]),
        b"[" * 5000 + b"\n",
    ):
        journal.append(line)
    journal.close()
    progress = world.loader().load()
    assert (progress.clicks, progress.bad_lines) == (2, 3)
    with world.database.engine.connect() as connection:
        assert connection.scalar(select(journals.c.bad_lines)) == 3


def test_a_file_without_a_line_end_is_got_through(world: World) -> None:
    """Two megabytes of zeros, as a disk may leave them, are set aside; the next file is loaded."""
    links, _ = some_clicks(world)
    folder = world.settings.journals
    folder.mkdir(parents=True)
    (folder / f"0{SUFFIX}").write_bytes(b"\0" * 2_500_000)
    (folder / f"1{SUFFIX}").write_bytes(click(links[0]) * 3)
    loader = world.loader()
    progress = loader.load()
    assert progress.clicks == stored(world) == 3
    pieces = (folder / SET_ASIDE).read_bytes().splitlines()
    assert len(pieces) == progress.bad_lines > 0
    assert b"".join(pieces) == b"\0" * 2_500_000
    with world.database.engine.connect() as connection:
        rows = connection.execute(select(journals).order_by(journals.c.name)).all()
    assert [(row.position, row.bad_lines) for row in rows] == [
        (2_500_000, len(pieces)),
        (3 * len(click(links[0])), 0),
    ]
    assert all(row.finished_at for row in rows)
    assert loader.load().bad_lines == 0


def test_clicks_of_links_that_do_not_exist_are_left_out(world: World) -> None:
    """A journal of another installation, or a restored older database: the rest is loaded."""
    links, _ = some_clicks(world)
    journal = Journal(world.settings.journals)
    journal.append(click(LinkId(999_999)))
    journal.append(click(links[0]))
    journal.close()
    world.loader().load()
    assert stored(world) == 1


class Fault(Exception):
    """What a test makes fail."""


class FailingOnce(ClickStore):
    """A store whose first batch fails when its rows and counts are written."""

    failed = False

    def append(
        self, connection: Connection, records: Sequence[ClickRecord], origin: Origin | None = None
    ) -> int:
        """Store, and fail the first time."""
        count = super().append(connection, records, origin)
        if not self.failed:
            self.failed = True
            raise Fault
        return count


def test_a_batch_that_fails_is_loaded_later_as_if_nothing_had_been(world: World) -> None:
    """A fault between rows and position: neither is stored, nor remembered."""
    links, _ = some_clicks(world)
    journal = Journal(world.settings.journals)
    for second in range(20):
        journal.append(click(links[second % 4], second))
    journal.close()
    store = FailingOnce(world.database.engine, world.settings.timezone)
    loader = Loader(store, world.settings.journals)
    with pytest.raises(Fault):
        loader.load()
    assert stored(world) == 0
    assert loader.load().clicks == 20
    assert stored(world) == 20
    loaded = counts(world)
    with world.store().transaction() as connection:
        rebuild(connection, Days(world.settings.timezone))
    assert counts(world) == loaded


def test_finished_files_are_kept_for_some_days_and_then_deleted(world: World) -> None:
    """So that a restored backup can load them again; a written file is never deleted."""
    links, _ = some_clicks(world)
    folder = world.settings.journals
    done = Journal(folder)
    done.append(click(links[0]))
    done.close()
    written = Journal(folder)
    written.append(click(links[0]))
    Loader(world.store(), folder, keep=timedelta(days=7)).load()
    assert len(list(folder.glob(f"*{SUFFIX}"))) == 2
    loader = Loader(world.store(), folder, keep=timedelta(seconds=-1))
    loader.load()
    loader.load()
    assert len(list(folder.glob(f"*{SUFFIX}"))) == 1
    assert stored(world) == 2
    written.close()


def test_nodes_of_one_database_delete_only_their_own_files(world: World, tmp_path: Path) -> None:
    """Another node's finished file keeps its row, so that its loader never begins again."""
    links, _ = some_clicks(world)
    nodes = [tmp_path / "one", tmp_path / "two"]
    for node in nodes:
        journal = Journal(node)
        journal.append(click(links[0]))
        journal.close()
    Loader(world.store(), nodes[1]).load()
    Loader(world.store(), nodes[0], keep=timedelta(seconds=-1)).load()
    assert list(nodes[0].glob(f"*{SUFFIX}")) == []
    assert Loader(world.store(), nodes[1]).load().clicks == 0
    assert stored(world) == 2


def test_an_agent_with_an_endless_name_is_stored(world: World) -> None:
    """PostgreSQL holds columns to their lengths; nobody stops the counting with a header."""
    links, _ = some_clicks(world)
    journal = Journal(world.settings.journals)
    for agent in ("A" * 45 + "Crawl" + "z" * 45 + "/1.0", "ä" * 1000, "a-b" * 332):
        journal.append(encode(ClickRecord(START, links[0], agent, "//" + "a" * 250, 1)))
    journal.close()
    assert world.loader().load().clicks == 3


class Stumbling(ClickStore):
    """A store with a defect: it cannot take clicks of a link, until it is mended."""

    over: LinkId | None = None

    def append(
        self, connection: Connection, records: Sequence[ClickRecord], origin: Origin | None = None
    ) -> int:
        """Store, and stumble over clicks of the link."""
        count = super().append(connection, records, origin)
        if any(record.link_id == self.over for record in records):
            raise ValueError("a defect")
        return count


def test_a_file_that_cannot_be_loaded_stops_no_other(sqlite_world: World) -> None:
    """Its clicks wait in it, and it is named in the log; the others are loaded without it."""
    links, _ = some_clicks(sqlite_world)
    for link in (links[0], links[1], links[2]):
        journal = Journal(sqlite_world.settings.journals)
        journal.append(click(link))
        journal.close()
    store = Stumbling(sqlite_world.database.engine, sqlite_world.settings.timezone)
    store.over = links[1]
    loader = Loader(store, sqlite_world.settings.journals)
    assert loader.load().clicks == 2
    assert loader.load().clicks == 0
    store.over = None
    assert loader.load().clicks == 1
    assert stored(sqlite_world) == 3


def test_journals_of_several_workers_are_loaded_together(world: World) -> None:
    """One transaction for what all have written, so that what they have in common is written once.

    Each file's place moves with it: what comes later is loaded from there.
    """
    links, _ = some_clicks(world)
    workers = [Journal(world.settings.journals) for _ in range(3)]
    loader = world.loader()
    loader.load()
    commits: list[Connection] = []
    event.listen(world.database.engine, "commit", commits.append)
    for round_ in range(2):
        for number, journal in enumerate(workers):
            for second in range(number + 1):
                journal.append(click(links[0], second + 10 * round_))
        commits.clear()
        assert loader.load().clicks == 6
        assert len(commits) == 1
    for journal in workers:
        journal.close()
    assert world.loader().load().clicks == 0
    assert stored(world) == 12


def opened_in(world: World) -> list[str]:
    """Return what this process has open of an installation, its database too, by path."""
    folders = (str(world.settings.data), str(world.database.engine.url.database))
    return sorted(
        file.path for file in psutil.Process().open_files() if file.path.startswith(folders)
    )


def test_loading_many_files_leaves_no_descriptor_open(sqlite_world: World) -> None:
    """A day of worker restarts: 300 files, and as many descriptors as before."""
    links, _ = some_clicks(sqlite_world)
    loader = sqlite_world.loader()
    loader.load()
    assert stored(sqlite_world) == 0  # the connections that stay open are open now
    before = opened_in(sqlite_world)
    for _ in range(300):
        journal = Journal(sqlite_world.settings.journals)
        journal.append(click(links[0]))
        journal.close()
    loader.load()
    assert stored(sqlite_world) == 300
    assert opened_in(sqlite_world) == before


def test_a_missing_folder_is_nothing_to_load(sqlite_world: World, tmp_path: Path) -> None:
    """Before the first click there is no folder."""
    assert Loader(sqlite_world.store(), tmp_path / "nowhere").load().clicks == 0
