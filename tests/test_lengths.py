"""How long a text is on its network."""

from pathlib import Path

import pytest
import yaml

from linktrack.errors import Invalid, TooLarge
from linktrack.links.lengths import length
from linktrack.links.wrapping import MAX_TEXT
from linktrack.networks.network import Length
from linktrack.networks.records import TextLimits

BASE = "https://go.example.org"
FAMILY = "👩‍👩‍👧‍👦"  # seven code points, 25 bytes, one picture


def used(text: str, network: str, base_url: str = BASE) -> int:
    """Return the length alone."""
    return length(text, network, base_url).used


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("Hello", 5),
        ("e\u0301", 1),  # composed first
        ("日本", 4),
        ("🙂", 2),
        (FAMILY, 2),
        ("Hi http://test.co", 3 + 23),
        ("a.b.c. 1.5", 10),
        ("https://example.com/" + "a" * 300, 23),
        ("example.com, example.com", 23 + 2 + 23),
        (f"Hi {BASE}/Ab3dE.", 3 + 23 + 1),
        ("https://a.kids/x", 23),
        ("日" * 300 + ".", 601),
        ("a." * 20, 40),
    ],
)
def test_x_weighs_characters_and_counts_every_address_as_23(text: str, expected: int) -> None:
    """CJK and emoji count two, whatever they are made of."""
    assert length(text, "x", BASE) == Length(expected, 280, expected <= 280)


@pytest.mark.parametrize(
    ("base_url", "link"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/Ab3dE"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000/Ab3dE"),
        ("http://localhost:8000", "http://localhost:8000/Ab3dE"),
        ("http://[::1]:8000", "http://[::1]:8000/Ab3dE"),
        ("https://s.example/go", "https://s.example/go/Ab3dE"),
    ],
)
def test_x_counts_our_links_as_23_on_any_host_of_ours(base_url: str, link: str) -> None:
    """A trial on one's own machine counts as the real thing will."""
    assert used(f"Hi {link} and {link}!", "x", base_url) == 3 + 23 + 5 + 23 + 1


def test_x_counts_as_twitter_text_demands(shared_data: Path) -> None:
    """Every weighted length of its conformance suite, by the current rule for emoji."""
    suite = shared_data / "urls/twitter-text/conformance/validate.yml"
    tests = yaml.safe_load(suite.read_text())["tests"]
    cases = (
        tests["WeightedTweetsWithDiscountedEmojiCounterTest"]
        + tests["UnicodeDirectionalMarkerCounterTest"]
    )
    assert len(cases) == 24
    for case in cases:
        assert used(case["text"], "x") == case["expected"]["weightedLength"], case["description"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", 5),
        ("日本", 2),
        (FAMILY, 1),
        ("🇩🇪🇫🇷", 2),
        ("नमस्ते", 3),  # as the server counts it
        (f"Hi {BASE}/Ab3dE", 3 + 22 + 6),
    ],
)
def test_bluesky_counts_what_one_sees(text: str, expected: int) -> None:
    """Graphemes; an address has no discount."""
    assert length(text, "bluesky", BASE) == Length(expected, 300, fits=True)


def test_bluesky_has_a_limit_of_bytes_too() -> None:
    """120 families are 120 graphemes and exactly 3,000 bytes."""
    assert len(FAMILY.encode()) == 25
    assert length(FAMILY * 120, "bluesky", BASE) == Length(120, 300, fits=True)
    assert length(FAMILY * 120 + "a", "bluesky", BASE) == Length(121, 300, fits=False)
    assert length("a" * 300, "bluesky", BASE).fits
    assert not length("a" * 301, "bluesky", BASE).fits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", 5),
        ("日本", 2),
        (FAMILY, 1),
        ("https://example.com/" + "a" * 600, 23),
        ("http://a.co", 23),
        ("example.com", 11),  # no link there
        (f"Hi {BASE}/Ab3dE", 3 + 23),
        ("@jesse@mastodon.example hello", 6 + 6),
        ("(@jesse@mastodon.example) @ana", 1 + 6 + 1 + 5),
        ("jesse@mastodon.example", 22),  # an e-mail address
        ("https://mastodon.example.org/@jesse@other.example", 23),
    ],
)
def test_mastodon_counts_addresses_as_23_and_mentions_without_their_server(
    text: str, expected: int
) -> None:
    """Everything else in graphemes."""
    assert length(text, "mastodon", BASE) == Length(expected, 500, fits=expected <= 500)


def test_mastodon_counts_our_links_on_this_machine_as_23() -> None:
    """A number for a host is a link there."""
    assert used("Hi http://127.0.0.1:8000/Ab3dE", "mastodon", "http://127.0.0.1:8000") == 26


@pytest.mark.parametrize(("network", "limit"), [("x", 280), ("bluesky", 300), ("mastodon", 500)])
def test_what_is_left_becomes_negative_past_the_limit(network: str, limit: int) -> None:
    """The last character fits, the next one does not."""
    for extra in (-1, 0, 1):
        measured = length("a" * (limit + extra), network, BASE)
        assert measured.left == -extra
        assert measured.fits is (extra <= 0)


def test_other_places_have_no_limit() -> None:
    """A newsletter may be long."""
    measured = length("a" * 10_000, "other", BASE)
    assert (measured.used, measured.limit, measured.left) == (10_000, None, None)
    assert measured.fits


def test_a_server_of_mastodon_may_take_more() -> None:
    """And count addresses by a length of its own."""
    text = f"{'a' * 600} https://example.org/a-long-address"
    assert length(text, "mastodon", BASE, TextLimits(1000, 30)) == Length(631, 1000, fits=True)
    assert length("a" * 300, "x", BASE, TextLimits(1000, 30)).limit == 280


def test_texts_that_cannot_be_wrapped_have_no_length() -> None:
    """The same refusals as for wrapping."""
    with pytest.raises(TooLarge):
        length("a" * (MAX_TEXT + 1), "bluesky", BASE)
    with pytest.raises(Invalid):
        length("a", "myspace", BASE)
    with pytest.raises(Invalid):
        length("\x00", "x", BASE)
