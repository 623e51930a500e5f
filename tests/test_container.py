"""The container's files: what they name is there, and what they promise is kept."""

import fnmatch
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parent.parent


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile as (instruction, rest), its continued lines joined."""
    text = (REPOSITORY / "Dockerfile").read_text()
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines if line]


def copied() -> list[str]:
    """Return what the first stage copies from the checkout."""
    return [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]


def test_what_is_copied_is_there_and_is_sent() -> None:
    """Each source exists, and .dockerignore lets it through."""
    rules = (REPOSITORY / ".dockerignore").read_text().splitlines()
    sent = [rule[1:] for rule in rules if rule.startswith("!")]
    assert "*" in rules
    for source in copied():
        assert (REPOSITORY / source).exists(), source
        assert any(fnmatch.fnmatch(source, rule) for rule in sent), source
    assert sorted(sent) == sorted(copied())


@pytest.mark.slow
def test_what_is_copied_is_all_that_a_wheel_needs(tmp_path: Path) -> None:
    """The build stage's step, in a plain folder that holds the copied files alone."""
    folder = tmp_path / "src"
    folder.mkdir()
    for source in copied():
        path = REPOSITORY / source
        if path.is_dir():
            shutil.copytree(path, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / source)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--wheel-dir", tmp_path, folder],
        check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("linktrack-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"linktrack/templates/base.html", "linktrack/migrations/env.py"} <= names


def test_the_image_runs_without_rights_and_changes_only_its_volume() -> None:
    """A user by number, one volume, which is the data folder."""
    final = instructions()
    assert [rest for name, rest in final if name == "USER"] == ["10001"]
    assert [rest for name, rest in final if name == "VOLUME"] == ["/data"]
    assert any("LINKTRACK_DATA=/data" in rest for name, rest in final if name == "ENV")
    assert final[-1] == ("CMD", '["linktrack", "serve", "--bind", "0.0.0.0:8000"]')


def test_the_services_are_closed_where_they_can_be() -> None:
    """Read-only, no capabilities, the database out of reach; only Caddy is open to the world."""
    compose: Any = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
    services = compose["services"]
    ours = services["linktrack"]
    assert ours["read_only"] is True
    assert ours["cap_drop"] == ["ALL"]
    assert ours["volumes"] == ["data:/data"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["database"]["networks"] == ["back"]
    assert compose["networks"]["back"]["internal"] is True
    subnet = compose["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert ours["environment"]["LINKTRACK_TRUSTED_PROXIES"] == subnet


def test_every_variable_of_the_services_is_in_the_example() -> None:
    """Who copies .env.example has all that is asked for."""
    asked = set(re.findall(r"\$\{(\w+)", (REPOSITORY / "compose.yaml").read_text()))
    example = (REPOSITORY / ".env.example").read_text()
    assert asked == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_three_nodes_differ_in_their_name_and_their_data_alone() -> None:
    """Closed as the one is; keys are copied before a node begins, and Caddy asks all of them."""
    compose: Any = yaml.safe_load((REPOSITORY / "compose.nodes.yaml").read_text())
    services = compose["services"]
    nodes = {name: services[name] for name in ("one", "two", "three")}
    for name, node in nodes.items():
        assert node["read_only"] is True
        assert node["cap_drop"] == ["ALL"]
        assert node["volumes"] == [f"{name}:/data"]
        assert node["environment"].pop("LINKTRACK_NODE") == name
    assert nodes["one"]["environment"] == nodes["two"]["environment"]
    assert nodes["two"]["environment"] == nodes["three"]["environment"]
    subnet = compose["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert nodes["one"]["environment"]["LINKTRACK_TRUSTED_PROXIES"] == subnet
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["database"]["networks"] == ["back"]
    assert compose["networks"]["back"]["internal"] is True
    copied = {"keys": {"condition": "service_completed_successfully"}}
    assert [node["depends_on"] == copied for node in nodes.values()] == [False, True, True]
    (command,) = services["keys"]["command"][2:]
    assert {name for name in nodes if f"/{name}" in command} == set(nodes)
    asked = compose["configs"]["caddyfile"]["content"]
    assert " ".join(f"{name}:8000" for name in nodes) in asked
    variables = set(re.findall(r"\$\{(\w+)", (REPOSITORY / "compose.nodes.yaml").read_text()))
    example = (REPOSITORY / ".env.example").read_text()
    assert variables == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_the_proxy_of_three_nodes_reads_its_configuration(tmp_path: Path) -> None:
    """Caddy itself says so."""
    if shutil.which("caddy") is None:
        pytest.skip("caddy is not here: Debian's package caddy")
    compose: Any = yaml.safe_load((REPOSITORY / "compose.nodes.yaml").read_text())
    written = re.sub(r"\$\{.*?\}", "go.example.org", compose["configs"]["caddyfile"]["content"])
    (tmp_path / "Caddyfile").write_text(written)
    done = subprocess.run(
        ["caddy", "adapt", "--validate", "--config", tmp_path / "Caddyfile"],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
