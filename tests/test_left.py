"""What of a text is wrapped, what is left, and what is said of it."""

import json
import re
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from linktrack.errors import Invalid
from linktrack.links.words import may_be_words
from linktrack.links.wrapping import left_in, read_text, replace
from linktrack.networks.registry import NETWORKS, network_of

BASE = "https://go.example.org"

every_network = pytest.mark.parametrize("network", NETWORKS)


def wrapped(text: str, network: str) -> list[str]:
    """Return where the links of a text lead."""
    return [address.destination for address in read_text(text, network, BASE).addresses]


def left(text: str, network: str) -> dict[str, str]:
    """Return what is not wrapped, with the reasons."""
    return {one.address: one.why for one in read_text(text, network, BASE).not_wrapped}


# Mastodon's own rule


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("👉https://example.com/a end", ["https://example.com/a"]),
        ("見てhttps://example.com/a です", ["https://example.com/a"]),
        ("「https://example.com/a」", ["https://example.com/a"]),
        ("«https://example.com/q»", ["https://example.com/q»"]),
        ("See https://example.com/a|| or https://example.com/a_", None),
        ("https://ja.wikipedia.org/wiki/日本語", ["https://ja.wikipedia.org/wiki/日本語"]),
        ("https://example.com/a?b=c} x", ["https://example.com/a?b=c"]),
        ("https://example.com/a#d{ x", ["https://example.com/a#d{"]),
        ("http://example.org/Primer_(film)_(a_(b))", None),
        ("http://example.org/a_(日本)", ["http://example.org/a_"]),
        ("http://example.org/a_(日本)/b", ["http://example.org/a_(日本)/b"]),
        ("9https://example.com/a @https://example.com/a #https://example.com/a", []),
        ("https://user:pw@example.com/a http://1.2.3.4/ http://localhost/ http://no-tld", []),
        ("http://twitter_underscore.com http://-a.example.com http://a-.example.com", []),
        ("http://a_b.c-d.com", ["http://a_b.c-d.com"]),
        ("https://example.comé https://example.com日本", ["https://example.com"] * 2),
        (
            "http://foobar.みんな/ http://foobar.中国/",
            ["http://foobar.みんな/", "http://foobar.中国/"],
        ),
        ("http://xn--はじめよう.com/index.html", None),
        ("example.com/https://example.org/a", []),
        ("https://t.co/UqIyJAJTfo?type=js", ["https://t.co/UqIyJAJTfo"]),
        ("http://domain.com-that-needs-a-space", ["http://domain.com"]),
        ("a\nhttps://example.com\r\nhttps://example.org:8080/?#", None),
        ("\u202ahttp://example.com/ \u2067http://example.com/", ["http://example.com/"]),
        ("https://shop.example.kids/a", ["https://shop.example.kids/a"]),
    ],
)
def test_mastodon_links_what_its_own_rule_says(text: str, links: list[str] | None) -> None:
    """By twitter-text under Mastodon's constants; None: every word with a scheme, as it stands."""
    if links is None:
        links = {
            "See": ["https://example.com/a", "https://example.com/a_"],
            "a": ["https://example.com", "https://example.org:8080/?#"],
        }.get(text.split()[0], [text])
    assert [address for _, _, address in network_of("mastodon").detect(text)] == links


def test_mastodon_links_what_ruby_links(shared_data: Path) -> None:
    """435 texts with what ruby-twitter-text finds under Mastodon's constants."""
    file = shared_data.parent / "cases/wrapping/mastodon_links.jsonl"
    if not file.is_file():
        pytest.skip("The texts are not here.")
    for line in file.read_text().strip().split("\n"):
        case = json.loads(line)
        assert [list(found) for found in network_of("mastodon").detect(case["text"])] == (
            case["links"]
        ), case["text"]


