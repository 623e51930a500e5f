"""Whole newsletters: templates in the manner of mail programs, and odd ones made by chance."""

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, made_post
from commands import Run, good, parsed
from doorways import client_of
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from newsletters import LINKS, newsletter
from werkzeug.test import TestResponse
from world import World

from linktrack.db import now
from linktrack.links.models import Post
from linktrack.links.wrapping import find, replace
from linktrack.owners.tokens import create_token

BASE = "https://go.example.org"
FOLDER = Path(__file__).parent / "templates"
SHORT = re.compile(rf"{re.escape(BASE)}/x[0-9]+z")

TEMPLATES = {
    "listmonk": (15, ["{{ UnsubscribeURL }}", "https://gazette.example.org/shop@TrackLink"]),
    "mailchimp": (15, ["*|UNSUB|*", "https://store.example.com/vip?email=*|EMAIL|*"]),
    "ghost": (21, ["%%{unsubscribe_url}%%", "%recipient.manage_url%", "#part-1"]),
    "buttondown": (32, ["{{ unsubscribe_url }}", "tel:+15550100", "https://example.com/plain"]),
    "mautic": (13, ["{unsubscribe_url}", "{pagelink=3}", "https://events.example.org/svg"]),
}
"""How many addresses are wrapped, and some of those that are named."""


def wrapped(text: str) -> tuple[str, list[str]]:
    """Return a text with short links, and where they lead in order of the text."""
    addresses = find(text, "other", BASE, "html").addresses
    leads = dict.fromkeys(address.destination for address in addresses)
    shorts = {destination: f"{BASE}/x{number}z" for number, destination in enumerate(leads)}
    return replace(text, addresses, shorts), [address.destination for address in addresses]


def as_it_was(text: str, short: str) -> list[str]:
    """Return what stands in the first text where the other has short links, all else being equal.

    It knows nothing of HTML.
    """
    whole = "(.*?)".join(re.escape(part) for part in SHORT.split(short))
    found = re.fullmatch(whole, text, re.DOTALL)
    assert found is not None, "something else was changed"
    return list(found.groups())


def read(name: str) -> str:
    return (FOLDER / f"{name}.html").read_bytes().decode()


@pytest.mark.parametrize("name", TEMPLATES)
def test_of_a_template_nothing_but_its_links_is_changed(name: str) -> None:
    """Byte for byte, line ends too; wrapped again nothing more is."""
    count, named = TEMPLATES[name]
    text = read(name)
    short, leads = wrapped(text)
    assert len(leads) == count
    written = as_it_was(text, short)
    assert [html.unescape(each).lower() for each in written[:3]] == [
        lead.lower() for lead in leads[:3]
    ]
    assert len(written) == count
    left = [one.address for one in find(text, "other", BASE, "html").not_wrapped]
    assert set(named) <= set(left)
    assert wrapped(short) == (short, [])


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_parser_of_its_own_sees_the_same_links(name: str) -> None:
    """Outside of what Outlook alone reads, libxml2 finds no other link to a page left."""
    short, _ = wrapped(read(name))
    left = [one.address for one in find(short, "other", BASE, "html").not_wrapped]
    page = lxml_html.fromstring(short.encode())
    for link in page.xpath("//a/@href | //area/@href"):
        address = str(link).strip()
        assert address == "" or SHORT.fullmatch(address) or address in left, address


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_address_of_a_template_that_is_left_is_named(name: str) -> None:
    """Wherever it stands, but for comments and code."""
    short, _ = wrapped(read(name))
    named = " ".join(one.address for one in find(short, "other", BASE, "html").not_wrapped)
    page = re.sub(r"<!--(?!\[if|<!).*?-->|<(title|code)\b.*?</\1>", "", short, flags=re.DOTALL)
    for address in re.findall(r"https?://[^\s\"'<>(),]+", page):
        plain = html.unescape(address).rstrip(".")
        is_name = "www.w3.org" in plain or "schemas" in plain
        assert is_name or plain.startswith(BASE) or plain in named, plain


# Odd ones, made by chance

ADDRESS = st.sampled_from(
    [
        *("https://example.com/", "https://example.com/a?b=1&amp;c=2", "HTTP://EXAMPLE.com/Ä"),
        *("https://example.com/?q=a+b#c", "https://example.com/a/(b)", "https://bücher.example/"),
        *("https://example.com/%20x", "https://example.com/?a=1&b=2&copy=3"),
    ]
)
KEPT = st.sampled_from(
    [
        *("{{ UnsubscribeURL }}", "*|UNSUB|*", "https://example.com/?e=%%email%%", "[[url]]"),
        *("mailto:a@example.com", "#top", "/part", "", "javascript:x()", "cid:1", "tel:1"),
        *("https://example.com/unsubscribe?u=1", "https://example.com/{{ id }}", "{% url %}"),
    ]
)
GAP = st.sampled_from(["", " ", "\n", "\r\n\t", "&nbsp;", "&#847;&zwnj;", "Grüße", "1 < 2 & 3"])
WORD = st.sampled_from(["x", "Read on", "<b>bold</b>", "<img src='https://i.example/1.png'>", ""])


def attributes(address: str) -> st.SearchStrategy[str]:
    """Return ways to write the attribute of a link."""
    ways = [f'href="{address}"', f"href='{address}'", f'HREF = "{address}"']
    ways.append(f'hRef=\n" {address} "')
    if address and not set(address) & set(" \t\n"):
        ways.append(f"href={address}")
    return st.sampled_from(ways)


