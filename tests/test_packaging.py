"""The wheel holds everything, and runs far from the checkout."""

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from paths import REPOSITORY
from servers import environment, serving


def requirements() -> list[Requirement]:
    """Return everything that setup.cfg asks for, with and without its extras."""
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    lists = [config["options"]["install_requires"], *config["options.extras_require"].values()]
    lines = [line for text in lists for line in text.strip().splitlines()]
    return [Requirement(line) for line in lines if not line.startswith("#")]


def test_every_requirement_is_pinned_to_a_version_that_setup_cfg_allows() -> None:
    """Names and exact versions are all that the constraints hold: no addresses, no paths."""
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    assert all(pin.url is None for pin in pins)
    assert all([each.operator for each in pin.specifier] == ["=="] for pin in pins)
    versions = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}
    assert len(versions) == len(pins)
    for needed in requirements():
        assert needed.specifier.contains(versions[canonicalize_name(needed.name)]), needed


def test_a_source_release_holds_what_the_checks_read() -> None:
    """What mypy is given, and the pages of the top folder, are named in MANIFEST.in."""
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    manifest = (REPOSITORY / "MANIFEST.in").read_text().split()
    checked = {name for name in config["mypy"]["files"].split(", ") if name != "linktrack"}
    pages = {path.name for path in REPOSITORY.glob("*.md")} - {"README.md"}
    assert checked | pages | {"constraints.txt", "Makefile"} <= set(manifest)


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