# Our own rule, for newsletters and groups


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Look 👉https://example.com/story", ["https://example.com/story"]),
        ("Worth reading https://example.com/abc: a great story", ["https://example.com/abc"]),
        ("https://example.com👈 our site", ["https://example.com"]),
        ("見てexample.com/aです", ["http://example.com/a"]),
        ("_https://example.com/u_ **https://example.com/b** ~~https://example.com/c~~|", None),
        ("“https://example.com/u” «https://example.com/b» 「https://example.com/c」。", None),
        ("(https://example.com/u) [x](https://example.com/b) {https://example.com/c}", None),
        ("https://example.com/a_(b) https://example.com/c]", None),
        ("https://example.com/日本語", ["https://example.com/%E6%97%A5%E6%9C%AC%E8%AA%9E"]),
        ("https://example.com\u200e is ours", ["https://example.com"]),
        ("https://example.com/a\u200b", ["https://example.com/a"]),
        ("https://example.com/it's", ["https://example.com/it"]),
        ("ahttps://example.com 9https://example.com", []),
        ("![Header](https://example.com/h.jpg) <img src='https://example.com/h.jpg'>", []),
        ('<a href="https://example.com/?a=1&amp;b=2">Read</a>', ["https://example.com/?a=1&b=2"]),
        ("https://example.com/?id={{ subscriber.id }} Hi {{ person.name }}!", []),
        ("https://example.com/*|ID|* https://example.com/?u=%%id%%", []),
        ("jane@example.com ftp://example.com/x //example.com", []),
        ("http://localhost:8000/x http://[::1]:8080/a http://1.2.3.4", None),
    ],
)
def test_a_newsletter_links_what_a_careful_reader_would(text: str, links: list[str] | None) -> None:
    """None: what stands between the marks."""
    expected = {
        "_": ["https://example.com/u", "https://example.com/b", "https://example.com/c"],
        "“": ["https://example.com/u", "https://example.com/b", "https://example.com/c"],
        "(": ["https://example.com/u", "https://example.com/b", "https://example.com/c"],
        "h": ["https://example.com/a_(b)", "https://example.com/c"],
    }
    if links is None:
        is_local = text.startswith("http:")
        links = text.split() if is_local else expected[text[0]]
    assert wrapped(text, "other") == links


def test_bluesky_gets_links_where_its_app_would_miss_them() -> None:
    """Linktrack writes the links of a post itself."""
    text = "👉https://example.com/a 「https://example.com/b」 これはhttps://example.com/c です"
    assert wrapped(text, "bluesky") == [f"https://example.com/{letter}" for letter in "abc"]


# What is left is named


@every_network
def test_an_address_that_is_cut_off_is_named(network: str) -> None:
    """It would lead nowhere. Three dots, or a name alone before them, are how a sentence ends."""
    ((address, why),) = left("See https://example.com/a-long-pa… there", network).items()
    assert address.startswith("https://example.com/a-long-pa")
    assert why.startswith("It is cut off with “…”")
    assert wrapped("See https://example.com/a-long-pa… there", network) == []
    assert left("See https://example.com/a...", network) == {}


@every_network
@pytest.mark.parametrize(
    "text", ["http://https://example.com/a", "https://http://example.com/a", "http://http//a.com"]
)
def test_two_schemes_are_named(network: str, text: str) -> None:
    """Nobody means a site called https."""
    assert wrapped(text, network) == []
    assert list(left(f"See {text} there", network)) == [text]


def test_a_path_that_its_network_cuts_is_named() -> None:
    """X ends an address before a letter that it lets stand in no path."""
    wiki = "https://ja.wikipedia.org/wiki/日本語"
    assert wrapped(wiki, "x") == []
    assert left(wiki, "x") == {
        wiki: "X ends the link before “日”: write the rest as a browser copies it, with %."
    }
    assert wrapped("https://example.com/aです", "x") == ["https://example.com/a"]
    assert list(left("https://example.com/aです", "x")) == ["https://example.com/aです"]


@pytest.mark.parametrize("network", ["mastodon", "bluesky"])
def test_hidden_characters_are_taken_out_of_an_address(network: str) -> None:
    """Zero-width ones, and marks of direction, which come along with what is copied."""
    text = "See https://example.com/a\u200bb\u200e there"
    assert wrapped(text, network) == ["https://example.com/ab"]


@pytest.mark.parametrize("network", ["x", "mastodon", "other"])
def test_an_address_that_its_network_does_not_know_is_named(network: str) -> None:
    """With what to do about it."""
    ((address, why),) = left("So9https://example.com/a, there", network).items()
    assert address == "https://example.com/a"
    assert why.endswith(": write a space before it.")


def test_pictures_and_placeholders_are_named() -> None:
    """A newsletter has both, and neither is wrapped."""
    text = "![H](https://example.com/h.jpg) https://example.com/?id={{ subscriber.id }}"
    picture, placeholder = left(text, "other").items()
    assert picture == (
        "https://example.com/h.jpg",
        "It is the address of a picture, which nobody follows.",
    )
    assert placeholder[0] == "https://example.com/?id={{"
    assert placeholder[1] == "It contains a placeholder, so nobody knows yet where it will lead."


@every_network
def test_our_own_links_and_mail_addresses_are_not_named(network: str) -> None:
    """Neither was to be wrapped."""
    assert left(f"{BASE}/abc go.example.org/x me@example.com mailto:a@b.com", network) == {}


def test_a_text_that_would_be_refused_today_has_nothing_to_name() -> None:
    """It was wrapped by an earlier rule."""
    with pytest.raises(Invalid):
        read_text("http://999.999.999.999 9https://a.com", "other", BASE)
    assert left_in("http://999.999.999.999 9https://a.com", "other", BASE) == ()


# Words stay words