def link(address: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    more = st.sampled_from(["", ' class="b c"', " target=_blank", " title='a > b'", ' style="c:d"'])
    return st.builds(
        lambda written, before, behind, word: f"<a{before} {written}{behind}>{word}</a>",
        address.flatmap(attributes), more, more, WORD,
    )  # fmt: skip


OTHER = st.sampled_from(
    [
        *(
            "<style>a{b:url(https://i.example/s.png)}</style>",
            "<!-- <a href='https://n.example'> -->",
        ),
        *("<script>x='<a href=https://s.example>'</script>", "<title><a href='https://t.example'>"),
        *(
            "</title>",
            "<br>",
            "<br/>",
            "</p>",
            "</td>",
            "<![CDATA[x]]>",
            "<?xml x?>",
            "<!DOCTYPE x>",
        ),
        *("{% if x %}", "{{#each y}}", "*|IF:X|*", "%%x%%", "<% z %>", "[[w]]", "<p", "</", "<>"),
        *("<img src=https://i.example/2.png alt='>'>", "<td background='https://i.example/3.png'>"),
        *("<!--[if mso]><table><tr><td><![endif]-->", "<!--[if !mso]><!-->", "<!--<![endif]-->"),
    ]
)
SAFE = OTHER.filter(lambda part: part not in ("<p", "</", "<title><a href='https://t.example'>"))
PIECE = st.one_of(link(ADDRESS), link(KEPT), GAP, SAFE)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return tables, cells and conditional comments around other parts."""
    around = st.sampled_from(
        [
            ("<table><tr><td>", "</td></tr></table>"),
            ("<TABLE CELLPADDING=0><TR><TD>", "</TABLE>"),
            ("<!--[if !mso]><!-->", "<!--<![endif]-->"),
            ("<div style='x:\"y\"'>", "</div>"),
            ("<p>", ""),
        ]
    )
    return st.builds(
        lambda pair, parts: pair[0] + "".join(parts) + pair[1],
        around, st.lists(inner, max_size=4),
    )  # fmt: skip


LETTER = st.lists(st.recursive(PIECE, nested, max_leaves=12), min_size=1, max_size=12).map("".join)


@settings(max_examples=examples(300), deadline=None)
@given(LETTER)
def test_of_an_odd_newsletter_nothing_but_its_links_is_changed(text: str) -> None:
    """And what was changed is an address that leads where the short one does."""
    short, leads = wrapped(text)
    addresses = find(text, "other", BASE, "html").addresses
    parts = SHORT.split(short)
    position = 0
    for part, address in zip(parts, [*addresses, None], strict=True):
        assert text.startswith(part, position)
        position += len(part)
        if address is not None:
            assert (address.start, address.written) == (position, text[position : address.end])
            position = address.end
    assert position == len(text)
    assert len(leads) == len(parts) - 1
    assert wrapped(short) == (short, [])


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.one_of(link(ADDRESS), GAP, st.just("<br>")), max_size=20))
def test_of_a_newsletter_without_traps_every_link_is_wrapped(parts: list[str]) -> None:
    """Whatever its quotes, its capitals, and its other attributes."""
    short, leads = wrapped("".join(parts))
    assert len(leads) == sum(part.startswith("<a") for part in parts)
    assert "example.com" not in short
    assert len(SHORT.findall(short)) == len(leads)


# One of 30 KB through every door


@pytest.fixture
def call(world: World) -> Callable[..., TestResponse]:
    """Call the API with a token that may wrap."""
    secret = create_token(world.session, "tests", "wrap", None, now())
    world.session.commit()
    client = client_of(world)

    def call(method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {secret}"}
        return client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    return call


def put_back(text: str, links: list[dict[str, Any]]) -> str:
    for each in links:
        text = text.replace(each["short_url"], each["destination"].replace("&", "&amp;"))
    return text


def test_one_of_30_kilobytes_goes_through_command_api_and_page(
    run: Run,
    world: World,
    call: Callable[..., TestResponse],
) -> None:
    """Forty links each time, and all else of it as it was."""
    text = newsletter().removesuffix("\n")
    assert len(text) > 30_000
    run("account", "add", "news", "--network", "other")
    answer = parsed(run("wrap", "news", "-", "--format", "html", "--json", text=text))
    good(run("account", "list"))
    account = world.account("letters", "other")
    wish = {"account": "letters", "text": text, "format": "html"}
    by_api = call("POST", "/posts", json=wish)
    assert by_api.status_code == 201
    made_by_api: Any = by_api.json
    for found in (answer, made_by_api):
        assert len(found["links"]) == LINKS
        assert put_back(found["text"], found["links"]) == text
    assert made_by_api["not_wrapped"] == answer["not_wrapped"]
    browser = Browser.signed_in(world)
    form: dict[str, str | list[str]] = {"account": str(account.id), "text": text, "state": "draft"}
    made = browser.send("/owner/compose", form, "/owner/compose")
    number = int(made_post(made).rpartition("/")[2])
    world.session.rollback()
    post = world.session.get_one(Post, number)
    links = [
        {"short_url": world.shortener.short_url(each.code or ""), "destination": each.destination}
        for each in post.links
    ]
    assert len(links) == LINKS
    assert put_back(post.text.replace("\r\n", "\n"), links) == text.replace("\r\n", "\n")
