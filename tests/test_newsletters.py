"""Newsletters in HTML and Markdown: links are wrapped, and nothing else is changed."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linktrack.errors import Invalid, TooLarge
from linktrack.links.excerpts import cut, excerpt
from linktrack.links.formats.guess import Format, guess
from linktrack.links.formats.html import visible_text
from linktrack.links.wrapping import MAX_NEWSLETTER, Reading, find, parse_format, replace

BASE = "https://go.example.org"


def found(text: str, written_in: Format) -> Reading:
    return find(text, "other", BASE, written_in)


def leads(text: str, written_in: Format = "html") -> list[str]:
    return [address.destination for address in found(text, written_in).addresses]


def left(text: str, written_in: Format = "html") -> list[str]:
    return [each.address for each in found(text, written_in).not_wrapped]


def wrapped(text: str, written_in: Format = "html") -> str:
    addresses = found(text, written_in).addresses
    return replace(text, addresses, {each.destination: f"{BASE}/x" for each in addresses})


# HTML


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ('<a href="https://a.com/">x</a>', '<a href="{}">x</a>'),
        ("<a href='https://a.com/'>x</a>", "<a href='{}'>x</a>"),
        ("<A HREF=https://a.com/>x</A>", "<A HREF={}>x</A>"),
        ("<a\n class=b\thref = 'https://a.com/'\n>x", "<a\n class=b\thref = '{}'\n>x"),
        ('<a title="a > b" href="https://a.com/">x</a>', '<a title="a > b" href="{}">x</a>'),
        ('<a href=" https://a.com/ ">x</a>', '<a href=" {} ">x</a>'),
        ('<map><area href="https://a.com/"/></map>', '<map><area href="{}"/></map>'),
        (
            '<a href="https://a.com/" href="https://b.com/">x</a>',
            '<a href="{}" href="https://b.com/">x</a>',
        ),
        (
            '<!--[if mso]><a href="https://a.com/">x</a><![endif]-->',
            '<!--[if mso]><a href="{}">x</a><![endif]-->',
        ),
        (
            '<!--[if !mso]><!--><a href="https://a.com/">x</a><!--<![endif]-->',
            '<!--[if !mso]><!--><a href="{}">x</a><!--<![endif]-->',
        ),
        (
            '{{#if x}}<a {{more}} href="https://a.com/">x</a>{{/if}}',
            '{{#if x}}<a {{more}} href="{}">x</a>{{/if}}',
        ),
        ('1 < 2 <a href="https://a.com/">x</a> <3', '1 < 2 <a href="{}">x</a> <3'),
    ],
)
def test_only_the_address_of_a_link_is_changed(text: str, right: str) -> None:
    assert wrapped(text) == right.replace("{}", f"{BASE}/x")


@pytest.mark.parametrize(
    "text",
    [
        '<!-- <a href="https://a.com/">x</a> -->',
        "<script>\"<a href='https://a.com/'>\"</script>",
        "<script><!-- <script></script><a href='https://a.com/'> --></script>",
        '<style>/* <a href="https://a.com/"> */</style>',
        '<title><a href="https://a.com/"></title>',
        '<textarea><a href="https://a.com/">x</a></textarea>',
        '<svg><![CDATA[ > <a href="https://a.com/">x</a> ]]></svg>',
        '<?php echo "<a href=https://a.com/ "?>',
        '<a href="https://a.com/',
        '<a data-href="https://a.com/">x</a>',
        "</a href='https://a.com/'>",
        "{{ \"<a href='https://a.com/'>\" | safe }}",
        '<a href="https://go.example.org/abc">ours</a>',
    ],
)
def test_what_no_reader_can_click_is_no_link(text: str) -> None:
    assert wrapped(text) == text
    assert found(text, "html") == Reading([], [])


@pytest.mark.parametrize(
    "text",
    [
        '<img src="https://a.com/a.png" alt="a">',
        '<td background="https://a.com/a.png">',
        "<td style=\"background: url('https://a.com/a.png')\">",
        "<style>body{background:url(https://a.com/a.png)}</style>",
        '<link rel="stylesheet" href="https://a.com/a.css">',
        '<v:roundrect href="https://a.com/">x</v:roundrect>',
        '<form action="https://a.com/"></form>',
        '<button formaction="https://a.com/">x</button>',
        '<svg><a xlink:href="https://a.com/">x</a></svg>',
        '<img srcset="https://a.com/a.png 2x" alt="a">',
        "<p>https://a.com/ in the words</p>",
        "<a href='https://go.example.org/abc'>ours</a><!-- x --> https://a.com/?a=1&amp;b=2",
        '<a href="#top">x</a>',
        '<a href="mailto:a@example.com">x</a>',
        '<a href="tel:+49123">x</a>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="/about">x</a>',
        '<a href="//a.com/">x</a>',
        '<a href="http://999.999.999.999/">x</a>',
        '<a href="https://a.com/unsubscribe?u=1">x</a>',
        '<a href="https://a.com/email-preferences">x</a>',
        '<a href="https://news.a.com/u/1">Un<b>subscribe</b></a>',
        '<a href="https://news.a.com/v/1">View this email in your browser</a>',
        '<a href="https://us1.list-manage.com/profile?u=1">x</a>',
        '<a ses:no-track href="https://a.com/">x</a>',
        '<a clicktracking="off" href="https://a.com/">x</a>',
        '<a href="{{ url }}">x</a>',
        '<a href="{{ TrackLink "https://a.com/" . }}">x</a>',
        '<a href="https://a.com/?e={{ subscriber.email }}">x</a>',
        '<a href="https://a.com/?e={% if a > b %}1{% endif %}">x</a>',
        '<a href="https://a.com/?e=*|EMAIL|*">x</a>',
        '<a href="https://a.com/?e=%%emailaddr%%">x</a>',
        '<a href="https://a.com/?e=[[email]]">x</a>',
        '<a href="https://a.com/?e=%email%&b=2">x</a>',
        '<a href="https://a.com/?e=%address%">x</a>',
        '<a href="https://a.com/?e=<%= email %>">x</a>',
        '<a href="https://a.com/?e=${email}">x</a>',
        '<a href="{unsubscribe_url}">x</a>',
        '<a href="https://a.com/?e={contactfield=email}">x</a>',
        '<a href="%%{unsubscribe_url}%%">x</a>',
        '<a href="https://a.com/@TrackLink">x</a>',
    ],
)
def test_what_stays_is_named_with_the_reason(text: str) -> None:
    assert wrapped(text) == text
    [stays] = found(text, "html").not_wrapped
    assert stays.why.endswith(".")


@pytest.mark.parametrize(
    "address",
    [
        "https://a.com/how-to-unsubscribe-from-everything",
        "https://a.com/caf%C3%A9s%20x",
        "https://a.com/?q=100%25&b=%20",
        "https://a.com/(b)",
    ],
)
def test_an_address_that_only_resembles_one_of_those_is_wrapped(address: str) -> None:
    assert leads(f'<a href="{address}">An article</a>') == [address]


def test_character_references_are_read_as_browsers_read_them() -> None:
    text = '<a href="https://a.com/?a=1&amp;b=2&copy=3&#38;d=4&amp">x</a>'
    assert leads(text) == ["https://a.com/?a=1&b=2&copy=3&d=4&"]


def test_a_short_address_is_encoded_for_its_quotes() -> None:
    text = "<a href='https://a.com/'>x</a>"
    short = replace(text, found(text, "html").addresses, {"https://a.com/": "https://b.org/?a&'b"})
    assert short == "<a href='https://b.org/?a&amp;&#x27;b'>x</a>"


PIECES = st.sampled_from(
    [
        *"<>\"'=/ \n&;!-{}%a",
        *("<a ", "<A\t", "</a>", "<area ", "<img ", "href=", "HREF = ", "src=", "<!--", "-->"),
        *("<script>", "</script>", "<style>", "</style>", "<![CDATA[", "]]>", "<!--[if mso]>"),
        *("<![endif]-->", "https://a.com/", "'https://b.com/?a=1&amp;b=2'", '"http://c.com"'),
        *("{{", "}}", "{{ x }}", "<%", "%>", "*|X|*", "unsubscribe", "<p>", "é", "<textarea>"),
        *("[x](", ")", "[y]: ", "`", "```\n", "\n\n", "![", "](", "\\", "    ", "> ", "* "),
    ]
)
ODD = st.lists(PIECES, max_size=40).map("".join)


@given(ODD, st.sampled_from(["html", "markdown"]))
def test_of_an_odd_text_all_but_the_addresses_is_kept(text: str, written_in: Format) -> None:
    addresses = found(text, written_in).addresses
    position, rest = 0, []
    for address in addresses:
        assert position <= address.start < address.end
        assert text[address.start : address.end] == address.written
        rest.append(text[position : address.start])
        position = address.end
    short = wrapped(text, written_in)
    assert short == f"{BASE}/x".join([*rest, text[position:]])
    assert found(short, written_in).addresses == []
    assert wrapped(short, written_in) == short


@given(ODD)
def test_html_is_changed_in_links_alone(text: str) -> None:
    for address in found(text, "html").addresses:
        before = text[: address.start]
        assert re.search(r"""(?is)<(a|area)[\s/].*href\s*=\s*["\']?\s*$""", before), before


