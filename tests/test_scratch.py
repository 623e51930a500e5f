"""Large files are made in folders of their own; what a killed process leaves is cleared away."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from world import NOON, World

from linktrack.cli import main
from linktrack.errors import Unavailable
from linktrack.installation import Installation
from linktrack.keys import load_keys
from linktrack.portability.export.everything import export_all
from linktrack.portability.files.output import save
from linktrack.scratch import clear, left_over, scratch
from linktrack.upkeep.backup import back_up

AT_WORK = """
import sys
from pathlib import Path
from linktrack.scratch import scratch
with scratch(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "copy.db").write_bytes(b"secret" * 1000)
    print(folder, flush=True)
    sys.stdin.read()
"""


def at_work(parent: Path, name: str) -> tuple["subprocess.Popen[str]", Path]:
    """Start a process that has a scratch folder, made an hour ago."""
    process = subprocess.Popen(
        [sys.executable, "-c", AT_WORK, str(parent), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    age(folder)
    return process, folder


def age(folder: Path) -> None:
    os.utime(folder, (time.time() - 3600, time.time() - 3600))


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_what_a_killed_process_leaves_is_cleared_and_what_one_works_in_is_not(
    tmp_path: Path,
) -> None:
    """However old the folder is: the lock of a process ends with it."""
    process, folder = at_work(tmp_path, "b.tar.gz")
    clear(tmp_path, "b.tar.gz")
    assert (folder / "copy.db").exists()
    kill(process)
    assert left_over(tmp_path, "b.tar.gz") == [folder]
    clear(tmp_path, "other.tar.gz")
    assert folder.exists()
    with scratch(tmp_path, "b.tar.gz") as own:
        assert not folder.exists()
        assert oct(own.stat().st_mode)[-3:] == "700"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_this_minute_is_left(tmp_path: Path) -> None:
    """Another process may have made it, and not locked it yet."""
    (tmp_path / ".b.tar.gz.0123abcd").mkdir()
    clear(tmp_path, "b.tar.gz")
    assert left_over(tmp_path, "b.tar.gz") == []
    age(tmp_path / ".b.tar.gz.0123abcd")
    (tmp_path / ".b.tar.gz.0123abcdef").mkdir()  # not a name that we give
    age(tmp_path / ".b.tar.gz.0123abcdef")
    clear(tmp_path, "b.tar.gz")
    assert [path.name for path in tmp_path.iterdir()] == [".b.tar.gz.0123abcdef"]


@pytest.mark.parametrize("name", ["backup.tar.gz", "all.zip"])
def test_the_next_backup_or_export_clears_the_copy_of_one_that_was_killed(
    world: World, tmp_path: Path, name: str
) -> None:
    """Else a copy of the database stays there for good."""
    world.account()
    target = tmp_path / "kept" / name
    target.parent.mkdir()
    process, folder = at_work(target.parent, name)
    kill(process)
    if name == "all.zip":
        export_all(world.database, target, NOON)
    else:
        keys = load_keys(world.settings.data)
        opened = Installation(world.settings, keys, world.database, world.shortener)
        back_up(opened, target, {}, NOON)
    assert not folder.exists()
    assert list(target.parent.iterdir()) == [target]


def test_a_device_is_not_replaced_by_a_file(world: World, tmp_path: Path) -> None:
    """Root can, and then /dev/null is a file for everybody."""
    world.account()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(Unavailable, match="is no file"):
        export_all(world.database, pipe, NOON)
    environ = {
        "LINKTRACK_DATA": str(world.settings.data),
        "LINKTRACK_DATABASE": world.settings.database,
    }
    done = CliRunner().invoke(main, ["backup", str(pipe)], env=environ)
    assert done.exit_code == 1
    assert "choose another name" in done.stderr
    assert pipe.is_fifo()


def test_an_export_is_for_its_owner_alone_and_goes_into_a_device_as_it_comes(
    tmp_path: Path,
) -> None:
    """`--output /dev/stdout` is not replaced; a full disk is said, and nothing stays."""
    file = tmp_path / "links.csv"
    save(file, ["a,b\n"])
    assert oct(file.stat().st_mode)[-3:] == "600"
    with pytest.raises(Unavailable, match="No space left"):
        save(Path("/dev/full"), ["a" * 100_000])
    assert Path("/dev/full").is_char_device()
    assert list(tmp_path.iterdir()) == [file]
