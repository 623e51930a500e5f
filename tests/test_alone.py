"""One service for a data folder, whatever server and database it has."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from servers import Server, environment, free_port

from linktrack.errors import Conflict
from linktrack.web.serving.alone import serve_alone

END_SECONDS = 25
"""In which a service ends that has nothing to do; linktrack kills its workers after 30."""


def again(environ: dict[str, str], server: str) -> subprocess.CompletedProcess[str]:
    """Start a service on a port of its own, and wait until it has ended."""
    command = [sys.executable, "-m", "linktrack", "serve", "--bind", f"127.0.0.1:{free_port()}"]
    return subprocess.run(
        [*command, "--server", server],
        env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("server", ["gunicorn", "granian"])
def test_a_second_service_on_a_data_folder_says_so_and_ends(server: str, tmp_path: Path) -> None:
    """Status 1 and one line; once the first was killed, the next serves at once.

    That one is told to end while workers of it still start, and ends all the same: granian's
    were killed after half a minute.
    """
    if server == "granian":
        pytest.importorskip("granian")
    environ = environment(tmp_path / "data")
    first = Server(environ, tmp_path / "log", "--server", server)
    try:
        second = again(environ, server)
        assert second.returncode == 1
        assert "A service is running on" in second.stderr
        assert second.stderr.count("\n") == 1
        assert first.request("/healthz")[0] == 200
    finally:
        first.kill_all()
    third = Server(environ, tmp_path / "log3", "--server", server)
    try:
        assert third.request("/healthz")[0] == 200
        begun = time.monotonic()
        assert third.stop() == 0
        assert time.monotonic() - begun < END_SECONDS
    finally:
        third.kill_all()


def test_a_folder_is_free_when_its_service_has_ended(tmp_path: Path) -> None:
    """Another process holds it as long as it lives; a file that it left behind holds nothing."""
    program = (
        "import sys; from pathlib import Path\n"
        "from linktrack.web.serving.alone import serve_alone\n"
        "serve_alone(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Conflict, match=str(holder.pid)):
            serve_alone(tmp_path, patience=0)
    finally:
        holder.kill()
        holder.communicate()
    serve_alone(tmp_path, patience=0)