# Markdown


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("[x](https://a.com/)", "[x]({})"),
        ('[x](https://a.com/ "title")', '[x]({} "title")'),
        ("[x](<https://a.com/>)", "[x](<{}>)"),
        ("[x][y]\n\n[y]: https://a.com/ 'title'", "[x][y]\n\n[y]: {} 'title'"),
        ("<https://a.com/>", "<{}>"),
        ("**https://a.com/**, he said", "**{}**, he said"),
        ("> - [x](https://a.com/)", "> - [x]({})"),
        ("[![p](https://p.com/p.png)](https://a.com/)", "[![p](https://p.com/p.png)]({})"),
        ("[a [b] c](https://a.com/)", "[a [b] c]({})"),
        ("[`]`](https://a.com/)", "[`]`]({})"),
        ("<div>\n<a href='https://a.com/'>x</a>\n</div>", "<div>\n<a href='{}'>x</a>\n</div>"),
        ("x <a href='https://a.com/'>https://b.com</a>", "x <a href='{}'>https://b.com</a>"),
        ("- one\n\n    [x](https://a.com/)", "- one\n\n    [x]({})"),
        ("[https://b.com](https://a.com/)", "[https://b.com]({})"),
    ],
)
def test_links_of_markdown_are_wrapped(text: str, right: str) -> None:
    assert wrapped(text, "markdown") == right.replace("{}", f"{BASE}/x")


