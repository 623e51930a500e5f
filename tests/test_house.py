"""How the tests themselves are built."""

import re
from pathlib import Path

HERE = Path(__file__).parent
TAKES = re.compile(r"^\s*(?:from|import) test_\w+", re.MULTILINE)
SLEEP = re.compile(r"^.*\b(?:time\.)?sleep\(.*$", re.MULTILINE)


def test_no_test_file_is_taken_from_by_another() -> None:
    """What several need stands in a module that is no test, or in conftest.py."""
    takers = [path.name for path in sorted(HERE.glob("*.py")) if TAKES.search(path.read_text())]
    assert takers == []


def test_a_sleep_says_why() -> None:
    """Tests take `wait_until`; where time itself is tested, that is said."""
    silent = [
        f"{path.name}: {found[0].strip()}"
        for path in sorted(HERE.glob("*.py"))
        for found in SLEEP.finditer(path.read_text())
        if path.name not in {"test_house.py", "waiting.py"} and "#" not in found[0]
    ]
    assert silent == []
