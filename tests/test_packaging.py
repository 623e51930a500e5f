"""The wheel holds everything, and runs far from the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from servers import environment, serving

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_the_wheel_serves_pages_outside_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Built, installed elsewhere, started: templates, migrations and static files are inside."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--wheel-dir", tmp_path, REPOSITORY],
        check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("linktrack-*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(site)
    modules = (REPOSITORY / "linktrack").rglob("*.py")
    assert {path.relative_to(REPOSITORY).as_posix() for path in modules} <= names
    assert "linktrack/templates/base.html" in names
    assert "linktrack/migrations/env.py" in names
    assert "linktrack/web/static/linktrack.css" in names
    assert not any(name.startswith(("tests/", "wsgi")) for name in names)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    environ = environment(tmp_path / "data", PYTHONPATH=str(site))
    where = subprocess.run(
        [sys.executable, "-c", "import linktrack; print(linktrack.__file__)"],
        env=environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(site))
    with serving(environ, tmp_path / "log") as server:
        status, headers, body = server.request("/")
        assert (status, b"<html" in body) == (200, True)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert server.request("/static/linktrack.css")[0] == 200
        assert server.request(server.sign_in_path())[0] == 200