@pytest.mark.parametrize(
    "text",
    [
        "`https://a.com/`",
        "``[x](https://a.com/) ` ``",
        "```\n[x](https://a.com/)\n```",
        "~~~ sh\nhttps://a.com/\n\nhttps://b.com\n~~~",
        "> ```\n> https://a.com/\n> ```",
        "Code:\n\n    https://a.com/\n",
        "<div>\nhttps://a.com/\n</div>",
        "<!-- [x](https://a.com/) -->",
        "<pre>\n\nhttps://a.com/\n</pre>",
        "Write to jane@example.com",
        "[x](https://go.example.org/abc)",
    ],
)
def test_code_and_comments_of_markdown_stay(text: str) -> None:
    assert found(text, "markdown") == Reading([], [])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("![x](https://a.com/a.png)", "https://a.com/a.png"),
        ("![x][p]\n\n[p]: https://a.com/a.png", "https://a.com/a.png"),
        ("[x](#part)", "#part"),
        ("<mailto:a@example.com>", "mailto:a@example.com"),
        ("[Unsubscribe](https://a.com/u/1)", "https://a.com/u/1"),
        ("[x]({{ unsubscribe_url }})", "{{ unsubscribe_url }}"),
        ("[x](https://a.com/?i={{ a b }})", "https://a.com/?i={{ a b }}"),
        ("Hi {{ person.name }}", "{{ person.name }}"),
    ],
)
def test_what_stays_of_markdown_is_named(text: str, address: str) -> None:
    assert wrapped(text, "markdown") == text
    assert left(text, "markdown") == [address]


