"""A wrapped post in the place of another: all that the other had is there, or nothing is done."""

import json
from pathlib import Path
from typing import Any

import pytest
from blueskyserver import APP_PASSWORD, DID, keys_of
from browser import Browser
from browser import read as text_of
from bskyrepo import HANDLE, Repository
from hypothesis import given, settings
from hypothesis import strategies as st
from keepers import Kept
from sqlalchemy import select
from standins import Answer, Asked, standin
from wall import Wall, watch
from world import World

from linktrack.audience.credentials import connect
from linktrack.audience.models import Account
from linktrack.calendar.days import Days
from linktrack.db import now
from linktrack.errors import Conflict, Invalid
from linktrack.links.models import Post
from linktrack.networks.bluesky.pieces import pieces_of
from linktrack.networks.bluesky.posts import post_record as bluesky_post
from linktrack.networks.bluesky.taking_over import taken_over
from linktrack.networks.credentials import Credential
from linktrack.networks.errors import Refused
from linktrack.networks.mastodon.posts import post_record as mastodon_post
from linktrack.networks.mastodon.writer import MastodonWriter
from linktrack.networks.records import Message, PostRecord
from linktrack.networks.signing_in import sign_in
from linktrack.networks.x.writer import _post as x_post
from linktrack.publishing.unwrapped.posts import list_unwrapped
from linktrack.publishing.unwrapped.replacing import replace_on_network

POSTS = "app.bsky.feed.post"
KEY = "3mzzzzzzzzzz2"
OLD = "3maaaaaaaaaa2"
LINK = "app.bsky.richtext.facet#link"


def facet(text: str, label: str, feature: dict[str, Any]) -> dict[str, Any]:
    start = len(text[: text.index(label)].encode())
    index = {"byteStart": start, "byteEnd": start + len(label.encode())}
    return {"index": index, "features": [feature]}


def card(address: str, title: str = "t", description: str = "d") -> dict[str, Any]:
    external = {"uri": address, "title": title, "description": description, "thumb": {"ref": "b"}}
    return {"$type": "app.bsky.embed.external", "external": external}


def record(text: str, *facets: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"$type": POSTS, "text": text, "createdAt": "2026-11-25T10:00:00.000Z"}
    if facets:
        found["facets"] = list(facets)
    return found | more


def read(value: dict[str, Any]) -> PostRecord:
    found = bluesky_post({"post": {"uri": f"at://{DID}/{POSTS}/{OLD}", "record": value}})
    assert found is not None
    return found


# What is more than a text


def link(address: str) -> dict[str, Any]:
    return {"$type": LINK, "uri": address}


WORD = "I like cheese a lot"


@pytest.mark.parametrize(
    ("value", "more"),
    [
        (record("Hi"), ()),
        (record("Hi", langs=["de"], tags=["a"], labels={}), ()),
        (record("See a.org", facet("See a.org", "a.org", link("https://a.org/"))), ()),
        (record("Read it", embed=card("https://a.org/")), ()),
        (
            record(WORD, facet(WORD, "cheese", link("https://cheese.org/"))),
            ("the words that are its links",),
        ),
        (record("Hi", embed=card("https://a.org/dance.gif?x=1")), ("its moving picture",)),
        (
            record("Hi", embed=card("https://gifs.org/1", "", "ALT: a cat")),
            ("its moving picture",),
        ),
        (record("Hi", embed=card("https://media2.giphy.com/media/a/b")), ("its moving picture",)),
        (record("Hi", embed={"$type": "app.bsky.embed.images"}), ("its pictures",)),
        (record("Hi", embed={"$type": "app.bsky.embed.video"}), ("its film",)),
        (record("Hi", embed={"$type": "org.example.new"}), ("what stands below it",)),
        (record("Hi", reply={"root": {}}), ("its place in a thread",)),
        (record("Hi", labels={"values": [{"val": "nudity"}]}), ("its content warning",)),
        (record("Hi", bridgyOriginalText="<b>Hi</b>"), ("what another app has added to it",)),
        (record("Hi", facets=[{"index": 5}]), ("what another app has added to it",)),
    ],
)
def test_what_a_text_alone_would_not_have_on_bluesky(
    value: dict[str, Any], more: tuple[str, ...]
) -> None:
    """It is named; languages and hidden tags go along."""
    found = read(value)
    assert (found.is_plain, found.more) == (not more, more)


