"""Finding the addresses of a text and putting short ones in their place."""

import gzip
import json
import re
import time
from pathlib import Path
from typing import TypedDict

import pytest
import yaml
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from linktrack.errors import Invalid, TooLarge
from linktrack.links.wrapping import (
    MAX_TEXT,
    Address,
    destinations,
    find_addresses,
    replace,
)
from linktrack.networks.registry import NETWORKS, network_of

BASE = "https://go.example.org"
BASES = (BASE, "http://127.0.0.1:8000", "https://example.org/go", "http://localhost:8000")

every_network = pytest.mark.parametrize("network", NETWORKS)


class ExtractCase(TypedDict):
    """One case of twitter-text's extract.yml."""

    description: str
    text: str
    expected: list[str | dict[str, object]]


def found(text: str, network: str, base_url: str = BASE) -> list[str]:
    """Return the addresses as they are written in the text."""
    return [address.written for address in find_addresses(text, network, base_url)]


def wrap(text: str, network: str, base_url: str = BASE) -> str:
    """Wrap a text as the product does, with codes in order."""
    addresses = find_addresses(text, network, base_url)
    numbered = enumerate(destinations(addresses), 1)
    return replace(text, addresses, {to: f"{base_url}/c{number}" for number, to in numbered})


@pytest.mark.parametrize(
    ("section", "count"),
    [
        ("urls", 91),
        ("urls_with_indices", 10),
        ("urls_with_directional_markers", 2),
        ("tco_urls_with_params", 5),
    ],
)
def test_x_finds_what_twitter_text_demands(shared_data: Path, section: str, count: int) -> None:
    """Every case of twitter-text's own conformance suite, addresses and positions."""
    suite = shared_data / "urls/twitter-text/conformance/extract.yml"
    cases: list[ExtractCase] = yaml.safe_load(suite.read_text())["tests"][section]
    assert len(cases) == count
    for case in cases:
        text = case["text"]
        spans = [(start, end) for start, end, _ in network_of("x").detect(text)]
        expected = case["expected"]
        if expected and isinstance(expected[0], dict):
            wanted = [{"url": text[start:end], "indices": [start, end]} for start, end in spans]
            assert wanted == expected, case["description"]
        else:
            assert [text[start:end] for start, end in spans] == expected, case["description"]


@pytest.mark.parametrize("top_level", ["amazon", "kids", "merck", "music", "spa", "web"])
def test_x_finds_top_level_domains_younger_than_its_library(top_level: str) -> None:
    """With http:// or https:// in front; a bare one is text."""
    address = f"https://shop.example.{top_level}/a?b=c"
    assert found(f"See {address}, or shop.example.{top_level}!", "x") == [address]
    assert found(f"https://shop.example.{top_level}x/", "x") == []
    assert found(f"https://shop.example.{top_level}@x/", "x") == []


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("x", ["https://a.example.com/x", "example.net"]),
        ("bluesky", ["https://a.example.com/x", "example.net", "http://1.2.3.4/"]),
        ("mastodon", ["https://a.example.com/x"]),
        ("other", ["https://a.example.com/x", "example.net", "http://1.2.3.4/"]),
    ],
)
def test_each_network_finds_links_its_own_way(network: str, expected: list[str]) -> None:
    """A bare host is no link on Mastodon, a number none there and on X; other schemes are text."""
    text = (
        "See https://a.example.com/x, example.net or http://1.2.3.4/ not jane.do@example.com,"
        " ftp://example.com/x mailto:a@b.com //example.com javascript:alert(1) @me #tag"
    )
    assert found(text, network) == expected


@pytest.mark.parametrize(
    ("network", "scheme"), [("x", "http"), ("bluesky", "https"), ("other", "http")]
)
def test_an_address_without_a_scheme_gets_that_of_its_network(network: str, scheme: str) -> None:
    """The destination has a scheme, the text need not."""
    text = "🙂 é example.com/a"
    assert find_addresses(text, network, BASE) == [
        Address(4, 17, "example.com/a", f"{scheme}://example.com/a")
    ]


@pytest.mark.parametrize("network", ["x", "bluesky", "other"])
def test_a_handle_in_a_path_is_no_e_mail_address(network: str) -> None:
    """An @ counts only before the first slash."""
    assert found("jane.do@example.com example.com/@jane", network) == ["example.com/@jane"]


