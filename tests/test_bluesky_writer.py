"""Signed in on Bluesky's own servers: what we send is what they show."""

import base64
import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from atnetwork import PIXEL, Network, Person, app_password, follow, join, record_of
from click.testing import CliRunner
from keepers import Kept
from sqlalchemy import select
from world import World

from linktrack.audience.models import Account, Follower
from linktrack.cli import main
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.lengths import length
from linktrack.networks.bluesky.session import sign_in
from linktrack.networks.bluesky.writer import BlueskyWriter
from linktrack.networks.credentials import Credential
from linktrack.networks.errors import Refused, SignedOut
from linktrack.networks.records import Card, Message, PostRecord

pytestmark = pytest.mark.network

FAMILY = "👩‍👩‍👧‍👦"  # one picture, 25 bytes
SHORT = "https://go.jessestay.com/Ab3dE"


@pytest.fixture(scope="module")
def author(atmosphere: Network) -> Person:
    return join(atmosphere, "jesseslinks.test")


@pytest.fixture(scope="module")
def credential(atmosphere: Network, author: Person) -> Credential:
    signed = sign_in("@jesseslinks.test", app_password(atmosphere, author), atmosphere.pds)
    assert (signed.network_id, signed.handle) == (author.did, "@jesseslinks.test")
    return signed.credential


@pytest.fixture
def writer(credential: Credential) -> Iterator[BlueskyWriter]:
    with closing(BlueskyWriter(credential, Kept(), page=25)) as writer:
        yield writer


def test_a_post_is_read_back_byte_for_byte(atmosphere: Network, writer: BlueskyWriter) -> None:
    """With our address as a link of its own, tags and mentions, and the card with its picture."""
    text = f"Grüße 👩‍👩‍👧‍👦 an @jesseslinks.test: {SHORT}, #links and go.jessestay.com/Ab3dE!"
    card = Card(SHORT, "A title – “quoted”", "What it says.", PIXEL, "image/png")
    sent = writer.publish(Message(writer.new_key(), text, (SHORT,), card))
    record = record_of(atmosphere, sent.network_id)
    assert record["text"] == text
    raw, did = text.encode(), sent.network_id.split("/")[2]
    parts = [
        (raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), value)
        for facet in record["facets"]
        for feature in facet["features"]
        for name, value in feature.items()
        if name != "$type"
    ]
    assert parts == [
        ("@jesseslinks.test", did),
        (SHORT, SHORT),
        ("#links", "links"),
        ("go.jessestay.com/Ab3dE", SHORT),
    ]
    external = record["embed"]["external"]
    assert (external["uri"], external["title"], external["description"]) == (
        SHORT, "A title – “quoted”", "What it says.",
    )  # fmt: skip
    assert external["thumb"]["size"] == len(PIXEL)
    assert sent.url == f"https://bsky.app/profile/{did}/post/{sent.network_id.rpartition('/')[2]}"
    assert writer.posts(None).posts[0] == PostRecord(
        sent.network_id,
        sent.posted_at,
        False,
        text.replace(" go.", " https://go."),
        (SHORT,),  # twice in the text is one link
        is_plain=True,
    )


def test_a_picture_that_is_too_large_is_left_out(
    atmosphere: Network, writer: BlueskyWriter
) -> None:
    """The card stays."""
    card = Card(SHORT, "A title", "", PIXEL + bytes(1_000_000), "image/png")
    sent = writer.publish(Message(writer.new_key(), f"Read {SHORT}", (SHORT,), card))
    external = record_of(atmosphere, sent.network_id)["embed"]["external"]
    assert "thumb" not in external
    assert external["title"] == "A title"


