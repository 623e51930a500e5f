"""Where a link may lead."""

import gzip
import json
import re
from pathlib import Path
from typing import TypedDict

import ada_url
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linktrack.errors import Invalid
from linktrack.links.destinations import MAX_LENGTH, parse_destination


class UrlCase(TypedDict, total=False):
    """What is used of one case of the web platform tests."""

    input: str
    base: str | None
    failure: bool
    href: str


def url_cases(shared_data: Path) -> list[UrlCase]:
    """Read the web platform's URL tests that have no base address."""
    folder = shared_data / "urls/ada/tests/wpt"
    with gzip.open(folder / "urltestdata.json.gz", "rt", encoding="utf-8") as file:
        cases: list[UrlCase | str] = json.load(file)  # a string is a comment
    cases += json.loads((folder / "ada_extra_urltestdata.json").read_text())
    return [case for case in cases if isinstance(case, dict) and not case.get("base")]


def refusal(written: str) -> str:
    """Return the sentence with which an address is refused."""
    with pytest.raises(Invalid) as caught:
        parse_destination(written)
    return caught.value.sentence


@pytest.mark.parametrize(
    "written",
    [
        "https://example.com",
        "http://example.com:80/a?X-Amz-Signature=aB%2f%2F+~&e=|^`{}#part",
        "HTTPS://Example.COM/a/../b",
        "https://example.com?a=b",
        "https://xn--bcher-kva.example/",
    ],
)
def test_a_plain_address_is_kept_byte_for_byte(written: str) -> None:
    """A signed address still fits its signature."""
    assert parse_destination(written) == written


@pytest.mark.parametrize(
    ("written", "destination"),
    [
        (
            "https://bücher.example/größe?q=ä#ö",
            "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?q=%C3%A4#%C3%B6",
        ),
        ("http://例え.jp", "http://xn--r8jz45g.jp/"),
        ("  https://example.com/a b\n", "https://example.com/a%20b"),
        ("https://example.com/a\r\nSet-Cookie: x=1", "https://example.com/aSet-Cookie:%20x=1"),
        ("http:\\\\example.com\\a", "http://example.com/a"),
        ('https://example.com/"<>', "https://example.com/%22%3C%3E"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://me:pw@example.com:80/", "http://me:pw@example.com/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("http://example.com/aİſ", "http://example.com/a%C4%B0%C5%BF"),
    ],
)
def test_any_other_address_becomes_what_a_browser_makes_of_it(
    written: str, destination: str
) -> None:
    """International names, spaces, line breaks and backslashes end as plain ASCII."""
    assert parse_destination(written) == destination


@pytest.mark.parametrize(
    "written",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.com/",
        "example.com",
        "//example.com",
        "/\\example.com",
        "mailto:a@example.com",
        "jav\nascript:x",
    ],
)
def test_only_web_addresses_are_destinations(written: str) -> None:
    """The refusal names the address and says how one begins."""
    assert re.fullmatch(
        r"“.+” is not the address of a web page;"
        r" write one that begins with http:// or https://\.",
        refusal(written),
    )


@pytest.mark.parametrize(
    "written",
    [
        "http://",
        "https://?",
        "http://999.999.999.999",
        "http://a:99999/",
        "http://a b/",
        "https://exa\x00mple.com",
        "http://\udc80.example/",
        "http://a%b/",
    ],
)
def test_a_web_address_no_browser_opens_is_refused(written: str) -> None:
    """The refusal says what to look at."""
    assert "check the name of the site and the port." in refusal(written)


def test_an_empty_address_is_refused_with_its_own_sentence() -> None:
    """Nothing is quoted where there is nothing."""
    assert refusal(" \n") == "The address is empty; write one that begins with http:// or https://."


