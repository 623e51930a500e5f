"""Signed in on Mastodon, by recorded sessions: what is asked, and what is made of the answers."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from keepers import Kept
from replaying import replayed

from linktrack.errors import Unavailable
from linktrack.networks.credentials import Credential
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.mastodon.writer import MastodonWriter, sign_in
from linktrack.networks.records import FollowerRecord, Message, Profile, Sent, TextLimits
from linktrack.networks.tids import new_tid

SHORT = "https://go.jessestay.com/Ab3dE"
TOKEN = "tok-3nSecret-9"  # noqa: S105 - made up
KEY = "3mzzzzzzzzzz2"
NUMBER = "117440810532227399"


@contextmanager
def writing(*sessions: str) -> Iterator[tuple[MastodonWriter, str, Kept]]:
    """Open a writer of the account of the recordings."""
    kept = Kept()
    with replayed("mastodon.json", *sessions) as server:
        here = server.address
        values = {
            "access_token": TOKEN,
            "id": NUMBER,
            "url": f"{here}/@you",
            "handle": "@you@a.example",
        }
        with closing(MastodonWriter(Credential("mastodon", here, values), kept)) as writer:
            yield writer, here, kept


def test_an_access_token_says_whose_it_is() -> None:
    """And one that is not taken says so, without being repeated."""
    with replayed("mastodon.json", "connect") as server:
        signed = sign_in("@you@a.example", TOKEN, server.address)
        assert (signed.network_id, signed.handle) == (f"{server.address}/@you", "@you@a.example")
        assert signed.credential.values["access_token"] == TOKEN
        assert TOKEN not in repr(signed)
    with (
        replayed("mastodon.json", "a wrong token") as server,
        pytest.raises(
            SignedOut, match=r"doesn't accept this access token for @you@a\.example"
        ) as no,
    ):
        sign_in("@you@a.example", "wr0ng-token", server.address)
    assert "wr0ng-token" not in no.value.sentence


def test_no_private_address_is_asked_unless_it_is_set() -> None:
    """Whatever handle somebody types."""
    with pytest.raises(Unavailable, match="private address"):
        sign_in("@you@127.0.0.1", TOKEN, None)


def test_the_same_key_is_the_same_post() -> None:
    """The server is told it, and knows it for an hour."""
    with writing("publish twice") as (writer, here, _):
        message = Message(KEY, f"Read {SHORT}", (SHORT,))
        sent = writer.publish(message)
        assert sent == Sent(
            f"{here}/ap/users/{NUMBER}/statuses/117440831256055850",
            f"{here}/@you/117440831256055850",
            datetime(2026, 10, 14, 19, 7, 51, 461_000, UTC),
        )
        assert writer.publish(message) == sent


def test_posts_are_edited_and_taken_back() -> None:
    """One that is gone is no error."""
    with writing("edit and delete") as (writer, here, _):
        address = f"{here}/ap/users/{NUMBER}/statuses/117440831256055850"
        edited = writer.edit(address, Message(KEY, f"Read this: {SHORT}", (SHORT,)))
        assert edited.network_id == address
        writer.delete(address)
        writer.delete(address)


@pytest.mark.parametrize(
    ("session", "text", "error", "sentence"),
    [
        ("too long", "Long", Refused, "Mastodon refuses it: .*character limit of 500 exceeded"),
        ("a token that was revoked", "Hello", SignedOut, "connect the account again"),
    ],
)
def test_what_is_not_taken_is_said(
    session: str, text: str, error: type[Exception], sentence: str
) -> None:
    """In the server's words."""
    with writing(session) as (writer, _, kept):
        with pytest.raises(error, match=sentence) as raised:
            writer.publish(Message(KEY, text))
        assert type(raised.value) is error
        assert bool(kept.sentences) is (error is SignedOut)


def test_a_pause_lasts_as_long_as_the_server_says() -> None:
    """Its header is an ISO time."""
    with writing("too many requests") as (writer, _, _kept):
        with pytest.raises(Pause) as pause:
            writer.publish(Message(KEY, "Hello"))
        assert 80 < (pause.value.until - datetime.now(UTC)).total_seconds() < 95


