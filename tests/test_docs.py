"""What the pages of the documentation say of each other is true."""

import re
import subprocess
import sys
from pathlib import Path

import dependencies
import pytest
from paths import REPOSITORY

DOCS = REPOSITORY / "docs"
DECISIONS = DOCS / "decisions"
PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])


def headings(page: Path) -> list[str]:
    """Return the headings of a page, leaving out comments in its examples."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def anchor(heading: str) -> str:
    """Return the part of an address behind # that leads to a heading."""
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def test_decisions_are_numbered_as_their_files_without_a_gap() -> None:
    """The heading begins with the number that the file's name begins with."""
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [file.name[:4] for file in files] == [f"{n:04}" for n in range(1, len(files) + 1)]
    for file in files:
        assert headings(file)[0].startswith(f"{file.name[:4]}. "), file.name


def test_the_index_of_decisions_names_each_by_its_heading() -> None:
    """A decision that is added gets a line there."""
    rows = re.findall(
        r"^\| (\d{4}) \| \[(.+?)\]\((.+?)\) \| .+ \|$",
        (DECISIONS / "README.md").read_text(),
        re.MULTILINE,
    )
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [(f"{number}. {title}", name) for number, title, name in rows] == [
        (headings(file)[0], file.name) for file in files
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """To a file or folder that is there, and to a heading that it has."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        name, _, wanted = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), target
        if wanted:
            assert wanted in {anchor(heading) for heading in headings(found)}, target


def test_the_guide_s_index_names_every_page() -> None:
    """A page that is added to the guide is found there."""
    index = (DOCS / "guide" / "README.md").read_text()
    for page in (DOCS / "guide").glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index, page.name


def test_the_changelog_has_every_release() -> None:
    """A section with its date for each release whose database is kept, the newest first."""
    text = (REPOSITORY / "CHANGELOG.md").read_text()
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert sections[0] == "Unreleased"
    released = [re.fullmatch(r"(\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d", each) for each in sections[1:]]
    versions = [found[1] for found in released if found]
    assert len(versions) == len(released)
    kept = {path.stem for path in (REPOSITORY / "tests" / "fixtures").glob("*.json")}
    assert kept <= set(versions)


def test_every_test_that_the_page_of_attacks_names_is_there() -> None:
    """An answer to an attack that nothing checks is a hope."""
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "security.md").read_text()))
    found = {
        name
        for file in (REPOSITORY / "tests").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert len(named) > 20
    assert named - found == set()


def test_every_library_is_on_its_page_with_a_reason_and_its_licence() -> None:
    """As `make dependencies` looks: setup.cfg, the page, and what is installed say the same."""
    assert list(dependencies.differences()) == []
    quiet = [name for name, (reason, _, _) in dependencies.listed().items() if "*quiet*" in reason]
    assert sorted(quiet) == ["hashids", "twitter-text-parser", "user-agents"]


def test_what_make_says_of_libraries_can_be_run() -> None:
    """`make dependencies` ends well; it and `make sbom` name only what is there."""
    looked = subprocess.run(
        [sys.executable, "benchmarks/dependencies.py"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert looked.returncode == 0, looked.stdout + looked.stderr
    named = subprocess.run(
        ["make", "--dry-run", "dependencies", "sbom"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "benchmarks/dependencies.py --newer" in named.stdout
    assert "cyclonedx-py environment" in named.stdout
    for script in re.findall(r"python (\S+\.py)", named.stdout):
        assert (REPOSITORY / script).exists(), script


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_module_that_developers_are_sent_to_is_there(page: str) -> None:
    """A path is one of the repository or below linktrack/; a bare name is a module's somewhere."""
    named = set(re.findall(r"`([a-z_/]+\.py)`", (REPOSITORY / page).read_text()))
    rooms = [REPOSITORY / name for name in ("linktrack", "tests", "benchmarks", "migrations")]
    modules = [*REPOSITORY.glob("*.py"), *(path for room in rooms for path in room.rglob("*.py"))]
    files = [f"/{path.relative_to(REPOSITORY).as_posix()}" for path in modules]
    assert not [name for name in named if not any(file.endswith(f"/{name}") for file in files)]
