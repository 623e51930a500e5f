"""Cutting what is long into parts."""

from hypothesis import given
from hypothesis import strategies as st

from linktrack.chunks import chunked


@given(st.lists(st.integers()), st.integers(1, 5))
def test_the_parts_are_the_whole_in_its_order(values: list[int], size: int) -> None:
    """All are full but the last; nothing has no part."""
    parts = list(chunked(values, size))
    assert [value for part in parts for value in part] == values
    assert all(len(part) == size for part in parts[:-1])
    assert all(parts)


def test_no_more_is_taken_than_is_asked_for() -> None:
    """A long reading is worked in part by part."""
    values = iter(range(5))
    assert next(chunked(values, 2)) == [0, 1]
    assert next(values) == 2