def test_a_post_whose_answer_never_came_is_found() -> None:
    """By our address in it; somebody else's boosted words are not it."""
    with writing("an answer that never came") as (writer, here, _):
        message = Message(new_tid(), f"Read {SHORT}", (SHORT,))
        with pytest.raises(Unclear):
            writer.publish(message)
        found = writer.find(message)
        assert found is not None
        assert (found.network_id, found.url) == (
            f"{here}/ap/users/{NUMBER}/statuses/7", f"{here}/@you/7",
        )  # fmt: skip


def test_followers_come_by_the_link_header() -> None:
    """With what the server knows of each; the last page names no next one."""
    with writing("connect", "limits", "followers") as (writer, here, _):
        assert writer.profile("you@a.example") == Profile(
            f"{here}/@you", "@you@a.example", 3, TextLimits(1000, 23)
        )
        first = writer.followers(f"{here}/@you", None)
        assert first.cursor == "7163058"
        host = urlsplit(here).hostname
        assert first.people == [
            FollowerRecord(
                f"{here}/@ann", f"@ann@{host}", 12, 34, 56, datetime(2024, 3, 2, tzinfo=UTC),
                True, False, datetime(2026, 10, 1, tzinfo=UTC), None,
            ),
            FollowerRecord(
                "https://b.example/@ben", "@ben@b.example", 0, 900, 0,
                datetime(2023, 1, 1, tzinfo=UTC), False, True, None, None,
            ),
        ]  # fmt: skip
        second = writer.followers(f"{here}/@you", first.cursor)
        assert second.cursor is None
        assert [person.handle for person in second.people] == ["@cy@c.example"]


def test_following_by_address_and_taking_it_back() -> None:
    """The server knows people of other servers by numbers of its own."""
    with writing("following back") as (writer, _, _kept):
        followed = writer.follow("https://b.example/@ben")
        page = writer.follows(None)
        assert page is not None
        assert [person.network_id for person in page.people] == ["https://b.example/@ben"]
        writer.unfollow(followed)
        writer.unfollow(followed)


def test_somebody_whom_the_server_cannot_find_is_refused() -> None:
    """Asked for again and again, they would keep everybody behind them waiting."""
    with (
        writing("somebody who is gone") as (writer, _, _kept),
        pytest.raises(Refused, match=r"knows no account https://b\.example/@ben"),
    ):
        writer.follow("https://b.example/@ben")


def test_a_token_that_may_not_follow_is_nobodys_refusal() -> None:
    """They are followed once it is mended."""
    with (
        writing("following without the scope") as (writer, _, _kept),
        pytest.raises(Unavailable, match=r"outside the authorized scopes.*a token that may") as no,
    ):
        writer.follow("https://b.example/@ben")
    assert type(no.value) is Unavailable


def test_following_too_many_is_nobodys_refusal() -> None:
    """Who is next is not refused: the run ends, and goes on later."""
    with writing("following too many") as (writer, _, _kept):
        with pytest.raises(Unavailable, match=r"more than 7500 people\. Nobody more") as full:
            writer.follow("https://b.example/@ben")
        assert type(full.value) is Unavailable
    with writing("following too many in a day") as (writer, _, _kept), pytest.raises(Pause):
        writer.follow("https://b.example/@ben")


def test_a_scope_that_is_missing_is_no_reason_to_connect_again() -> None:
    """It is refused, in the server's words."""
    with writing("a scope that is missing") as (writer, _, kept):
        with pytest.raises(Refused, match="outside the authorized scopes") as refused:
            writer._ask(lambda: writer._client.account_follow("7"), sends=True)
        assert type(refused.value) is Refused
        assert kept.sentences == []


def test_a_server_that_is_not_there_has_done_nothing() -> None:
    """So a plain retry is worth it."""
    values = {
        "access_token": TOKEN,
        "id": NUMBER,
        "url": "https://a.example/@you",
        "handle": "@you@a.example",
    }
    credential = Credential("mastodon", "http://127.0.0.1:9", values)
    with closing(MastodonWriter(credential, Kept())) as writer:
        with pytest.raises(Unavailable, match="cannot be reached") as raised:
            writer.publish(Message(KEY, "Hello"))
        assert type(raised.value) is Unavailable
