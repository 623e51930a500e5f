"""The house keeps its measures: few packages, small rooms, small modules, no circles."""

from house import measure


def test_no_room_and_no_module_is_beyond_its_measure() -> None:
    """What benchmarks/house.py prints is within the measures that docs/architecture.md names."""
    assert measure().complaints == []