@every_network
def test_positions_are_code_points(network: str) -> None:
    """Emoji and accents before and between addresses do not shift them."""
    text = "👩‍👩‍👧 é http://example.com/ü 🙂 http://example.com/b 日本"
    addresses = find_addresses(text, network, BASE)
    assert [text[a.start : a.end] for a in addresses] == [a.written for a in addresses]
    assert [a.destination for a in addresses] == [
        "http://example.com/%C3%BC",
        "http://example.com/b",
    ]


@every_network
def test_the_same_address_twice_is_one_destination(network: str) -> None:
    """In order of first appearance, and both places get the short address."""
    text = "http://b.com/ http://a.com/ http://b.com/"
    assert destinations(find_addresses(text, network, BASE)) == ["http://b.com/", "http://a.com/"]
    assert wrap(text, network) == f"{BASE}/c1 {BASE}/c2 {BASE}/c1"


@every_network
@pytest.mark.parametrize(
    ("base_url", "own"),
    [
        (BASE, "https://go.example.org/Ab3"),
        (BASE, "HTTP://GO.example.org/Ab3?x=http://example.com/"),
        (BASE, "go.example.org/Ab3"),
        (BASE, "go.example.org"),
        (BASE, "https://go.example.org:443/Ab3+"),
        (BASE, "https://go.example.org./Ab3"),
        ("https://GO.Example.org/", "https://go.example.org/Ab3"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/Ab3"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000/Ab3"),
        ("http://127.0.0.1:8000", "https://127.0.0.1:8000/a.b.com"),
        ("http://[::1]:8000", "http://[::1]:8000/Ab3"),
        ("https://example.org/go", "https://example.org/go/Ab3"),
        ("https://example.org/go/", "example.org/go"),
        ("https://bücher.de", "https://xn--bcher-kva.de/Ab3"),
        ("https://xn--bcher-kva.de", "http://bücher.de/Ab3"),
    ],
)
def test_our_own_links_are_left_alone(network: str, base_url: str, own: str) -> None:
    """With any scheme or none, in any case, whatever the network makes of the host."""
    assert found(own, network, base_url) == []
    text = f"({own}) “{own}” http://example.com/a {own}. {own}"
    assert found(text, network, base_url) == ["http://example.com/a"]


@every_network
@pytest.mark.parametrize(
    ("base_url", "foreign"),
    [
        (BASE, "https://go.example.org.evil.com/Ab3"),
        (BASE, "https://notgo.example.org/Ab3"),
        (BASE, "https://not-go.example.org/Ab3"),
        (BASE, "https://a.go.example.org/Ab3"),
        (BASE, "https://go.example.org.com/"),
        (BASE, "https://example.com/go.example.org/Ab3"),
        (BASE, "https://example.com/?u=https://go.example.org/Ab3"),
        (BASE, "https://example.com/https://go.example.org/Ab3"),
        ("https://example.org/go", "https://example.org/other"),
        ("https://example.org/go", "https://example.org/gone"),
        ("https://example.org/go", "https://example.org/Go/x"),
        ("https://example.org/go", "https://example.org/go.html"),
        ("https://example.org:8000", "https://example.org:8001/x"),
        ("https://example.org:8000", "https://example.org/x"),
    ],
)
def test_what_only_looks_like_ours_is_wrapped(network: str, base_url: str, foreign: str) -> None:
    """A longer host, another port or path, or our link as a part of another address."""
    assert found(f"See {foreign} there", network, base_url) == [foreign]


@pytest.mark.parametrize("network", ["bluesky", "other"])
@pytest.mark.parametrize("user", ["go.example.org", "go.example.org:pw", "go.example.org!"])
def test_our_host_as_a_user_name_is_not_ours(network: str, user: str) -> None:
    """What stands after the @ is where the link leads; X and Mastodon make no link of it."""
    foreign = f"https://{user}@evil.com/x"
    assert found(foreign, network) == [foreign]
    assert found(foreign, "x") == found(foreign, "mastodon") == []


@every_network
def test_further_hosts_of_ours_are_left_alone(network: str) -> None:
    """A short domain of earlier days stays ours."""
    text = "https://old.example.org/x http://go.example.org/x http://new.example.org/x"
    addresses = find_addresses(text, network, BASE, ["old.example.org"])
    assert [address.written for address in addresses] == ["http://new.example.org/x"]