SHOWN = (
    '<a href="https://a.org/x"><span class="invisible">https://</span><span class="">a.org/x</span>'
    "</a>"
)


@pytest.mark.parametrize(
    ("content", "fields", "more"),
    [
        (f"<p>Hi {SHOWN}<br>two</p><p>three</p>", {}, ()),
        ('<p>Hi<br/><a href="https://a.org/x">https://a.org/x</a></p>', {"sensitive": True}, ()),
        ('<p><a href="https://a.org/x">words</a></p>', {}, ("the words that are its links",)),
        ('<p><a href="https://a.org/x">a.org</a></p>', {}, ("the words that are its links",)),
        ("<p>a <strong>b</strong></p>", {}, ("its emphasis, lists or pictures",)),
        ("<ul><li>b</li></ul>", {}, ("its emphasis, lists or pictures",)),
        ("<p>a <span class='mfm-spin'>b</span></p>", {}, ("its emphasis, lists or pictures",)),
        ("<p>https://a.org/x</p>", {}, ("what its server makes of its text",)),
        ("<p>Hi</p>", {"poll": {"id": "1"}}, ("its poll",)),
        ("<p>Hi</p>", {"spoiler_text": "War"}, ("its content warning",)),
        ("<p>Hi</p>", {"pleroma": {"quote_id": "1"}}, ("the post it quotes",)),
        (
            '<p class="quote-inline">RE: x</p><p>Hi</p>',
            {"media_attachments": [{"id": "1"}]},
            ("its pictures", "the post it quotes"),
        ),
    ],
)
def test_what_a_text_alone_would_not_have_on_mastodon(
    content: str, fields: dict[str, Any], more: tuple[str, ...]
) -> None:
    """What the server would make of the text again is no loss."""
    found = mastodon_post(status(content, **fields))
    assert found is not None
    assert (found.is_plain, found.more) == (not more, more)


@pytest.mark.parametrize(
    ("content", "fields", "shown", "links"),
    [
        (
            '<p>True</p><br>RE: <a href="https://o.org/n/9">https://o.org/n/9</a>',
            {"pleroma": {"quote_url": "https://o.org/n/9"}},
            "True",
            (),
        ),
        ('<p><a href="https://m.org/tags/caf%C3%A9">#Café</a> x</p>', {}, "#Café x", ()),
        (
            '<p><a href="https://m.org/@ann">@<span>ann</span></a> x</p>',
            {"mentions": [{"url": "https://m.org/@ann", "acct": "ann"}]},
            "@ann x",
            (),
        ),
        (
            '<p>RE: <a href="https://o.org/n/9">https://o.org/n/9</a></p>',
            {},
            "RE: https://o.org/n/9",
            ("https://o.org/n/9",),
        ),
    ],
)
def test_quotes_tags_and_names_are_known_on_servers_that_do_not_mark_them(
    content: str, fields: dict[str, Any], shown: str, links: tuple[str, ...]
) -> None:
    """By the fields of the post, and by the word before and in the address."""
    found = mastodon_post(status(content, **fields))
    assert found is not None
    assert (found.text, found.addresses) == (shown, links)


def test_a_card_whose_address_is_written_otherwise_is_the_same_link() -> None:
    """With or without a last slash; taken over, it leads to the same short address."""
    text = "See example.com/story"
    old = record(
        text,
        facet(text, "example.com/story", link("https://example.com/story")),
        embed=card("http://Example.com/story/"),
    )
    assert read(old).addresses == ("https://example.com/story",)
    message = Message(KEY, f"See {SHORT}", short_for={"https://example.com/story": SHORT})
    assert taken_over(old, message)["embed"] == card(SHORT)


def status(content: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "uri": "https://m.org/users/y/statuses/1",
        "url": "https://m.org/@y/1",
        "created_at": "2026-11-20T10:00:00.000Z",
        "visibility": "public",
        "content": content,
        **fields,
    }


@pytest.mark.parametrize(
    ("kinds", "more"),
    [
        (["quoted"], ("the post it quotes",)),
        (["replied_to"], ("its place in a thread",)),
        (["retweeted"], ()),
    ],
)
def test_what_a_text_alone_would_not_have_on_x(kinds: list[str], more: tuple[str, ...]) -> None:
    """Without any of it, it is not known whether there is a poll."""
    others = [{"type": kind, "id": "5"} for kind in kinds]
    found = x_post(
        {"id": "1", "created_at": "2026-11-20T10:00:00Z", "text": "a", "referenced_tweets": others}
    )
    assert found is not None
    assert (found.is_plain, found.more) == (False if more else None, more)