def test_who_may_reply_stays_when_a_post_takes_the_place_of_another(
    atmosphere: Network, writer: BlueskyWriter, author: Person
) -> None:
    """The server takes the post and its gates in one transaction, once."""
    old = writer.publish(Message(writer.new_key(), "Read https://example.org/"))
    key = old.network_id.rpartition("/")[2]
    gates: dict[str, dict[str, object]] = {
        "app.bsky.feed.threadgate": {"allow": []},
        "app.bsky.feed.postgate": {
            "embeddingRules": [{"$type": "app.bsky.feed.postgate#disableRule"}]
        },
    }
    for name, rules in gates.items():
        gate = {"$type": name, "post": old.network_id, "createdAt": now().isoformat(), **rules}
        body = {"repo": author.did, "collection": name, "rkey": key, "record": gate}
        atmosphere.call("com.atproto.repo.putRecord", body, author.token)
    standing = writer.standing(old.network_id)
    assert standing is not None
    assert standing.post.is_plain
    message = Message(
        writer.new_key(), f"Read {SHORT}", (SHORT,), instead_of=standing,
        short_for={"https://example.org/": SHORT},
    )  # fmt: skip
    sent = writer.publish(message)
    assert writer.publish(message) == sent
    assert record_of(atmosphere, sent.network_id)["text"] == f"Read {SHORT}"
    for name, rules in gates.items():
        new = record_of(atmosphere, sent.network_id.replace("app.bsky.feed.post", name))
        assert new["post"] == sent.network_id
        assert rules.items() <= new.items()
    writer.delete(old.network_id)
    assert writer.standing(old.network_id) is None


def test_the_same_key_is_the_same_post(atmosphere: Network, writer: BlueskyWriter) -> None:
    """A second attempt changes nothing, not even where the text is another."""
    message = Message(writer.new_key(), f"Once {SHORT}", (SHORT,))
    assert writer.find(message) is None
    before = len(writer.posts(None).posts)
    sent = writer.publish(message)
    assert writer.publish(message) == sent
    assert writer.publish(Message(message.key, "Something else")) == sent
    assert writer.find(message) == sent
    assert record_of(atmosphere, sent.network_id)["text"] == f"Once {SHORT}"
    assert len(writer.posts(None).posts) == before + 1


def test_posts_are_taken_back_once_and_twice(atmosphere: Network, writer: BlueskyWriter) -> None:
    """One that is gone is no error; what is not ours is refused."""
    message = Message(writer.new_key(), "Oops")
    sent = writer.publish(message)
    writer.delete(sent.network_id)
    writer.delete(sent.network_id)
    assert writer.find(message) is None
    with pytest.raises(Refused):
        writer.delete("at://did:plc:somebody/app.bsky.feed.post/3jzfcijpj2z2a")
    with pytest.raises(Refused, match="can't be edited"):
        writer.edit(sent.network_id, message)


def test_posts_come_in_pages_newest_first(credential: Credential) -> None:
    """With what somebody wrote around us: links, cards, and texts without either."""
    with closing(BlueskyWriter(credential, Kept(), page=2)) as writer:
        texts = [f"Number {number}" for number in range(5)]
        for text in texts:
            writer.publish(Message(writer.new_key(), text))
        found, cursor = [], None
        for _ in range(3):
            page = writer.posts(cursor)
            found += [post.text for post in page.posts]
            cursor = page.cursor
        assert found[:5] == texts[::-1]


def test_what_bluesky_does_not_take_is_refused(writer: BlueskyWriter) -> None:
    """Its own rule, as ours measures it: 300 graphemes, and 3,000 bytes."""
    for text in ("é" * 300, FAMILY * 120, "é" * 301, FAMILY * 120 + "."):
        message = Message(writer.new_key(), text)
        if length(text, "bluesky", "https://go.jessestay.com").fits:
            assert writer.publish(message) == writer.find(message)
        else:
            with pytest.raises(Refused, match=r"Bluesky refuses it: .* too "):
                writer.publish(message)
            assert writer.find(message) is None


def test_followers_come_in_pages_and_say_who_is_followed_back(
    atmosphere: Network, author: Person, writer: BlueskyWriter
) -> None:
    """Forty of them; and following one of them can be taken back, once and twice."""
    crowd = [join(atmosphere, f"reader{number}.test") for number in range(40)]
    for person in crowd:
        follow(atmosphere, person, author)
    atmosphere.settle()
    followed = writer.follow(crowd[3].did)
    atmosphere.settle()
    assert writer.follow(crowd[3].did) == followed
    assert writer.profile(author.did).followers == 40
    first = writer.followers(author.did, None)
    second = writer.followers(author.did, first.cursor)
    assert (len(first.people), len(second.people)) == (25, 15)
    back = {person.network_id: person.followed_back for person in [*first.people, *second.people]}
    assert set(back) == {person.did for person in crowd}
    assert [did for did, is_back in back.items() if is_back] == [crowd[3].did]
    assert [person.handle for person in writer.follows(None).people] == ["@reader3.test"]
    for _ in range(2):
        writer.unfollow(followed)
    atmosphere.settle()
    assert writer.follows(None).people == []
    with pytest.raises(Refused, match="Bluesky has no such thing"):
        writer.follow("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")


