"""Reading the HTML of posts on Mastodon, whatever a server sends."""

import time

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from linktrack.networks.mastodon.content import read_content

pieces = st.one_of(
    st.sampled_from(
        [
            "<", ">", "<a", "</a>", "<a href='https://a.com'>", "<p>", "</p>", "<br>", "<![",
            "<!--", "-->", "<!DOCTYPE", "<?", "&", "&#", "&lt;", "&#x41;", "</", "</x", "'", '"',
            '<span class="quote-inline">', '<p class="quote-inline">', "</span>", "]]>", "=", " ",
        ]
    ),
    st.text(max_size=4),
)  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(pieces, max_size=20).map("".join))
def test_no_html_is_more_than_can_be_read(html: str) -> None:
    """Python's parser raises AssertionError for some of what begins like a declaration."""
    content = read_content(html)
    assert isinstance(content.text, str)


@pytest.mark.parametrize(
    "piece",
    ["<a", "<a href='", "</x", "<![", "<!--", "&#", '<i class="quote-inline">', "<p>", "@a."],
)
def test_100_kb_of_html_made_to_be_slow_are_read_at_once(piece: str) -> None:
    """Reading "<a<a<a…" took 25 s: its time grew with the square of the text."""
    html = piece * (100_000 // len(piece))
    begun = time.process_time()
    read_content(html)
    assert time.process_time() - begun < 3


def test_a_long_run_of_spaces_is_read_at_once() -> None:
    """Each space was tried as the first before a new line: 100 KB took 7 s."""
    html = f"<p>a{' ' * 100_000}b \n c</p>"
    begun = time.process_time()
    assert read_content(html).text == f"a{' ' * 100_000}b c"
    assert time.process_time() - begun < 3


def test_an_angle_that_begins_no_tag_is_text() -> None:
    assert read_content("<p>1 < 2 <3</p>").text == "1 < 2 <3"
