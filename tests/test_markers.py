"""Markers: signed cookies at / that say one thing and give no power."""

from hypothesis import given
from hypothesis import strategies as st

from linktrack.keys import Markers

OURS = Markers(b"k" * 32)


def test_a_marker_is_read_among_other_cookies() -> None:
    """Browsers send all cookies of the site in one header, in any order."""
    content = OURS.sign("linktrack_owner", "1")
    header = f"a=b; linktrack_owner={content}; linktrack_ownership=1.{content}"
    assert OURS.read("linktrack_owner", header) == "1"


def test_a_marker_is_worth_nothing_under_another_name_or_key() -> None:
    """What one says about itself cannot be moved to another marker or installation."""
    content = OURS.sign("linktrack_owner", "1")
    assert OURS.read("linktrack_hello", f"linktrack_hello={content}") is None
    assert Markers(b"x" * 32).read("linktrack_owner", f"linktrack_owner={content}") is None


@given(st.text(max_size=60))
def test_no_made_up_header_is_a_marker(made_up: str) -> None:
    """Any text a client may send is read without an error, and means nothing."""
    assert OURS.read("linktrack_owner", made_up) is None
    assert OURS.read("linktrack_owner", f"linktrack_owner={made_up}") is None
