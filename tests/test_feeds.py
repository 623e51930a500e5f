"""Own posts as the networks show them: texts with their addresses, reposts, what is plain."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from standin import stand_in

from linktrack.errors import NotFound, Unavailable
from linktrack.networks.bluesky.posts import BlueskyFeed
from linktrack.networks.bluesky.posts import post_record as bluesky_post
from linktrack.networks.mastodon.posts import MastodonFeed
from linktrack.networks.mastodon.posts import post_record as mastodon_post
from linktrack.networks.registry import network_of

WHEN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
CARD = "app.bsky.embed.external"
URI = "at://did:plc:me/app.bsky.feed.post/3k"


def link(text: str, label: str, uri: str) -> dict[str, Any]:
    """A facet, whose place is in bytes."""
    start = len(text[: text.index(label)].encode())
    index = {"byteStart": start, "byteEnd": start + len(label.encode())}
    return {"index": index, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}]}


def item(text: str, *facets: dict[str, Any], **more: Any) -> dict[str, Any]:
    record = {"text": text, "createdAt": WHEN.isoformat(), "facets": list(facets), **more}
    return {"post": {"uri": URI, "record": record, "indexedAt": WHEN.isoformat()}}


def test_bluesky_addresses_are_written_out_in_full() -> None:
    """The app cuts them; words that lead somewhere keep standing, and accents are two bytes."""
    text = "Déjà 👩‍👩‍👧 go.jessestay.com/ab… and my words, end"
    found = bluesky_post(
        item(
            text,
            link(text, "my words", "https://b.org/"),
            link(text, "go.jessestay.com/ab…", "https://go.jessestay.com/abcde"),
        )
    )
    assert found is not None
    assert (
        found.text == "Déjà 👩‍👩‍👧 https://go.jessestay.com/abcde and my words https://b.org/, end"
    )
    assert found.addresses == ("https://go.jessestay.com/abcde", "https://b.org/")
    assert (found.network_id, found.posted_at, found.is_repost) == (URI, WHEN, False)
    assert found.more == ("the words that are its links",)


@pytest.mark.parametrize(
    ("embed", "addresses", "plain"),
    [
        ({"$type": CARD, "external": {"uri": "https://a.org/"}}, 1, True),
        ({"$type": CARD, "external": {"uri": "https://media.tenor.com/x.gif"}}, 0, False),
        ({"$type": "app.bsky.embed.images", "images": []}, 0, False),
        ({"$type": "app.bsky.embed.record", "record": {"uri": "at://x"}}, 0, False),
        ({"$type": "app.bsky.embed.recordWithMedia", "media": {}}, 0, False),
        ("nonsense", 0, False),
    ],
)  # fmt: skip
def test_bluesky_cards_count_and_pictures_and_quotes_are_not_plain(
    embed: object, addresses: int, plain: bool
) -> None:
    """A link may be in the card alone; an animated picture is no link."""
    found = bluesky_post(item("Look", embed=embed))
    assert found is not None
    assert (len(found.addresses), found.is_plain) == (addresses, plain)
    assert found.text == ("Look\n\nhttps://a.org/" if addresses else "Look")


def test_a_reply_has_its_place_in_a_thread() -> None:
    """Posted anew it would lose it."""
    found = bluesky_post(item("Yes", reply={"parent": {}, "root": {}}))
    assert found is not None
    assert found.is_plain is False


def test_a_content_warning_is_more_than_the_text() -> None:
    """Posted anew it would be gone."""
    labels = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "nudity"}]}
    warned, bare = bluesky_post(item("Look", labels=labels)), bluesky_post(item("Look", labels={}))
    assert warned is not None
    assert bare is not None
    assert (warned.is_plain, bare.is_plain) == (False, True)


def test_a_repost_is_somebody_elses_words_at_the_time_of_reposting() -> None:
    """Its id is the repost's own, or tells it from the post."""
    later = "2026-05-05T00:00:00Z"
    reason = {"$type": "app.bsky.feed.defs#reasonRepost", "indexedAt": later}
    found = bluesky_post({**item("Theirs"), "reason": reason})
    assert found is not None
    assert (found.is_repost, found.text, found.network_id) == (True, "", f"repost of {URI}")
    assert found.posted_at == datetime(2026, 5, 5, tzinfo=UTC)
    named = bluesky_post({**item("Theirs"), "reason": {**reason, "uri": "at://repost"}})
    assert named is not None
    assert named.network_id == "at://repost"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"post": 5},
        {"post": {"uri": URI, "record": {"text": "no time"}}},
        {"post": {"uri": [5], "record": {"createdAt": WHEN.isoformat()}}},
    ],
)
def test_what_is_no_post_is_passed_over(broken: dict[str, object]) -> None:
    """Whatever a server says."""
    assert bluesky_post(broken) is None
    assert mastodon_post(broken) is None


def test_facets_that_overlap_or_lie_outside_change_nothing() -> None:
    """Clients write what they like."""
    facets = [
        {"index": {"byteStart": 0, "byteEnd": 900}, "features": [{"uri": "https://a.org/"}]},
        {"index": {"byteStart": 3, "byteEnd": 1}, "features": [{"uri": "https://b.org/"}]},
        {"index": None, "features": [{"uri": "https://c.org/"}]},
        {"features": "x"},
        7,
    ]
    found = bluesky_post(item("Words", *facets))  # type: ignore[arg-type]  # on purpose
    assert found is not None
    assert found.text == "Words"