@every_network
def test_other_schemes_never_become_destinations(network: str) -> None:
    """Whatever of such a text a network links leads to a web page."""
    text = (
        "javascript:alert(1)//example.com/ JAVASCRIPT:http://example.com/ data:text/html,a.com"
        " vbscript:example.com file:///etc/example.com ftp://example.com intent://example.com/#a;end"
    )
    for address in find_addresses(text, network, BASE):
        assert address.destination.startswith(("http://", "https://"))


@pytest.mark.parametrize("network", ["bluesky", "other"])
def test_an_address_no_browser_opens_is_refused(network: str) -> None:
    """The person hears which one, and nothing is wrapped."""
    with pytest.raises(Invalid, match=r"“http://999\.999\.999\.999”"):
        find_addresses("http://example.com/ http://999.999.999.999", network, BASE)


@every_network
@pytest.mark.parametrize("character", ["\x00", "\ud800"])
def test_what_cannot_be_stored_is_refused(network: str, character: str) -> None:
    """NUL characters and halves of characters."""
    with pytest.raises(Invalid, match="take it out"):
        find_addresses(f"a {character} b", network, BASE)


@every_network
def test_a_text_has_a_longest_length(network: str) -> None:
    """The longest is taken, one character more is not."""
    assert find_addresses("a" * MAX_TEXT, network, BASE) == []
    with pytest.raises(TooLarge, match=r"25,001 characters long; shorten it"):
        find_addresses("a" * (MAX_TEXT + 1), network, BASE)


def test_an_unknown_network_is_refused() -> None:
    """The sentence names those there are."""
    with pytest.raises(Invalid, match="choose one of x, bluesky, mastodon, other"):
        find_addresses("a", "myspace", BASE)


@every_network
@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/" + "eyJ0-_aB." * 60 + "x.y.",
        "http://example.com/" + "a.b." * 30 + "z?q=" + "1.2-3_" * 60 + "z",
    ],
)
def test_long_paths_are_found_whole(network: str, address: str) -> None:
    """What keeps the finders from endless work does not shorten a real address."""
    text = f"see {address} there"
    assert found(text, network) == [address.rstrip(".")]


@every_network
def test_addresses_beside_long_lines_of_dots_and_long_words_are_found(network: str) -> None:
    """Leaders, rules and paragraphs without a space."""
    text = f"a{'.' * 40} http://a.com/ {'日本語' * 100}、 http://b.com/ {'-' * 300} http://c.com/"
    assert found(text, network) == ["http://a.com/", "http://b.com/", "http://c.com/"]


def test_x_finds_an_address_behind_a_long_paragraph_without_spaces() -> None:
    """Japanese needs no space before an address."""
    text = "日本語。" * 100 + "http://a.com/x" + "日本語。" * 100 + "b.com" + "日本語。" * 100
    assert found(text, "x") == ["http://a.com/x", "b.com"]
    assert found("wait" + "." * 30 + "http://a.com/", "x") == ["http://a.com/"]


@every_network
@pytest.mark.parametrize(
    "unit",
    ["a.", "日.", "a.com=", "=a.comé", "a-a.", "xn--a.", "http://xn--a.xn--b.", "http://", "(",
     "@", "http://a.com/(", "a.com ", "日本語.テスト.", "www.", f"{BASE}/(", f"{BASE},",
     "a@xn--a."],
)  # fmt: skip
def test_no_text_takes_for_ever(network: str, unit: str) -> None:
    """Without the bounds these take minutes, or until the end of time."""
    network_of(network).detect("http://a.kids")  # imports
    text = (unit * MAX_TEXT)[:MAX_TEXT]
    begun = time.process_time()
    try:
        find_addresses(text, network, BASE)
    except Invalid as refused:
        sentence = refused.sentence
        assert "characters long" in sentence or "No browser can open" in sentence
    assert time.process_time() - begun < 20


@every_network
def test_naughty_strings_are_wrapped_or_refused_with_a_sentence(
    shared_data: Path, network: str
) -> None:
    """No string of the list ends in another exception, alone or beside an address."""
    strings = json.loads((shared_data / "urls/blns/blns.json").read_text())
    assert len(strings) > 500
    for string in strings:
        for text in (string, f"{string} http://example.com/ {string}"):
            assert_wrapping_holds(text, network, BASE)


@every_network
def test_real_posts_are_wrapped_once(shared_data: Path, network: str) -> None:
    """Posts people wrote: t.co links, mentions, emoji, many languages."""
    (file,) = shared_data.glob("social/x_archive_*/data/tweets.js*")
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8") as archive:
        content = archive.read()
    texts = [row["tweet"]["full_text"] for row in json.loads(content[content.index("[") :])]
    assert sum(assert_wrapping_holds(text, network, BASE) for text in texts) > 300


