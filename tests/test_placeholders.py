"""Placeholders of newsletters in texts made to be slow."""

import time

import pytest

from linktrack.networks.addresses import find_addresses
from linktrack.networks.placeholders import MOST, placeholders


@pytest.mark.parametrize(("opening", "closing"), [("{{", "}}"), ("{%", "%}"), ("<%", "%>")])
def test_thousands_that_open_and_one_that_closes_far_behind_are_read_at_once(
    opening: str, closing: str
) -> None:
    """Each was looked for to the end of the text: 400 KB took 20 s."""
    text = f"{opening}a" * 130_000 + " " * MOST + closing
    begun = time.process_time()
    assert placeholders(text) == []
    assert time.process_time() - begun < 3


def test_thousands_of_placeholders_beside_addresses_are_read_at_once() -> None:
    """Each address was compared with each placeholder: 200 KB took 10 s."""
    text = "{{a}} a.com {{b.com}} " * 10_000
    begun = time.process_time()
    assert len(find_addresses(text, bare=True)) == 10_000
    assert time.process_time() - begun < 3


def test_a_placeholder_has_a_longest_length() -> None:
    fits = "{{" + "a" * (MOST - 4) + "}}"
    assert placeholders(f"x {fits}") == [(2, 2 + MOST)]
    assert placeholders("{{a" + fits[2:]) == []
    assert placeholders("{{{a}}} {{b}}") == [(0, 7), (8, 13)]