def test_a_newsletter_with_all_of_it_has_one_link() -> None:
    text = (
        "# Hello\n![Header](https://example.com/header.jpg)\n"
        'Read <a href="https://example.com/?a=1&amp;b=2">this</a>. Hi {{ person.name }}, your '
        "code: https://example.com/?id={{ subscriber.id }}"
    )
    assert leads(text, "markdown") == ["https://example.com/?a=1&b=2"]
    assert left(text, "markdown") == [
        "https://example.com/header.jpg",
        "{{ person.name }}",
        "https://example.com/?id={{ subscriber.id }}",
    ]


# Around it


@pytest.mark.parametrize(
    ("text", "written_in"),
    [
        ("<!DOCTYPE html><html><body>**a**</body></html>", "html"),
        ("Read <a href='https://a.com/'>this</a>.", "html"),
        ("# Hello\n<a href='https://a.com/'>this</a>", "markdown"),
        ("Read [this](https://a.com/).", "markdown"),
        ("Worth reading: https://a.com/ <3 a < b", "plain"),
    ],
)
def test_the_format_is_guessed_by_its_look(text: str, written_in: Format) -> None:
    assert guess(text) == written_in


def test_an_excerpt_of_html_is_its_words() -> None:
    text = (
        "<!doctype html><html><head><title>T</title><style>p{}</style></head><body>"
        "<!-- no --><p>Hello &amp; <b>wel</b>come</p><p>again</p>"
    )
    assert visible_text(text) == "Hello & welcome again"
    assert excerpt(text) == "Hello & welcome again"
    assert excerpt("Is a < b?") == "Is a < b?"
    assert cut("<b>x</b>") == "<b>x</b>"


def test_an_unknown_format_and_a_text_too_long_are_refused() -> None:
    with pytest.raises(Invalid, match="choose one of plain, markdown, html"):
        parse_format("rtf")
    with pytest.raises(TooLarge, match="250,000"):
        found("a" * (MAX_NEWSLETTER + 1), "html")


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        *(
            "<a ",
            "<a b='",
            '<a b="<',
            "<!--",
            "<![CDATA[",
            "{{",
            "*|",
            "<%",
            "[",
            "![",
            "](",
            "[x](",
        ),
        *(
            "`a``",
            "<x:y",
            "[a]: ",
            "http://a.com/",
            "a.com=",
            "<style>",
            "&amp",
            "(",
            "[x](((",
            "\\",
        ),
        *("- [x](a 'b ", "a\n\n", "[[a", "%a", "<script><!--", "url(", "<p", "</", "    a\n", "> "),
    ],
)
@pytest.mark.parametrize("written_in", ["html", "markdown"])
def test_a_text_made_on_purpose_takes_no_more_than_seconds(unit: str, written_in: Format) -> None:
    text = unit * (MAX_NEWSLETTER // len(unit))
    start = process_time()
    found(text, written_in)
    guess(text)
    excerpt(text)
    assert process_time() - start < 20


def test_a_text_is_read_once_for_wrapping_it_and_for_saying_what_is_left() -> None:
    """A post of 25,000 characters can take 0.4 s to read."""
    text = "https://a.org/ and https://{{ host }}/"
    assert find(text, "other", BASE) is find(text, "other", BASE)