def assert_wrapping_holds(text: str, network: str, base_url: str) -> int:
    """Wrap and check: safe destinations, nothing else touched, and a second time nothing to do.

    Returns the number of addresses.
    """
    try:
        addresses = find_addresses(text, network, base_url)
    except Invalid as refused:
        sentence = refused.sentence
        assert sentence.endswith(".")
        assert len(sentence) < 250
        return 0
    between = []
    position = 0
    for address in addresses:
        assert position <= address.start < address.end
        assert address.written == text[address.start : address.end]
        assert address.destination.isascii()
        assert address.destination.lower().startswith(("http://", "https://"))
        between.append(text[position : address.start])
        position = address.end
    between.append(text[position:])
    short = {to: f"{base_url}/c{n}" for n, to in enumerate(destinations(addresses))}
    wrapped = replace(text, addresses, short)
    rest = wrapped
    for kept, address in zip(between, addresses, strict=False):
        assert rest.startswith(kept + short[address.destination])
        rest = rest[len(kept + short[address.destination]) :]
    assert rest == between[-1]
    # Where something is written directly behind an address, a network may read on behind our link
    # though it had ended the old one (X and Mastodon end one of t.co with its code), and with it
    # skip or see what follows.
    if all(re.match(r"[\s,.!?)\]”\"'<>]*(\s|$)", text[address.end :]) for address in addresses):
        assert find_addresses(wrapped, network, base_url) == []
    return len(addresses)


pieces = st.one_of(
    st.sampled_from(
        [
            "http://example.com/a", "https://example.com", "example.com", "HTTP://EXAMPLE.com/B",
            "https://t.co/abc", "https://t.co/abc?x=1", "http://t.co/abc/d", "http://bücher.de/ü",
            "https://go.example.org/c1", "go.example.org", "http://127.0.0.1:8000/c1",
            "https://example.org/go/c1", "https://example.org/go", "https://example.org",
            "https://go.example.org.evil.com/", "@evil.com", "localhost:8000", "http://a.kids/x",
            "http://", "https:", "//", "javascript:", "mailto:", "me@example.com", "@me", "#tag",
            "$", "www.", ".com", "xn--", "日本語", "、", "。", "é", "я", "🙂", "\u202e", "\u200b",
            "(", ")", "[", "]", "“", "”", "'", '"', "<", ">", ",", ".", "…", "!", "?", "=", "%",
            "/", ":", "-", "_", "^", "|", "~", "&", ";", "\\", "\n", "\r\n", "\t", " ", " ", " ",
        ]
    ),
    # Control characters are in no text that a person posts, and X's own pattern skips over some.
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "network", "base_url"),
    [
        ("http://a.com/ahttp://\nhttp://b.com/a", "x", BASE),
        ("http://t.co/abc%b.com", "x", "http://127.0.0.1:8000"),
        ("https://t.co/abcя.рф", "x", "http://127.0.0.1:8000"),
        ("http://a.com、http://b.com", "other", BASE),
        ("http://a.com日http://b.com", "mastodon", BASE),
        ("$http://a.com日http://b.com", "bluesky", BASE),
        ("$http://a.com/a[http://b.com/a", "bluesky", BASE),
        ("http://a.com/a🙂.com.com", "x", BASE),
        ("0go.example.org\x80Àgo.example.org", "x", "https://go.example.org"),
        ("https://t.co/abc🙂http://example.com/a", "mastodon", BASE),
    ],
)
def test_what_is_written_directly_behind_an_address_is_no_address_the_second_time(
    text: str, network: str, base_url: str
) -> None:
    addresses = find_addresses(text, network, base_url)
    short = {to: f"{base_url}/c{n}" for n, to in enumerate(destinations(addresses))}
    assert find_addresses(replace(text, addresses, short), network, base_url) == []


@settings(max_examples=examples(400), deadline=None)
@given(
    text=st.lists(pieces, max_size=10).map("".join),
    network=st.sampled_from(NETWORKS),
    base_url=st.sampled_from(BASES),
)
def test_wrapping_again_changes_nothing(text: str, network: str, base_url: str) -> None:
    """Whatever the text, on every network and under every kind of base address."""
    assert_wrapping_holds(text, network, base_url)
