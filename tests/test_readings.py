"""Posts as networks and archives give them: which of their addresses are links."""

import json
from pathlib import Path

import pytest

from linktrack.networks.archives import Fields, open_archive
from linktrack.networks.bluesky.posts import post_record as bluesky_post
from linktrack.networks.mastodon.posts import post_record as mastodon_post
from linktrack.networks.registry import network_of

QUOTED = {"uri": "at://did:plc:x/app.bsky.feed.post/1", "cid": "b"}


def card(address: str) -> Fields:
    return {"$type": "app.bsky.embed.external", "external": {"uri": address, "title": "t"}}


def facet(start: int, end: int, address: str) -> Fields:
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": address}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


@pytest.mark.parametrize(
    ("written", "more", "shown", "links"),
    [
        ("Friday", {"embed": card("https://static.klipy.com/ii/a/b.gif?hh=498")}, "Friday", ()),
        ("Friday", {"embed": card("https://media.giphy.com/media/abc/giphy.gif")}, "Friday", ()),
        (
            "Look",
            {
                "embed": {
                    "$type": "app.bsky.embed.recordWithMedia",
                    "record": {"record": QUOTED},
                    "media": card("https://example.com/story"),
                }
            },
            "Look\n\nhttps://example.com/story",
            ("https://example.com/story",),
        ),
        (
            "I like cheese a lot",
            {"facets": [facet(7, 13, "https://cheese.example/")]},
            "I like cheese https://cheese.example/ a lot",
            ("https://cheese.example/",),
        ),
        (
            "here and here",
            {"facets": [facet(0, 4, "https://a.org/x"), facet(9, 13, "https://a.org/x")]},
            "here https://a.org/x and here https://a.org/x",
            ("https://a.org/x",),
        ),
        (
            "see example.com",
            {
                "facets": [facet(4, 15, "https://example.com")],
                "embed": card("https://example.com/"),
            },
            "see https://example.com",
            ("https://example.com",),
        ),
        (
            "so true",
            {"facets": [facet(3, 7, "https://bsky.app/profile/a.example/post/3kx")]},
            "so true https://bsky.app/profile/a.example/post/3kx",
            (),
        ),
    ],
)
def test_links_of_a_post_on_bluesky(
    written: str, more: Fields, shown: str, links: tuple[str, ...]
) -> None:
    """Cards of moving pictures are none, a card beside a quote is one, and none counts twice."""
    record = {"text": written, "createdAt": "2026-11-25T10:00:00.000Z", **more}
    found = bluesky_post({"post": {"uri": "at://did:plc:a/app.bsky.feed.post/1", "record": record}})
    assert found is not None
    assert (found.text, found.addresses) == (shown, links)


@pytest.mark.parametrize(
    ("content", "shown", "links", "is_plain"),
    [
        (
            (
                '<p class="quote-inline">RE: <a href="https://o.example/@z/99">o.example/@z/99</a></p>'
                "<p>So true</p>"
            ),
            "So true",
            (),
            False,
        ),
        (
            (
                '<p>So true</p><span class="quote-inline"><br/><br/>RE: '
                '<a href="https://o.example/objects/9">https://o.example/objects/9</a></span>'
            ),
            "So true",
            (),
            False,
        ),
        ('<p><a href="https://m.example/tags/y" rel="tag">#y</a></p>', "#y", (), True),
        (
            (
                '<p>I like <a href="https://cheese.example">cheese</a> a <strong>lot</strong></p>'
                "<ul><li>one</li><li>two</li></ul>"
            ),
            "I like cheese https://cheese.example a lot\none\ntwo",
            ("https://cheese.example",),
            False,
        ),
        (
            (
                '<p><a href="https://a.example/b"><span class="invisible">https://</span>'
                '<span class="ellipsis">a.exa</span><span class="invisible">mple/b</span></a></p>'
            ),
            "https://a.example/b",
            ("https://a.example/b",),
            True,
        ),
    ],
)
def test_links_of_a_post_on_mastodon(
    content: str, shown: str, links: tuple[str, ...], is_plain: bool
) -> None:
    """The line of a quote and tags are none, and words that lead somewhere keep standing."""
    found = mastodon_post(
        {
            "id": "1",
            "uri": "https://m.example/users/y/statuses/1",
            "created_at": "2026-11-20T10:00:00.000Z",
            "content": content,
        }
    )
    assert found is not None
    assert (found.text, found.addresses, found.is_plain) == (shown, links, is_plain)


@pytest.mark.parametrize(
    ("written", "entities", "shown", "links"),
    [
        (
            "New: http://blog.example/2009/you-me-we http://bit.ly/3abcd",
            {"urls": []},
            "New: http://blog.example/2009/you-me-we http://bit.ly/3abcd",
            ("http://blog.example/2009/you-me-we", "http://bit.ly/3abcd"),
        ),
        (
            "So true https://t.co/bbbbbbbbbb",
            {
                "urls": [
                    {
                        "url": "https://t.co/bbbbbbbbbb",
                        "expanded_url": "https://twitter.com/friend/status/159",
                        "indices": ["8", "31"],
                    }
                ]
            },
            "So true https://twitter.com/friend/status/159",
            (),
        ),
        (
            "A picture https://t.co/eeeeeeeeee",
            {"urls": [], "media": [{"url": "https://t.co/eeeeeeeeee"}]},
            "A picture",
            (),
        ),
        ("Cut https://t.co/dddd…", {"urls": []}, "Cut https://t.co/dddd…", ()),
    ],
)
def test_links_of_a_post_in_an_archive_of_x(
    tmp_path: Path, written: str, entities: Fields, shown: str, links: tuple[str, ...]
) -> None:
    """Those from before X shortened them are some; quotes, pictures and cut ones are none."""
    row = {"id_str": "1", "created_at": "Mon Sep 14 17:00:00 +0000 2009", "full_text": written}
    (tmp_path / "data").mkdir()
    rows = json.dumps([{"tweet": {**row, "entities": entities}}])
    (tmp_path / "data/tweets.js").write_text(f"window.YTD.tweets.part0 = {rows}")
    archives = network_of("x").archives
    assert archives is not None
    with open_archive(tmp_path) as archive:
        (found,) = archives.open(archive).posts([])
    assert (found.text, found.addresses) == (shown, links)
