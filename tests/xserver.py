"""A stand-in for X."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from standins import Answer, Asked

VALUES = {
    "consumer_key": "ck-1",
    "consumer_secret": "cs-2",
    "access_token": "42-at-3",
    "access_token_secret": "ats-4",
}


DUPLICATE = {
    "detail": "You are not allowed to create a Tweet with duplicate content.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}


OWN = {"id": "42", "username": "JessesLinks"}


SHORT = "https://go.jessestay.com/Ab3dE"


def tweet(number: str, text: str, at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """Return a post as X gives it: our address is behind one of its own."""
    shown = text.replace("&", "&amp;").replace(SHORT, "https://t.co/AAAAAAAAAA")
    url = {"start": 0, "end": 23, "url": "https://t.co/AAAAAAAAAA", "expanded_url": SHORT,
           "display_url": "go.jessestay.com/Ab3dE"}  # fmt: skip
    at = at or datetime.now(UTC)
    return {
        "id": number, "text": shown, "sent": text, "created_at": f"{at:%Y-%m-%dT%H:%M:%S.000Z}",
        "entities": {"urls": [url] if SHORT in text else []}, **fields,
    }  # fmt: skip


@dataclass
class Server:
    """A stand-in for X: it keeps posts, and refuses the same text twice, as X does."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    next: list[Answer] = field(default_factory=list)
    loses_answers: bool = False
    """It makes posts, and the connection ends before it says so."""

    def answer(self, asked: Asked) -> Answer:
        assert asked.headers["authorization"].startswith("OAuth ")
        if self.next:
            return self.next.pop(0)
        match f"{asked.method} {asked.path}":
            case "GET /2/users/me":
                metrics = {"followers_count": 23_000, "following_count": 5, "tweet_count": 9}
                return Answer({"data": {**OWN, "name": "Jesse", "public_metrics": metrics}})
            case "POST /2/tweets":
                return self.publish(asked.json["text"])
            case "GET /2/users/42/tweets":
                return Answer({"data": self.posts[::-1], "meta": {"result_count": len(self.posts)}})
            case "DELETE /2/tweets/1":
                return Answer({"data": {"deleted": True}})
        return Answer(
            {"title": "Not Found Error", "detail": "Could not find it.", "status": 404}, 404
        )

    def publish(self, text: str) -> Answer:
        if any(post["sent"] == text for post in self.posts):
            return Answer(DUPLICATE, 403)
        number = str(len(self.posts) + 1)
        self.posts.append(tweet(number, text))
        if self.loses_answers:
            return Answer(silent=True)
        data = {"id": number, "text": text, "edit_history_tweet_ids": [number]}
        return Answer({"data": data}, 201)
