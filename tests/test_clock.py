"""Time is a value: a door reads the clock, and hands the moment in."""

import ast
from functools import cache
from pathlib import Path
from typing import Final

import linktrack

HOUSE: Final = Path(linktrack.__file__).parent

DOORS: Final = ("cli/", "web/", "api/", "background.py", "service.py", "sync.py")
"""Doors and processes, where work begins."""

EXEMPT: Final = {
    "db.py": "it is the clock",
    "installation.py": "what workers ask every second begins there",
    "clicks/capture/bytes_lane.py": "an answer has the date of the second it is made in",
    "clicks/capture/losses.py": "the way of a click is handed no moment",
    "upkeep/doctor.py": "it compares this machine's clock with others'",
    "upkeep/probing.py": "it compares this machine's clock with others'",
    "scratch.py": "how old a folder is, is compared with the clock that dated it",
    "networks/": "how long to wait is counted from when a network answered",
}

READINGS: Final = {
    "now()", "this_moment()", "datetime.now", "datetime.utcnow", "date.today", "time.time",
    "time.time_ns",
}  # fmt: skip


def _reads_the_clock(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name in READINGS or f"{name}()" in READINGS


def _readings(path: Path) -> list[int]:
    tree = ast.parse(path.read_text())
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _reads_the_clock(node)
    ]


@cache
def _where() -> dict[str, list[int]]:
    modules = {path.relative_to(HOUSE).as_posix(): path for path in HOUSE.rglob("*.py")}
    found = {name: _readings(path) for name, path in modules.items()}
    return {name: lines for name, lines in found.items() if lines}


def test_no_capability_reads_the_clock() -> None:
    """They are handed `now`; what works for long is handed a clock."""
    allowed = (*DOORS, *EXEMPT)
    assert {name: lines for name, lines in _where().items() if not name.startswith(allowed)} == {}


def test_each_exemption_is_needed() -> None:
    """One whose module does not read the clock any more is taken off the list."""
    assert [name for name in EXEMPT if not any(each.startswith(name) for each in _where())] == []