def test_a_code_of_xs_own_that_begins_another_stays_its_own() -> None:
    """Both are written out."""
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://a.org/"},
        {"url": "https://t.co/ab", "expanded_url": "https://b.org/"},
    ]
    row = {"id": "1", "created_at": "2026-11-20T10:00:00Z", "entities": {"urls": urls}}
    found = x_post({**row, "text": "https://t.co/ab https://t.co/a"})
    assert found is not None
    assert found.text == "https://b.org/ https://a.org/"


# What takes its place on Bluesky

LONG = "https://example.org/a/long/path"
SHORT = "https://go.example.com/x7k"


def test_all_but_the_links_of_a_record_stays() -> None:
    """Whom it mentions, its tags and languages, and its card with its own words and picture."""
    text = "Grüße @ann.test: example.org/a/lo… #tag"
    person = {"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:ann"}
    tag = {"$type": "app.bsky.richtext.facet#tag", "tag": "tag"}
    old = record(
        text,
        facet(text, "@ann.test", person),
        facet(text, "example.org/a/lo…", link(LONG)),
        facet(text, "#tag", tag),
        langs=["de"],
        embed=card(LONG, "A title"),
    )
    wrapped = f"Grüße @ann.test: {SHORT} #tag"
    message = Message(KEY, wrapped, (SHORT,), short_for={LONG: SHORT})
    assert taken_over(old, message) == {
        "text": wrapped,
        "facets": [
            facet(wrapped, "@ann.test", person),
            facet(wrapped, SHORT, link(SHORT)),
            facet(wrapped, "#tag", tag),
        ],
        "langs": ["de"],
        "embed": card(SHORT, "A title"),
    }


def test_an_address_that_only_a_card_has_is_not_put_into_the_text() -> None:
    """Nor does what looks like a mention become one."""
    old = record("Read it, @nobody.test", embed=card(f"{LONG}/"))
    message = Message(KEY, f"Read it, @nobody.test\n\n{SHORT}", short_for={f"{LONG}/": SHORT})
    assert taken_over(old, message) == {"text": "Read it, @nobody.test", "embed": card(SHORT)}


def test_a_text_that_would_read_otherwise_is_not_sent() -> None:
    """Whatever the reason."""
    old = record("See a.org", facet("See a.org", "a.org", link("https://a.org/")))
    with pytest.raises(Refused, match="would read differently"):
        taken_over(old, Message(KEY, "See it", short_for={"https://a.org/": SHORT}))


LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4)
FEATURES = st.one_of(
    st.builds(lambda n: {"$type": "app.bsky.richtext.facet#tag", "tag": n}, LETTERS),
    st.builds(lambda n: link(f"https://example.org/{n}"), st.integers(0, 3)),
)
PARTS = st.lists(st.tuples(LETTERS, st.one_of(st.none(), FEATURES)), max_size=6)


@settings(deadline=None)
@given(PARTS)
def test_a_plain_record_made_anew_with_its_own_links_is_itself(
    parts: list[tuple[str, dict[str, Any] | None]],
) -> None:
    """And with others it differs in these alone."""
    text, facets = "", []
    for written, feature in parts:
        label = feature.get("uri", written) if feature else written
        start = len(text.encode())
        text += label
        if feature and label:
            index = {"byteStart": start, "byteEnd": len(text.encode())}
            facets.append({"index": index, "features": [feature]})
    old = record(text, *facets)
    post = read(old)
    assert post.is_plain
    again = taken_over(old, Message(KEY, post.text, short_for={}))
    assert again == {name: old[name] for name in ("text", "facets") if name in old}
    shorts = {address: f"{SHORT}{number}" for number, address in enumerate(post.addresses)}
    wrapped = post.text
    for address, short in shorts.items():
        wrapped = wrapped.replace(address, short)
    other = taken_over(old, Message(KEY, wrapped, short_for=shorts))
    before, after = (
        [(None if piece.address else piece.written, piece.address) for piece in pieces_of(each)[0]]
        for each in (old, other)
    )
    assert [(words, shorts.get(link or "", link)) for words, link in before] == after


THREADGATE, POSTGATE = "app.bsky.feed.threadgate", "app.bsky.feed.postgate"