def test_a_session_goes_on_by_its_refresh_token(
    atmosphere: Network, credential: Credential
) -> None:
    """What replaces it is kept, and signs in nobody anew."""
    handle, did, access, refresh, server = credential.values["session"].split(":::")
    expired = ":::".join([handle, did, aged(access), refresh, server])
    kept = Kept()
    with closing(
        BlueskyWriter(Credential("bluesky", server, {"session": expired}), kept)
    ) as writer:
        assert writer.profile(did).network_id == did
    (renewed,) = kept.credentials
    assert renewed.values["session"].split(":::")[3] != refresh
    with closing(BlueskyWriter(renewed, kept)) as writer:
        assert writer.profile(did).network_id == did
    assert (len(kept.credentials), kept.sentences) == (1, [])
    # A process that has read the old one just before renews it too; neither is in the way.
    old = Credential("bluesky", server, {"session": expired})
    for one in (old, renewed, *kept.credentials):
        with closing(BlueskyWriter(one, kept)) as writer:
            assert writer.profile(did).network_id == did
    assert kept.sentences == []


def aged(token: str) -> str:
    """Return an access token that says of itself that it ended long ago."""
    head, body, _ = token.split(".")
    fields = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps({**fields, "exp": 1_700_000_000}).encode())
    return f"{head}.{changed.decode().rstrip('=')}.{'A' * 43}"


def test_who_is_signed_out_hears_it(atmosphere: Network) -> None:
    """A password that is none of an app, a wrong one, and a session that is not taken any more."""
    person = join(atmosphere, "leaver.test")
    with pytest.raises(Invalid, match="isn't an app password"):
        sign_in("@leaver.test", "a password", atmosphere.pds)
    with pytest.raises(SignedOut, match="doesn't accept this app password"):
        sign_in("@leaver.test", "aaaa-bbbb-cccc-dddd", atmosphere.pds)
    signed = sign_in("@leaver.test", app_password(atmosphere, person), atmosphere.pds)
    handle, did, access, refresh, server = signed.credential.values["session"].split(":::")
    broken = ":::".join([handle, did, access[:-6] + "AAAAAA", refresh, server])
    kept = Kept()
    with (
        closing(BlueskyWriter(Credential("bluesky", server, {"session": broken}), kept)) as writer,
        pytest.raises(SignedOut, match="connect the account again"),
    ):
        writer.publish(Message(writer.new_key(), "Hello"))
    assert len(kept.sentences) == 1


def test_a_connected_account_is_synced_as_itself(
    atmosphere: Network, sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By command, from the app password to a list that says who is followed back."""
    monkeypatch.setenv("LINKTRACK_DATA", str(sqlite_world.settings.data))
    monkeypatch.setenv("LINKTRACK_DATABASE", sqlite_world.settings.database)
    monkeypatch.setenv("LINKTRACK_BLUESKY", atmosphere.bsky)
    me, friend, other = (join(atmosphere, f"{name}.test") for name in ("itself", "mate", "crank"))
    for person in (friend, other):
        follow(atmosphere, person, me)
    follow(atmosphere, me, friend)
    atmosphere.settle()

    def run(*arguments: str, text: str | None = None) -> str:
        result = CliRunner().invoke(main, arguments, input=text)
        assert result.exit_code == 0, result.output
        return result.stdout

    run("account", "add", "@itself.test", "--network", "bluesky")
    at = ("account", "connect", "@itself.test", "--server", atmosphere.pds)
    assert run(*at, text=app_password(atmosphere, me)) == "@itself.test is connected.\n"
    assert "@itself.test: 2 followers on" in run("sync")
    back = sqlite_world.session.execute(select(Follower.handle, Follower.followed_back)).all()
    assert sorted(map(tuple, back)) == [("@crank.test", False), ("@mate.test", True)]
    assert sqlite_world.session.scalars(select(Account.network_id)).one() == me.did
