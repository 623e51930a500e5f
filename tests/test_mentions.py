"""Who spoke to an account, as Bluesky and Mastodon tell it, and replies that may be out already."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from blueskyserver import DID, Server
from keepers import Kept
from standins import Answer, Asked, Standin, standin

from linktrack.errors import Unavailable
from linktrack.networks.bluesky.mentions import BlueskyMentions
from linktrack.networks.bluesky.session import sign_in
from linktrack.networks.bluesky.writer import BlueskyWriter
from linktrack.networks.credentials import Credential
from linktrack.networks.errors import Pause, Refused
from linktrack.networks.mastodon.mentions import MastodonMentions
from linktrack.networks.mastodon.writer import MastodonWriter
from linktrack.networks.records import Mention, Message
from linktrack.networks.tids import new_tid

AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SAID = "at://did:plc:ann/app.bsky.feed.post/3k"
STATUS = "https://b.example/users/ann/statuses/7"


def notification(reason: str, **more: Any) -> dict[str, Any]:
    record = {"text": "Look: https://example.org/moss", "createdAt": "2026-05-04T11:59:00Z"}
    return {
        "uri": SAID, "cid": "bafy", "reason": reason, "indexedAt": "2026-05-04T12:00:00Z",
        "author": {"did": "did:plc:ann", "handle": "ann.test"}, "record": record, **more,
    }  # fmt: skip


@contextmanager
def bluesky(*answers: Answer) -> Iterator[tuple[Credential, Standin]]:
    server = Server(next=list(answers))
    with standin(server.answer) as place:
        signed = sign_in("@jesse.example.com", "k3yx-p4ss-w0rd-7q2z", place.address)
        assert signed.network_id == DID
        yield signed.credential, place


def test_bluesky_tells_mentions_and_replies_and_nothing_else() -> None:
    """The time is the AppView's; the page goes by what posts say of themselves."""
    rows = [
        notification("reply"),
        notification("like"),
        notification("mention", author=None),
        notification("mention", uri=None, record="broken"),
        "broken",
    ]
    with bluesky(Answer({"notifications": rows, "cursor": "next"})) as (credential, place):
        with closing(BlueskyMentions(credential, Kept())) as reader:
            page = reader.mentions("here")
        asked = place.asked[-1]
    assert page.mentions == [
        Mention(
            network_id=SAID, spoken="reply", person_id="did:plc:ann", handle="@ann.test",
            said_at=AT, text="Look: https://example.org/moss",
        )
    ]  # fmt: skip
    assert page.oldest == datetime(2026, 5, 4, 11, 59, tzinfo=UTC)
    assert page.cursor == "next"
    assert asked.arguments["cursor"] == ["here"]
    assert asked.arguments["reasons"] == ["mention", "reply"]


def test_a_reply_on_bluesky_stands_in_its_thread() -> None:
    """Where the thread began is said by the post that is answered; one that is gone is refused."""
    root = {"uri": "at://did:plc:jesse/app.bsky.feed.post/1", "cid": "first"}
    answered = {"uri": SAID, "cid": "bafy", "record": {"reply": {"root": root, "parent": root}}}
    put = Answer({"uri": f"at://{DID}/app.bsky.feed.post/k", "cid": "c"})
    message = Message(new_tid(), "Thank you", reply_to=SAID)
    with bluesky(Answer({"posts": [answered]}), put, Answer({"posts": []})) as (credential, place):
        with closing(BlueskyWriter(credential, Kept())) as writer:
            writer.publish(message)
            with pytest.raises(Refused, match="no longer on Bluesky"):
                writer.publish(message)
        written = place.asked[-2].json["record"]["reply"]
    assert written == {"root": root, "parent": {"uri": SAID, "cid": "bafy"}}


def status(**more: Any) -> dict[str, Any]:
    return {
        "id": "7", "uri": STATUS, "created_at": "2026-05-04T11:59:00.000Z",
        "visibility": "public", "in_reply_to_account_id": None, "content":
        '<p>Look: <a href="https://example.org/moss">https://example.org/moss</a></p>', **more,
    }  # fmt: skip