def prepared(world: World, value: dict[str, Any]) -> tuple[Repository, int]:
    """An account that has posted this around us, with gates."""
    account = world.account(HANDLE, "bluesky")
    address = f"at://{DID}/{POSTS}/{OLD}"
    shop = Repository({(POSTS, OLD): value})
    allow = [{"$type": "app.bsky.feed.threadgate#followingRule"}]
    shop.records[THREADGATE, OLD] = {"$type": THREADGATE, "post": address, "allow": allow}
    rules = [{"$type": "app.bsky.feed.postgate#disableRule"}]
    shop.records[POSTGATE, OLD] = {"$type": POSTGATE, "post": address, "embeddingRules": rules}
    wall = Wall()
    found = read(value)
    wall.written = [found]
    watch(world, account, wall)
    return shop, list_unwrapped(world.session, account.id, 1)[0].id


def put(world: World, shop: Repository, number: int, *, confirmed: bool = True) -> Post:
    world.session.rollback()
    with shop.writer() as writer:
        done = replace_on_network(
            world.database, world.shortener, Days(world.settings.timezone), number,
            lambda _: writer, confirmed=confirmed, actor="Jesse", readable=lambda _: False,
        )  # fmt: skip
    world.session.rollback()
    return world.session.get_one(Post, done.post_id)


def test_who_may_reply_and_quote_stays(sqlite_world: World) -> None:
    """The gates stand with the post, in one transaction of the server."""
    text = "Read example.org/a/lo…, @ann"
    old = record(text, facet(text, "example.org/a/lo…", link(LONG)), langs=["en"])
    shop, number = prepared(sqlite_world, old)
    post = put(sqlite_world, shop, number)
    ((key, new),) = [(one[1], value) for one, value in shop.records.items() if one[0] == POSTS]
    assert key != OLD
    assert (new["text"], new["langs"]) == (post.text, ["en"])
    address = f"at://{DID}/{POSTS}/{key}"
    gate = shop.records[THREADGATE, key]
    assert (gate["post"], gate["allow"][0]["$type"]) == (address, f"{THREADGATE}#followingRule")
    assert shop.records[POSTGATE, key]["post"] == address


def test_what_another_app_adds_meanwhile_is_not_destroyed(sqlite_world: World) -> None:
    """The post is read again before anything is done; nothing is written."""
    shop, number = prepared(
        sqlite_world, record(f"Read {LONG}", facet(f"Read {LONG}", LONG, link(LONG)))
    )
    shop.records[POSTS, OLD]["embed"] = {"$type": "app.bsky.embed.images"}
    before = dict(shop.records)
    with pytest.raises(Invalid, match="On Bluesky a new text would lose its pictures"):
        put(sqlite_world, shop, number)
    del shop.records[POSTS, OLD]["embed"]
    shop.records[POSTS, OLD]["text"] = f"Read {LONG} and more"
    with pytest.raises(Conflict, match="has changed on Bluesky meanwhile"):
        put(sqlite_world, shop, number)
    del shop.records[POSTS, OLD]
    with pytest.raises(Conflict, match="is gone on its network"):
        put(sqlite_world, shop, number)
    assert set(shop.records) == set(before) - {(POSTS, OLD)}


def test_the_page_says_what_would_be_lost_before_anything_is_done(sqlite_world: World) -> None:
    """The post is read on its network when the page is opened; without a loss there is a button."""
    world = sqlite_world
    old = record(f"Read {LONG}", facet(f"Read {LONG}", LONG, link(LONG)))
    shop, number = prepared(world, old)
    account = world.session.scalars(select(Account)).one()
    with standin(shop.answer) as running:
        signed = sign_in("bluesky", HANDLE, {"app_password": APP_PASSWORD}, running.address)
        connect(world.session, keys_of(world), account, signed, now())
        world.session.commit()
        browser = Browser.signed_in(world)
        page = f"/owner/not-wrapped/{number}/replace"
        seen = text_of(browser.get(page))
        assert "It loses its likes" in seen
        assert (
            "It keeps its language, its link preview, and who may reply to it and quote it." in seen
        )
        assert "Delete and repost Cancel" in seen
        shop.records[POSTS, OLD]["labels"] = {"values": [{"val": "nudity"}]}
        seen = text_of(browser.get(page))
        assert "On Bluesky a new text would lose its content warning." in seen
        assert "Delete and repost Cancel" not in seen
    assert "Bluesky cannot be reached" in text_of(browser.get(page))


