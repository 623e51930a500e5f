"""The engagement with posts, as Bluesky shows it to everybody: counts, and whose."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from linktrack.errors import NotFound
from linktrack.networks.archives import Fields
from linktrack.networks.bluesky.reader import PUBLIC
from linktrack.networks.engagement import NAMED, Counts, EngagedPerson, Kind, PeoplePage
from linktrack.networks.fetching import Fetcher
from linktrack.networks.texts import handle, moment, stable_id, text, whole

PAGE: Final = 100  # the most that getLikes, getRepostedBy and getQuotes give

_COUNTS: Final[Mapping[Kind, str]] = {
    "like": "likeCount",
    "repost": "repostCount",
    "reply": "replyCount",
    "quote": "quoteCount",
    "bookmark": "bookmarkCount",
}
_LISTS: Final[Mapping[Kind, tuple[str, str]]] = {
    "like": ("getLikes", "likes"),
    "repost": ("getRepostedBy", "repostedBy"),
    "quote": ("getQuotes", "posts"),
}
"""Methods of app.bsky.feed, and where their rows are."""


class BlueskyEngagement:
    """Asks an AppView (`engagement.EngagementReader`)."""

    most = 25  # posts that getPosts takes
    names = NAMED

    def __init__(self, base_url: str = PUBLIC, page: int = PAGE) -> None:
        """Another address than the public one is set on purpose, and may be private."""
        self._page = page
        self._fetcher = Fetcher(base_url, may_be_private=base_url != PUBLIC)

    def close(self) -> None:
        """Give back the connections."""
        self._fetcher.close()

    def counts(self, posted: Mapping[str, datetime]) -> dict[str, Counts]:
        """Return the counts of posts; one that was deleted is not in the answer."""
        found = self._fetcher.get("/xrpc/app.bsky.feed.getPosts", {"uris": list(posted)})
        counted: dict[str, Counts] = {}
        for row in _rows(found.get("posts")):
            uri = stable_id(row.get("uri"))
            if uri is not None:
                told = {kind: whole(row.get(name)) for kind, name in _COUNTS.items()}
                counted[uri] = {kind: count for kind, count in told.items() if count is not None}
        return counted

    def people(self, network_id: str, kind: Kind, cursor: str | None) -> PeoplePage:
        """Return a page of people; it may be empty though it was promised.

        A reply counts where it answers the post itself, as the network's own count has it.
        """
        if kind == "reply":
            return PeoplePage(list(self._replies(network_id)), None)
        method, key = _LISTS[kind]
        arguments: dict[str, str | int | list[str]] = {"uri": network_id, "limit": self._page}
        if cursor is not None:
            arguments["cursor"] = cursor
        found = self._fetcher.get(f"/xrpc/app.bsky.feed.{method}", arguments)
        people = (_person(kind, row) for row in _rows(found.get(key)))
        return PeoplePage([one for one in people if one is not None], text(found.get("cursor")))

    def _replies(self, network_id: str) -> Iterator[EngagedPerson]:
        found = self._fetcher.get(
            "/xrpc/app.bsky.feed.getPostThread",
            {"uri": network_id, "depth": 1, "parentHeight": 0},
        )
        thread = _object(found.get("thread"))
        if "post" not in thread:  # somebody has blocked somebody, or it is gone
            raise NotFound("Bluesky doesn't show this post.")
        for row in _rows(thread.get("replies")):
            person = _person("reply", _object(row.get("post")))
            if person is not None:
                yield person


def _person(kind: Kind, row: Fields) -> EngagedPerson | None:
    """Return who a row of a list is of: a like, a post, or just a profile, which has no time.

    The time is the AppView's own: what a record says of itself may be anything.
    """
    actor = _object(row.get("actor") or row.get("author") or row)
    did = stable_id(actor.get("did"))
    if did is None:
        return None
    at = None if kind == "repost" else moment(row.get("indexedAt"))
    return EngagedPerson(kind, did, handle(actor.get("handle")), at)


def _rows(value: object) -> list[Fields]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _object(value: object) -> Fields:
    return value if isinstance(value, dict) else {}