def test_length_is_counted_after_normalising() -> None:
    """One letter can become nine characters."""
    longest = "https://example.com/" + "a" * (MAX_LENGTH - 20)
    assert parse_destination(longest) == longest
    assert "4,097 characters" in refusal(longest + "a")
    assert "9,020 characters" in refusal("https://example.com/" + "語" * 1000)


def test_a_refusal_shows_only_the_beginning_of_an_address() -> None:
    """A megabyte in, a line out, and no control characters in it."""
    for written in ("http:// \x1b[2J" + "x" * 1_000_000, "\x00\udc80javascript:" + "x" * 1_000):
        sentence = refusal(written)
        assert len(sentence) < 200
        assert sentence.isprintable()


def test_every_address_of_the_url_standard_is_read_as_browsers_read_it(shared_data: Path) -> None:
    """Failures and other schemes are refused; the rest is the expected address."""
    web = refused = 0
    for case in url_cases(shared_data):
        written = case["input"]
        if case.get("failure") or not case["href"].startswith(("http:", "https:")):
            refusal(written)
            refused += 1
        else:
            destination = parse_destination(written)
            assert ada_url.URL(destination).href == case["href"], written
            web += 1
    assert web >= 130
    assert refused >= 400


def test_open_redirect_payloads_without_a_scheme_are_refused(shared_data: Path) -> None:
    """Nothing is guessed onto what is not an address."""
    folder = shared_data / "urls/patt/Open Redirect/Intruder"
    payloads = {
        line
        for file in folder.glob("*.txt")
        for line in file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    }
    schemeless = [line for line in payloads if not re.match(r"\s*https?:", line, re.IGNORECASE)]
    assert len(schemeless) > 150
    for line in schemeless:
        refusal(line)


def assert_destination_or_refusal(written: str) -> None:
    """Either a safe address comes out, or Invalid with a sentence."""
    try:
        destination = parse_destination(written)
    except Invalid:
        assert re.fullmatch(r"[^\n]+[.]", refusal(written))
    else:
        assert re.fullmatch(r"https?://[!-~]+", destination, re.IGNORECASE)


def test_naughty_strings_are_destinations_or_refused_with_a_sentence(shared_data: Path) -> None:
    """No string ends in another exception, alone or behind a host."""
    for string in json.loads((shared_data / "urls/blns/blns.json").read_text()):
        for written in (string, f"http://{string}", f"https://example.com/{string}"):
            assert_destination_or_refusal(written)


pieces = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.characters(max_codepoint=0x7F),
        st.sampled_from(
            [
                "http://",
                "https://",
                "http:",
                "//",
                "\\",
                "@",
                ":80",
                "[::1]",
                "%0d%0a",
                "\r\n",
                "%",
                "..",
                "?",
                "#",
                "xn--",
                "a.example",
                "é",
                "\udc80",
                "\u202e",
                "javascript:",
            ]
        ),
    ),
    max_size=8,
).map("".join)


@given(prefix=st.sampled_from(["", "http://", "https://example.com/", "HTTP:"]), rest=pieces)
@example(prefix="https://example.com/", rest="'")
@example(prefix="http://", rest='"')
@example(prefix="http://", rest="example.com\\@evil.example")
def test_a_destination_is_safe_in_a_header_and_does_not_change_again(
    prefix: str, rest: str
) -> None:
    """ASCII without spaces or controls, http or https with a host, and a fixed point."""
    try:
        destination = parse_destination(prefix + rest)
    except Invalid:
        assert refusal(prefix + rest).isprintable()
        return
    assert all("!" <= character <= "~" for character in destination)
    # The URL standard lets a host hold a quote (a web platform test says so); nothing else does.
    assert not set(destination.split("/", 3)[-1]) & set('"<>')
    assert "\\" not in re.split("[?#]", destination)[0]
    parsed = ada_url.URL(destination)
    assert parsed.protocol in ("http:", "https:")
    assert parsed.hostname
    assert parsed.href == ada_url.URL(prefix + rest).href
    assert parse_destination(destination) == destination
