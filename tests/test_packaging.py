"""The wheel holds everything, and runs far from the checkout."""

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from paths import REPOSITORY
from servers import environment, serving


def test_every_package_is_named_in_setup_cfg() -> None:
    """`find:` cannot see the mapped folders, so the list is by hand, and this test reads it."""
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    named = set(config["options"]["packages"].split())
    found = {
        ".".join(path.parent.relative_to(REPOSITORY).parts)
        for path in (REPOSITORY / "linktrack").rglob("__init__.py")
    }
    assert named == found | {
        "linktrack.migrations",
        "linktrack.migrations.versions",
        "linktrack.templates",
    }


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
