"""What only adorns a post on Bluesky does not hold it back."""

from typing import Any

import pytest
from bskyrepo import Repository
from standins import Answer

from linktrack.networks.errors import SignedOut
from linktrack.networks.records import Card, Message

POSTS = "app.bsky.feed.post"
SHORT = "https://go.example.com/x7k"
MENTION = "app.bsky.richtext.facet#mention"
PAUSE = {"ratelimit-reset": "9999999999"}
TROUBLE = {
    "its own error": Answer({"error": "InternalServerError"}, 500),
    "too large": Answer({"error": "PayloadTooLarge", "message": "too large"}, 413),
    "silence": Answer(silent=True),
    "no JSON": Answer(b"<html>"),
    "no picture": Answer({}),
    "a pause": Answer({"error": "RateLimitExceeded"}, 429, PAUSE),
    "a gateway": Answer(b"Bad gateway", 502, {"Content-Type": "text/html"}),
}


def posted(shop: Repository, text: str, card: Card | None = None) -> dict[str, Any]:
    with shop.writer() as writer:
        sent = writer.publish(Message(writer.new_key(), text, (SHORT,), card))
    return shop.records[POSTS, sent.network_id.rpartition("/")[2]]


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_card_whose_picture_is_not_taken_goes_without(trouble: str) -> None:
    """Whatever the server does with it, the post is there, and its card."""
    shop = Repository(upload=TROUBLE[trouble])
    record = posted(shop, f"Read {SHORT}", Card(SHORT, "Title", "", b"picture", "image/png"))
    assert shop.uploaded == [("image/png", b"picture")]
    assert record["text"] == f"Read {SHORT}"
    assert record["embed"]["external"] == {"uri": SHORT, "title": "Title", "description": ""}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_mention_that_does_not_resolve_stays_text(trouble: str) -> None:
    """Our link and the tag are made all the same; nobody is asked for the next one."""
    shop = Repository(resolve=TROUBLE[trouble])
    text = f"@ann.example.com and @ben.example.com: {SHORT} #tag"
    record = posted(shop, text)
    kinds = [feature["$type"] for facet in record["facets"] for feature in facet["features"]]
    assert (record["text"], MENTION in kinds, len(kinds)) == (text, False, 2)


def test_one_name_that_nobody_has_keeps_no_other_from_being_mentioned() -> None:
    """The server says so by an error of ours; each name is asked for once."""

    class Known(Repository):
        def answer(self, asked: Any) -> Answer:
            if asked.arguments.get("handle") == ["nobody.example.com"]:
                return Answer({"error": "InvalidRequest", "message": "Unable to resolve"}, 400)
            return super().answer(asked)

    record = posted(Known(), f"@nobody.example.com @ann.example.com @Ann.example.com {SHORT}")
    people = [
        facet["index"]["byteStart"]
        for facet in record["facets"]
        if facet["features"][0]["$type"] == MENTION
    ]
    assert people == [20, 37]


def test_who_is_signed_out_hears_it_at_once() -> None:
    """That is no adornment: nothing would be taken."""
    out = Answer({"error": "ExpiredToken", "message": "out"}, 400)
    with pytest.raises(SignedOut):
        posted(Repository(upload=out), "Read", Card(SHORT, "Title", "", b"picture", "image/png"))