def test_by_command_what_would_be_lost_is_said_first(sqlite_world: World) -> None:
    """A loss of its own before the question whether to delete it."""
    shop, number = prepared(sqlite_world, record("Read", embed=card(LONG)))
    with pytest.raises(Conflict, match=r"Bluesky can't edit posts.* loses its likes"):
        put(sqlite_world, shop, number, confirmed=False)
    shop.records[POSTS, OLD]["reply"] = {"root": {}}
    with pytest.raises(Invalid, match="would lose its place in a thread"):
        put(sqlite_world, shop, number, confirmed=False)
    assert sqlite_world.session.scalars(select(Post)).all() == []


# What takes its place on Mastodon


def edited(content: str, source: str | None, **fields: Any) -> tuple[PostRecord, dict[str, str]]:
    """Return a status as it stands, and the form with which it is edited."""
    forms: list[dict[str, str]] = []

    def answer(asked: Asked) -> Answer:
        if asked.method == "PUT":
            forms.append(asked.form)
        if asked.path.endswith("/source") and source is None:
            return Answer({"error": "Record not found"}, 404)
        if asked.path.endswith("/source"):
            return Answer({"id": "1", "text": source, "spoiler_text": ""})
        return Answer(status(content, **fields))

    with standin(answer) as server:
        values = {"access_token": "t", "id": "1", "url": "https://m.org/@y", "handle": "@y@m.org"}
        writer = MastodonWriter(Credential("mastodon", server.address, values), Kept())
        found = writer.standing("https://m.org/users/y/statuses/1")
        assert found is not None
        writer.edit("https://m.org/users/y/statuses/1", Message(KEY, "Wrapped", instead_of=found))
        writer.close()
    return found.post, forms[0]


def test_what_was_sensitive_stays_so() -> None:
    """Mastodon itself keeps language, readers and who may quote where an edit names none."""
    post, form = edited(f"<p>Hi {SHOWN}</p>", "Hi https://a.org/x", sensitive=True)
    assert (post.is_plain, form) == (True, {"status": "Wrapped", "sensitive": "1"})
    _, form = edited(f"<p>Hi {SHOWN}</p>", "Hi https://a.org/x")
    assert form == {"status": "Wrapped"}


@pytest.mark.parametrize(
    ("content", "source", "plain"),
    [
        ("<p>@ann hi<br>you</p>", "@ann@m.org hi\n\nyou", True),
        ("<p>2 * 3</p>", r"2 \* 3", False),
        ("<p>hi</p>", None, False),
    ],
)
def test_what_was_written_in_markdown_is_not_edited_as_text(
    content: str, source: str | None, plain: bool
) -> None:
    """Its author's own text says so, where the HTML does not."""
    post, _ = edited(content, source)
    assert post.is_plain is plain


# Posts as networks give them


def cases(shared_data: Path, name: str) -> list[dict[str, Any]]:
    file = shared_data.parent / "cases/networks" / name
    if not file.is_file():
        pytest.skip("The cases are not here.")
    found: list[dict[str, Any]] = json.loads(file.read_text())
    return found


def test_the_kept_cases_of_bluesky_are_read_right(shared_data: Path) -> None:
    """Words stay, and nothing that is more than a text is taken for one."""
    for case in cases(shared_data, "bluesky_feed_items.json"):
        found = bluesky_post(case["item"])
        assert found is not None
        assert list(found.addresses) == case["right_addresses"], case["case"]
        for piece in pieces_of(case["item"]["post"]["record"])[0]:
            assert not piece.is_word or piece.written in found.text
        if case["right_is_plain_or_text"] is False:
            assert found.is_plain is False, case["case"]


def test_the_kept_cases_of_mastodon_are_read_right(shared_data: Path) -> None:
    for case in cases(shared_data, "mastodon_statuses.json"):
        found = mastodon_post(case["status"])
        assert found is not None
        assert list(found.addresses) == case["right_addresses"], case["case"]
        right = case["right_text"].partition(";")[0]
        assert found.text == right or found.is_plain is False, case["case"]


def test_the_kept_cases_of_x_are_read_right(shared_data: Path) -> None:
    for case in cases(shared_data, "x_api_rows.json"):
        found = x_post(case["row"])
        assert found is not None
        assert list(found.addresses) == case["right_addresses"], case["case"]
