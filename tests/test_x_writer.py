"""Signed in on X, by a stand-in: what tweepy asks, and what is made of the answers."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from keepers import Kept
from standins import Answer, Standin, standin
from xserver import OWN, SHORT, VALUES, Server, tweet

from linktrack.errors import NotFound, Unavailable
from linktrack.networks.credentials import Credential
from linktrack.networks.errors import Pause, Refused, SignedOut, Unclear
from linktrack.networks.records import Message, PostRecord, Profile
from linktrack.networks.tids import new_tid
from linktrack.networks.x.writer import XWriter, sign_in


@contextmanager
def writing(server: Server) -> Iterator[tuple[XWriter, Standin, Kept]]:
    kept = Kept()
    with standin(server.answer) as place:
        credential = Credential("x", place.address, {**VALUES, **OWN})
        with closing(XWriter(credential, kept)) as writer:
            yield writer, place, kept


def message(text: str = f"Read {SHORT}") -> Message:
    return Message(new_tid(), text, (SHORT,) if SHORT in text else ())


def test_four_values_say_whose_they_are() -> None:
    """And those that are not taken say so, without being repeated."""
    server = Server()
    with standin(server.answer) as place:
        signed = sign_in("@JessesLinks", VALUES, place.address)
        assert (signed.network_id, signed.handle) == ("42", "@JessesLinks")
        server.next = [Answer({"title": "Unauthorized", "status": 401}, 401)]
        with pytest.raises(SignedOut, match="doesn't accept these keys and tokens") as no:
            sign_in("@JessesLinks", VALUES, place.address)
    assert not any(value in no.value.sentence for value in VALUES.values())


def test_a_post_is_made_read_back_and_taken_back() -> None:
    """With our address where X shows one of its own; what is gone is no error."""
    server = Server()
    with writing(server) as (writer, place, _):
        sent = writer.publish(message(f"Cats & dogs {SHORT}"))
        assert (sent.network_id, sent.url) == ("1", "https://x.com/i/status/1")
        old = datetime(2026, 5, 4, tzinfo=UTC)
        long = {"text": f"Long https://t.co/BBBBBBBBBB {'a' * 300}", "entities": {"urls": [
            {"url": "https://t.co/BBBBBBBBBB", "expanded_url": "https://example.com/long"},
        ]}}  # fmt: skip
        picture = {"url": "https://t.co/P", "expanded_url": "https://x.com/y/1", "media_key": "3_1"}
        server.posts[:0] = [
            tweet("-3", "Look", old, entities={"urls": [picture]}),
            tweet("-2", "Long https", old, note_tweet=long),
            tweet("-1", "RT @a: b", old, referenced_tweets=[{"type": "retweeted", "id": "5"}]),
        ]
        page = writer.posts(None)
        assert page.cursor is None
        posted_at = page.posts[0].posted_at
        assert list(page.posts) == [
            PostRecord("1", posted_at, False, f"Cats & dogs {SHORT}", (SHORT,)),
            PostRecord("-1", old, True, "RT @a: b", ()),
            PostRecord(
                "-2", old, False, f"Long https://example.com/long {'a' * 300}",
                ("https://example.com/long",),
            ),
            PostRecord("-3", old, False, "Look", (), is_plain=False, more=("its pictures",)),
        ]  # fmt: skip
        writer.delete("1")
        writer.delete("99")
    assert place.paths() == [
        "POST /2/tweets", "GET /2/users/42/tweets", "DELETE /2/tweets/1", "DELETE /2/tweets/99",
    ]  # fmt: skip
    assert place.asked[0].json == {"text": f"Cats & dogs {SHORT}"}


def test_an_answer_that_never_came_makes_no_second_post() -> None:
    """It is found by our address; sent again, X refuses it as a duplicate, and it is found too."""
    server = Server(loses_answers=True)
    with writing(server) as (writer, _, _kept):
        wanted = message()
        with pytest.raises(Unclear):
            writer.publish(wanted)
        found = writer.find(wanted)
        assert found is not None
        assert found.network_id == "1"
        assert writer.publish(wanted) == found
    assert len(server.posts) == 1


def test_what_was_not_made_is_not_found() -> None:
    """Not even where the same words were posted before its key was made."""
    server = Server(posts=[tweet("1", "Good morning", datetime.now(UTC) - timedelta(days=1))])
    with writing(server) as (writer, _, _kept):
        assert writer.find(message("Good morning")) is None
        with pytest.raises(Refused, match="duplicate content"):
            writer.publish(message("Good morning"))
        server.posts.append(tweet("2", "Good  morning"))
        found = writer.find(message("Good morning"))
        assert found is not None
        assert found.network_id == "2"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer({"title": "Unauthorized", "status": 401}, 401), SignedOut),
        (
            Answer({"title": "Forbidden", "detail": "You are not permitted", "status": 403}, 403),
            Refused,
        ),
        (Answer({"title": "CreditsDepleted", "detail": "No credits", "status": 402}, 402), Refused),
        (Answer({"title": "Service Unavailable"}, 503), Unclear),
        (Answer(b"<html>"), Unclear),
        (Answer({"data": {}}, 201), Unclear),
        (Answer({"errors": []}, 201), Unclear),
        (Answer(silent=True), Unclear),
    ],
)
def test_what_may_have_been_done_is_told_from_what_was_not(
    answer: Answer, error: type[Exception]
) -> None:
    """Only what surely was not is worth a plain retry."""
    with writing(Server(next=[answer])) as (writer, _, kept):
        with pytest.raises(error) as raised:
            writer.publish(message())
        assert type(raised.value) is error
        assert bool(kept.sentences) is (error is SignedOut)


def test_a_pause_ends_when_x_says() -> None:
    """In seconds since 1970."""
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=9)
    headers = {"x-rate-limit-reset": str(int(until.timestamp()))}
    server = Server(next=[Answer({"title": "Too Many Requests"}, 429, headers)])
    with writing(server) as (writer, _, _kept):
        with pytest.raises(Pause) as pause:
            writer.publish(message())
        assert pause.value.until == until


def test_a_count_and_no_lists() -> None:
    """X takes money for lists, and forbids following by programs; nothing is asked for either."""
    with writing(Server()) as (writer, place, _):
        assert writer.profile("jesseslinks") == Profile("42", "@JessesLinks", 23_000)
        with pytest.raises(NotFound):
            writer.profile("somebody")
        assert writer.followers("42", None) is None
        assert writer.follows(None) is None
        with pytest.raises(Refused):
            writer.follow("7")
        with pytest.raises(Refused):
            writer.unfollow("7")
        with pytest.raises(Refused):
            writer.edit("1", message())
        assert place.paths() == ["GET /2/users/me"]
        assert not any((writer.abilities.edits, writer.abilities.follows))


def test_a_server_that_is_not_there_has_done_nothing() -> None:
    """So a plain retry is worth it."""
    credential = Credential("x", "http://127.0.0.1:9", {**VALUES, **OWN})
    with closing(XWriter(credential, Kept())) as writer:
        with pytest.raises(Unavailable, match="cannot be reached") as raised:
            writer.publish(message())
        assert type(raised.value) is Unavailable
