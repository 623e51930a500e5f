"""The house keeps its measures: few packages, small rooms, small modules, no circles."""

import ast

from house import SOURCE, measure

MOST_BY_POSITION = 5
LISTS_OF_LIKE_THINGS = {"Table", "select", "datetime", "format"}  # columns, parts of a date, gaps


def test_no_room_and_no_module_is_beyond_its_measure() -> None:
    """What benchmarks/house.py prints is within the measures that docs/architecture.md names."""
    assert measure().complaints == []


def test_a_call_names_its_values_where_there_are_many() -> None:
    """At most five are given by position: two of the same type are soon swapped unseen."""
    long_calls = [
        f"{path.relative_to(SOURCE)}:{call.lineno} {ast.unparse(call.func)}"
        for path in sorted(SOURCE.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and len(call.args) > MOST_BY_POSITION
        and ast.unparse(call.func).rpartition(".")[2] not in LISTS_OF_LIKE_THINGS
        and not any(isinstance(value, ast.Starred) for value in call.args)
    ]
    assert long_calls == []