LINK = (
    '<a href="https://b.org/x" rel="nofollow noopener" translate="no">'
    '<span class="invisible">https://</span><span class="">b.org/x</span>'
    '<span class="invisible"></span></a>'
)
"""As Mastodon writes an address."""


def status(**fields: Any) -> dict[str, Any]:
    return {
        "id": "109",
        "uri": "https://a.social/users/ann/statuses/109",
        "created_at": "2026-05-04T12:00:00.000Z",
        "visibility": "public",
        "content": f"<p>Read {LINK} &amp; rest</p>",
        "media_attachments": [],
        "spoiler_text": "",
        "poll": None,
        **fields,
    }


def test_mastodons_posts_are_read_from_their_html() -> None:
    """Mentions and hashtags are no links; a message to a few is none of our business."""
    found = mastodon_post(status())
    assert found is not None
    assert (found.text, found.addresses) == ("Read https://b.org/x & rest", ("https://b.org/x",))
    assert (found.posted_at, found.is_plain) == (WHEN, True)
    assert mastodon_post(status(visibility="direct")) is None
    boosted = mastodon_post(status(reblog={"id": "1"}))
    assert boosted is not None
    assert (boosted.is_repost, boosted.addresses) == (True, ())
    for more in ("media_attachments", "poll", "spoiler_text", "quote"):
        dressed = mastodon_post(status(**{more: ["something"]}))
        assert dressed is not None
        assert dressed.is_plain is False


def test_whom_mastodon_mentions_keeps_their_server() -> None:
    """Else an edit would call somebody else of the same name; the HTML shows the name alone."""

    def mention(address: str) -> str:
        name = address.rpartition("@")[2]
        return f'<a href="{address}" class="u-url mention">@<span>{name}</span></a>'

    far, near, gone = "https://b.example/@ben", "https://a.social/@ann", "https://c.example/@cy"
    content = f"<p>{mention(far)}, {mention(near)} and {mention(gone)}: hello</p>"
    people = [{"url": far, "acct": "ben@b.example"}, {"url": near, "acct": "ann"}, {"url": 5}, 7]
    found = mastodon_post(status(content=content, mentions=people))
    assert found is not None
    assert (found.text, found.addresses) == ("@ben@b.example, @ann and @cy: hello", ())


@contextmanager
def mastodon(pages: dict[str | None, object]) -> Iterator[MastodonFeed]:
    def answer(path: str, arguments: dict[str, list[str]]) -> tuple[int, dict[str, str], object]:
        if path == "/api/v1/accounts/lookup":
            return (200, {}, {"id": "7"}) if arguments["acct"] == ["ann"] else (404, {}, {})
        assert path == "/api/v1/accounts/7/statuses"
        assert arguments["limit"] == ["40"]
        return 200, {}, pages[arguments.get("max_id", [None])[0]]

    with stand_in(answer) as address:
        feed = MastodonFeed("@ann@a.social", address)
        yield feed
        feed.close()


def test_mastodon_is_read_until_an_empty_page() -> None:
    """A short page is not the last: what not everybody may see is left out of it."""
    pages: dict[str | None, object] = {
        None: [status(), status(id="108", uri="https://a.social/108", visibility="direct")],
        "108": [status(id="107", uri="https://a.social/107")],
        "107": [],
    }
    with mastodon(pages) as feed:
        seen, cursor = [], None
        while True:
            page = feed.posts(cursor)
            seen += [post.network_id for post in page.posts]
            cursor = page.cursor
            if cursor is None:
                break
    assert seen == ["https://a.social/users/ann/statuses/109", "https://a.social/107"]


def test_an_answer_that_is_no_list_is_said() -> None:
    """And so is an account that is not there."""
    with (
        mastodon({None: {"oops": True}}) as feed,
        pytest.raises(Unavailable, match="something else"),
    ):
        feed.posts(None)
    with stand_in(lambda *_: (404, {}, {"error": "Record not found"})) as address:
        feed = MastodonFeed("@nobody@a.social", address)
        with pytest.raises(NotFound):
            feed.posts(None)
        feed.close()
    with stand_in(lambda *_: (200, {}, [])) as address:
        reader = BlueskyFeed("@me.test", address)
        with pytest.raises(Unavailable, match="something else"):
            reader.posts(None)
        reader.close()


def test_where_posts_and_people_are_shown() -> None:
    """By the networks' own ids, which outlive handles; what is no such id leads nowhere."""
    assert network_of("bluesky").post_address(URI) == "https://bsky.app/profile/did:plc:me/post/3k"
    assert network_of("mastodon").post_address("https://a.social/1") == "https://a.social/1"
    assert network_of("x").post_address("17") == "https://x.com/i/status/17"
    for network, number in (
        ("bluesky", "3k"),
        ("mastodon", "javascript:x"),
        ("x", "a b"),
        ("other", "1"),
    ):
        assert network_of(network).post_address(number) is None
    assert (
        network_of("bluesky").profile_address("did:plc:me", "@me.test")
        == "https://bsky.app/profile/did:plc:me"
    )
    assert (
        network_of("mastodon").profile_address("https://a.social/@ann", None)
        == "https://a.social/@ann"
    )
    assert network_of("x").profile_address("17", None) == "https://x.com/i/user/17"
    assert network_of("x").profile_address("@jo", "@jo") == "https://x.com/jo"
    assert network_of("other").profile_address("jo", "jo") is None