@pytest.mark.parametrize(
    "words", ["notes.md", "main.rs", "app.py", "sentence.It", "Dr.No", "10.30.am", "great.news",
              "main.rs/lib.rs", "settings.app", "run.sh", "Example.Com", "archive.zip", "10.kg",
              "end.So/what"],
)  # fmt: skip
def test_words_and_files_stay_as_they_are(words: str) -> None:
    """On every network, and where it makes a link of them that is said."""
    assert may_be_words(words)
    for network in NETWORKS:
        assert wrapped(f"See {words} there", network) == []
        if any("://" not in words for _ in network_of(network).detect(f"See {words} there")):
            assert words in left(f"See {words} there", network)


@pytest.mark.parametrize(
    "name", ["example.com", "example.de/a", "www.example.it", "youtu.be/abc", "EXAMPLE.COM",
             "bsky.app/about", "163.com", "t.me/x", "shop.example.co.uk", "example.org/notes.md"],
)  # fmt: skip
@pytest.mark.parametrize("network", ["x", "bluesky", "other"])
def test_names_that_can_be_nothing_else_are_wrapped(network: str, name: str) -> None:
    """Without a scheme, where the network makes a link of them."""
    assert not may_be_words(name)
    if network_of(network).detect(f"See {name} there"):
        assert len(wrapped(f"See {name} there", network)) == 1


# Posts of the same network


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("x", "https://x.com/friend/status/1590000000000000001"),
        ("x", "https://twitter.com/friend/status/1590000000000000001?s=20"),
        ("x", "https://mobile.twitter.com/i/web/status/1590000000000000001"),
        ("x", "http://x.com/i/article/1590"),
        ("x", "https://x.com/you/status/1/photo/1"),
        ("bluesky", "https://bsky.app/profile/friend.bsky.social/post/3kxyz"),
        ("bluesky", "https://bsky.app/profile/did:plc:abc/post/3kxyz"),
        ("mastodon", "https://mastodon.example.com/@friend/112233445566778899"),
        ("mastodon", "https://mastodon.example.com/@friend@other.example.org/112233445566778899"),
        ("mastodon", "https://mastodon.example.com/users/friend/statuses/112233445566778899"),
    ],
)
def test_posts_of_the_same_network_are_quotes(network: str, address: str) -> None:
    """Left alone and not named; on another network they are links like others."""
    text = f"So true {address}"
    assert network_of(network).is_own_post(address)
    assert (wrapped(text, network), left(text, network)) == ([], {})
    for other in set(NETWORKS) - {network}:
        assert wrapped(text, other) == [address]


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("x", "https://x.com/friend"),
        ("x", "https://notx.com/friend/status/1"),
        ("bluesky", "https://bsky.app/profile/friend.bsky.social"),
        ("mastodon", "https://mastodon.example.com/@friend"),
        ("mastodon", "https://medium.com/@friend/a-story-123abc"),
    ],
)
def test_profiles_and_other_sites_are_links(network: str, address: str) -> None:
    """A quote is of a post alone."""
    assert wrapped(f"See {address} there", network) == [address]


# Nothing else is changed

marks = st.sampled_from(
    [
        "https://example.com/a", "http://example.com/日本", "example.com/b", "notes.md", "https://",
        "http://https://example.com", "https://x.com/a/status/1", "https://go.example.org/c1", "…",
        "https://example.com/{{ id }}", "![a](", ")", "「", "」", "👉", "\u200b", "\u200e",
        " ", "\n", "日本語", "é", "9", "_", "**", "&amp;", '<a href="', '"', ">", ".", ":", "，",
    ]
)  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@given(
    text=st.lists(st.one_of(marks, st.text(max_size=3)), max_size=10).map("".join),
    network=st.sampled_from(NETWORKS),
)
def test_wrapping_changes_nothing_but_the_addresses_that_it_names(text: str, network: str) -> None:
    """Every other character stays, and every http:// that stays is ours, a quote, or is named."""
    try:
        reading = read_text(text, network, BASE)
    except Invalid:
        return
    urls = {a.destination: f"{BASE}/c{n}" for n, a in enumerate(reading.addresses)}
    rest, written = replace(text, reading.addresses, urls), text
    for address in reversed(reading.addresses):
        short = urls[address.destination]
        tail = written[address.end :]
        assert rest.endswith(short + tail)
        rest = rest[: len(rest) - len(short + tail)]
        written = written[: address.start]
    assert rest == written
    for address in reading.addresses:
        text = text[: address.start] + " " * len(address.written) + text[address.end :]
    # What is written right behind a link of ours is a part of it.
    text = re.sub(r"https?://go\.example\.org[!-~À-ỿ]*", "", text)
    if re.search(r"https?://(?!https?:|x\.com)[a-z]", text):
        assert reading.not_wrapped
    for one in reading.not_wrapped:
        assert one.address
        assert one.why.endswith(".")
