"""The journal: every click on disk before its answer."""

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from files import files
from hypothesis import given
from hypothesis import strategies as st
from waiting import wait_until

from linktrack.clicks.capture.journal import Journal, is_written
from linktrack.clicks.records import LATEST, ClickRecord, clean, decode, encode

whole = st.integers(-(2**63), 2**63 - 1)
printable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(
    st.builds(
        ClickRecord,
        clicked_at=st.integers(0, LATEST - 1),
        link_id=st.integers(0, 2**31 - 1),
        user_agent=st.none() | printable,
        referrer=st.none() | printable.filter(lambda text: len(text) <= 255),
        visitor=st.none() | whole,
        flags=st.integers(0, 7),
        segment_id=st.none(),
        follower_id=st.none(),
        country=st.none() | st.sampled_from(["DE", "US"]),
        attribution=st.none(),
        identity=st.none(),
    )
)
def test_a_click_survives_the_way_through_the_journal(record: ClickRecord) -> None:
    """What is written is read again, on one line."""
    line = encode(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == record


@given(st.text())
def test_cleaned_text_can_be_stored_everywhere(text: str) -> None:
    """No NUL, no lone surrogate, never longer than asked."""
    cleaned = clean(text, 20)
    cleaned.encode()
    assert "\0" not in cleaned
    assert len(cleaned) <= 20


@given(st.binary(max_size=200))
def test_a_damaged_line_is_a_value_error(line: bytes) -> None:
    """Random bytes are never a click, and never another error."""
    with pytest.raises(ValueError):
        decode(line)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"1",
        b'{"t":1}',
        b'{"t":"1","l":1,"a":null,"r":null,"v":null}',
        b'{"t":1,"l":true,"a":null,"r":null,"v":null}',
        b'{"t":1,"l":1,"a":5,"r":null,"v":null}',
        b'{"t":99999999999999999999,"l":1,"a":null,"r":null,"v":null}',
        b'{"t":9000000000000000,"l":1,"a":null,"r":null,"v":null}',
        b'{"t":1,"l":4294967296,"a":null,"r":null,"v":null}',
        b'{"t":1,"l":1,"a":null,"r":null,"v":null,"s":99999999999}',
    ],
)
def test_a_line_with_wrong_fields_is_a_value_error(line: bytes) -> None:
    """Each field has its type and its bounds."""
    with pytest.raises(ValueError):
        decode(line)


def test_lines_of_many_threads_are_whole(tmp_path: Path) -> None:
    """Eight threads write 500 lines each; all are there, none is mixed."""
    journal = Journal(tmp_path)
    lines = [[f"{thread}:{number}\n".encode() for number in range(500)] for thread in range(8)]
    threads = [
        threading.Thread(target=lambda mine=mine: [journal.append(line) for line in mine])
        for mine in lines
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    (path,) = files(tmp_path)
    assert sorted(path.read_bytes().splitlines(keepends=True)) == sorted(sum(lines, []))


def test_a_journal_rotates_by_size_and_by_age(tmp_path: Path) -> None:
    """A full or old file is ended; the next line begins another."""
    journal = Journal(tmp_path, rotate_bytes=10)
    for _ in range(3):
        journal.append(b"12345678901\n")
    assert len(files(tmp_path)) == 3
    journal = Journal(tmp_path, rotate_seconds=0)
    journal.append(b"x\n")
    journal.append(b"y\n")
    assert len(files(tmp_path)) == 5


def test_a_file_is_written_as_long_as_its_worker_lives(tmp_path: Path) -> None:
    """The lock is the operating system's: kill -9 frees it."""
    script = (
        "import signal, sys; from pathlib import Path;"
        "from linktrack.clicks.capture.journal import Journal;"
        "Journal(Path(sys.argv[1])).append(b'one\\n'); print('ready', flush=True); signal.pause()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"ready\n"
        (path,) = files(tmp_path)
        assert is_written(path)
        process.kill()
        process.wait()
    assert not is_written(path)
    assert path.read_bytes() == b"one\n"


def test_a_folder_that_cannot_be_written_loses_clicks_and_counts_them(tmp_path: Path) -> None:
    """The redirect goes on: append says False, and never raises."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    journal = Journal(blocked / "journals")
    assert journal.append(b"one\n") is False
    assert journal.append(b"two\n") is False
    assert journal.lost == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_full_disk_loses_clicks_and_counts_them(tmp_path: Path) -> None:
    """/dev/full answers every write with "no space left"."""
    journal = Journal(tmp_path)
    journal.append(b"one\n")
    full = os.open("/dev/full", os.O_WRONLY)
    assert journal._file is not None
    os.dup2(full, journal._file)
    assert journal.append(b"two\n") is False
    assert journal.lost == 1
    os.close(full)
    journal.close()


def test_too_many_open_files_end_no_syncing(tmp_path: Path) -> None:
    """The thread that syncs goes on: it is what bounds the clicks that a power cut takes."""
    journal = Journal(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert journal.append(b"one\n")
    syncer = journal._syncer
    assert syncer is not None
    wait_until(lambda: not journal._unsynced.is_set(), why="the first click is synced")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        assert journal.append(b"two\n")
        syncer.join(0.3)
        assert syncer.is_alive()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    wait_until(lambda: not journal._unsynced.is_set(), why="the second click is synced")
    journal.close()


def test_sync_always_writes_through_before_the_answer(tmp_path: Path) -> None:
    """The slower setting gives the same file, and needs no second thread."""
    before = threading.active_count()
    journal = Journal(tmp_path, "always")
    assert journal.append(b"one\n")
    assert threading.active_count() == before
    journal.close()
    assert files(tmp_path)[0].read_bytes() == b"one\n"