def mention(number: int, **more: Any) -> dict[str, Any]:
    ann = {"id": "9", "acct": "ann@b.example", "url": "https://b.example/@ann"}
    return {
        "id": str(number), "type": "mention", "created_at": "2026-05-04T12:00:00.000Z",
        "account": ann, "status": status(**more),
    }  # fmt: skip


@contextmanager
def mastodon(*answers: Answer) -> Iterator[tuple[Credential, Standin]]:
    waiting = list(answers)

    def answer(asked: Asked) -> Answer:
        if "/instance" in asked.path or "nodeinfo" in asked.path:
            return Answer({"version": "4.2.0", "uri": "a.example"})
        return waiting.pop(0)

    with standin(answer) as place:
        values = {
            "access_token": "tok", "id": "42", "url": f"{place.address}/@you",
            "handle": "@you@a.example", "server_is_set": "yes",
        }  # fmt: skip
        yield Credential("mastodon", place.address, values), place


def test_mastodon_tells_what_everybody_may_read() -> None:
    """Messages to some people only stay where they were said."""
    rows = [
        mention(5, in_reply_to_account_id="42"),
        mention(4),
        mention(3, visibility="direct"),
        mention(2, visibility="private"),
        {**mention(1), "type": "follow"},
    ]
    more = {"Link": '<https://a.example/api/v1/notifications?max_id=1>; rel="next"'}
    with mastodon(Answer(rows, headers=more)) as (credential, place):
        with closing(MastodonMentions(credential, Kept())) as reader:
            page = reader.mentions(None)
        asked = place.asked[0]
    assert [(each.spoken, each.handle, each.person_id) for each in page.mentions] == [
        ("reply", "@ann@b.example", "https://b.example/@ann"),
        ("mention", "@ann@b.example", "https://b.example/@ann"),
    ]
    assert page.mentions[0].text == "Look: https://example.org/moss"
    assert (page.oldest, page.cursor) == (AT, "1")
    assert asked.arguments["types[]"] == ["mention"]
    assert asked.headers["authorization"] == "Bearer tok"


def test_a_token_that_may_not_read_them_says_so_and_a_pause_is_heeded() -> None:
    """It still signs the account in for everything else."""
    refused = Answer({"error": "This action is outside the authorized scopes"}, 403)
    busy = Answer({"error": "Too many"}, 429, headers={"Retry-After": "90"})
    with mastodon(refused, busy) as (credential, _):
        kept = Kept()
        with closing(MastodonMentions(credential, kept)) as reader:
            with pytest.raises(Unavailable, match="outside the authorized scopes"):
                reader.mentions(None)
            with pytest.raises(Pause):
                reader.mentions(None)
        assert kept.sentences == []


def test_a_reply_on_mastodon_is_found_by_what_it_answers() -> None:
    """Its text is compared without the servers of names, which the HTML leaves out."""
    key = new_tid()
    at = datetime.now(UTC).isoformat()
    found = Answer({"statuses": [status()], "accounts": [], "hashtags": []})
    content = '<p><span class="h-card"><a class="u-url mention" href="https://b.example/@ann">'
    content += "@<span>ann</span></a></span> Thank you</p>"
    names = [{"url": "https://b.example/@ann", "acct": "ann"}]
    own = status(id="8", uri="https://a.example/8", url="https://a.example/@you/8", created_at=at)
    other = {**own, "id": "9", "in_reply_to_id": "6", "content": content, "mentions": names}
    ours = {**own, "in_reply_to_id": "7", "content": content, "mentions": names}
    message = Message(key, "@ann@b.example Thank you", reply_to=STATUS)
    with (
        mastodon(found, Answer([other]), found, Answer([other, ours])) as (credential, _),
        closing(MastodonWriter(credential, Kept())) as writer,
    ):
        assert writer.find(message) is None
        sent = writer.find(message)
    assert sent is not None
    assert sent.url == "https://a.example/@you/8"
