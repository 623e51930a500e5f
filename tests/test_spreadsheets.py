"""Cells that a spreadsheet shows and never runs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linktrack.portability.files.spreadsheets import DANGEROUS, protect, restore

TEXTS = st.text() | st.text(alphabet="=+-@\t\r'a1")


@given(TEXTS)
@example("'")
@example("''=1")
def test_a_protected_text_comes_back_exactly(text: str) -> None:
    """Whatever the text, the mark is taken away again and nothing else."""
    assert restore(protect(text)) == text


@given(TEXTS)
def test_no_protected_text_begins_like_a_formula(text: str) -> None:
    """What a spreadsheet gets begins with a quote mark or with something harmless."""
    assert not protect(text).startswith(tuple(set(DANGEROUS) - {"'"}))


@pytest.mark.parametrize("text", ["=1+1", "+49", "-1", "@name", "\tx", "\rx", "'quoted"])
def test_dangerous_beginnings_get_a_quote_mark(text: str) -> None:
    """Each beginning that could start a formula is defused."""
    assert protect(text) == "'" + text


@pytest.mark.parametrize("text", ["", "name", "1 = 1", "https://example.org/?a=-1", "#1"])
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    """Nothing else is touched, in either direction."""
    assert protect(text) == text == restore(text)


def test_a_quote_mark_that_protects_nothing_stays() -> None:
    """A cell that begins with a quote mark of its own is not one of ours."""
    assert restore("'tis") == "'tis"
