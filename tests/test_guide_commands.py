"""The commands of the guide and the README are there, and run in the order of their page."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from paths import REPOSITORY
from preloaded import preloaded

from linktrack.cli import main

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs" / "guide").glob("*.md"))]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
SHELL = ("", "sh")
COMMAND = re.compile(r"^ *(?:\.venv/bin/)?linktrack ", re.MULTILINE)
WHY_NOT = re.compile(r" *# (needs|on|as root|with)\b")
"""How a block begins that cannot be run here; readers see why."""


def blocks(page: Path) -> list[str]:
    """Return the commands of a page that can be run, block by block."""
    found = [match[3] for match in BLOCK.finditer(page.read_text()) if match[2] in SHELL]
    return [each for each in found if COMMAND.search(each) and not WHY_NOT.match(each)]


RUN = [page for page in PAGES if blocks(page)]


def test_pages_for_beginners_can_be_followed() -> None:
    """What needs an account on a network, a server or somebody's files is little."""
    assert len(RUN) >= 5


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What stands in for the installed command."""
    with preloaded(tmp_path_factory.mktemp("command")) as program:
        yield program


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_commands_of_a_page_run_one_after_the_other(
    page: Path, program: str, tmp_path: Path
) -> None:
    """In an empty folder, as a reader would type them."""
    for folder in (tmp_path / "bin", tmp_path / ".venv" / "bin"):
        folder.mkdir(parents=True)
        (folder / "linktrack").write_text(program)
        (folder / "linktrack").chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if "LINKTRACK" not in name}
    environ = kept | {
        "LINKTRACK_DATA": str(tmp_path / "data"),
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    }
    for block in blocks(page):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_a_page_names_are_there(page: Path) -> None:
    """Of every `linktrack WORD …` in a text: the word, and below a group the next one."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\s+", " ", prose)
    for named in re.findall(r"`linktrack ((?:[a-z][a-z-]* ?)+)", text):
        command: click.Command = main
        context = click.Context(main)
        for word in named.split():
            if not isinstance(command, click.Group):
                break
            found = command.get_command(context, word)
            assert found is not None, named
            command = found
