"""What becomes a link, held against each network's own rule.

X and Bluesky: their own npm packages (tests/oracles). Mastodon: its own pattern (mastodonrule.py).
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from examples import examples
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mastodonrule import mastodon_links
from nodepackages import installed

from linktrack.networks.addresses import find_addresses
from linktrack.networks.network import Found
from linktrack.networks.registry import network_of

FOLDER = Path(__file__).parent / "oracles"
Ask = Callable[[str, str], list[Found]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Ask the networks' own packages, which a process of Node.js keeps."""
    folder = installed(FOLDER, "oracle.mjs", builds=False)
    with subprocess.Popen(
        ["node", "oracle.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        said, heard = process.stdin, process.stdout

        def asked(network: str, text: str) -> list[Found]:
            said.write(json.dumps({"network": network, "text": text}) + "\n")
            said.flush()
            return [(start, end, address) for start, end, address in json.loads(heard.readline())]

        yield asked
        said.close()


# Not among them: names that begin with "xn--" and are no such name, at which Python's idna gives up
# and which no browser opens. A name whose end is written from right to left has its scheme: without
# one, twitter-text-parser knows it only where nothing follows.
PARTS = st.sampled_from(
    [
        *("https://", "http://", "HTTPS://", "www.", "example.com", "example.org"),
        *("a.co.uk", "t.co", "foo-bar.de", "a.b.c.io", "bücher.de", "日本.jp", "例え.みんな"),
        *("no-tld", "T.CO/ab", "http://foobar.پاکستان/", "a.txt", "localhost", "1.2.3.4"),
        *("user@", "user:pw@", ":8080", "/", "/a", "/a_(b)", "/(x", "/é", "/日本", "/#!/x"),
        *("#frag", "?q=1", "?a=b&c=d", "&amp;", "?", " ", "\n", "\t", ".", ",", "!", ":"),
        *(";", "'", "\"", "(", ")", "[", "]", "{", "}", "<", ">", "“", "”", "«", "»"),
        *("「", "」", "。", "、", "：", "…", "-", "–", "*", "~", "|", "\\", "@", "#", "$"),
        *("%20", "=", "+", "é", "ß", "я", "日", "한", "ا", "א", "😀", "👩‍👧", "❤", "\u200b"),
        *("\ufeff", "\xad", "\u202a", "\u2069", "\u3000", "\xa0", "a", "B", "9", "word"),
        *("#tag", "@me.bsky.social", "$TSLA", "mailto:", "ftp://", "e.g.", "it.Is"),
        *("notes.md", "com", "net", "..", "youtu.be/abc"),
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(PARTS, max_size=8).map("".join),
    st.builds(
        lambda before, host, behind: f"{before}https://{host}{''.join(behind)}",
        PARTS,
        st.sampled_from(["example.com", "t.co", "a.co.uk", "example.jp", "bücher.de"]),
        st.lists(PARTS, max_size=5),
    ),
)


@pytest.mark.network
@settings(max_examples=examples(1000), deadline=None)
@given(text=TEXTS)
def test_x_links_what_its_own_package_links(ask: Ask, text: str) -> None:
    """At the same places; an address without a scheme has that of X."""
    theirs = ask("x", text)
    # The package takes half an emoji for a letter of the name behind it, since it reads UTF-16; and
    # of a name that stands there twice without a scheme it names the first.
    assume("😀." not in text)
    assume(all("://" in address or text.count(address) == 1 for _, _, address in theirs))
    assert [(start, end) for start, end, _ in network_of("x").detect(text)] == [
        (start, end) for start, end, _ in theirs
    ]


@pytest.mark.network
@settings(max_examples=examples(1000), deadline=None)
@given(text=TEXTS)
def test_bluesky_gets_what_its_own_package_links(ask: Ask, text: str) -> None:
    """And beside that only addresses with a scheme, since linktrack writes the links itself."""
    content = text.encode()
    theirs = {
        (len(content[:start].decode()), len(content[:end].decode()), address)
        for start, end, address in ask("bluesky", text)
    }
    ours = set(network_of("bluesky").detect(text))
    assert theirs <= ours
    assert ours - theirs <= set(find_addresses(text, bare=False))


@settings(max_examples=examples(1000), deadline=None)
@given(text=TEXTS)
def test_mastodon_links_what_its_own_pattern_links(text: str) -> None:
    """Letter for letter."""
    assert network_of("mastodon").detect(text) == mastodon_links(text)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("。example.com", ["example.com"]),
        ("مرحباexample.com", ["example.com"]),
        ("http://example.comמ", ["http://example.com"]),
    ],
)
def test_x_links_names_beside_any_letter(text: str, links: list[str]) -> None:
    """Also beside those that are written from right to left, and dots of Japanese."""
    found = network_of("x").detect(text)
    assert [text[start:end] for start, end, _ in found] == links
