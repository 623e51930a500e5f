"""Who spoke to an account on Bluesky: its notifications, by its own server."""

from datetime import datetime
from typing import Final

from linktrack.networks.archives import Fields
from linktrack.networks.bluesky.posts import post_record
from linktrack.networks.bluesky.session import Server
from linktrack.networks.credentials import Credential, Keeper
from linktrack.networks.records import Mention, MentionPage, Spoken
from linktrack.networks.texts import handle, moment, stable_id, text

PAGE: Final = 100  # the most that listNotifications gives

_REASONS: Final[tuple[Spoken, ...]] = ("mention", "reply")


class BlueskyMentions:
    """Asks the account's own server (`protocols.MentionReader`).

    Reading marks nothing as read: that is for the app of the account.
    """

    def __init__(self, credential: Credential, keeper: Keeper, page: int = PAGE) -> None:
        """`page` is how many notifications are asked for at a time, at most 100."""
        self._page = page
        self._server = Server(credential, keeper)

    def close(self) -> None:
        """Give back the connections."""
        self._server.close()

    def mentions(self, cursor: str | None) -> MentionPage:
        """Return one page, newest first by what the posts say of themselves.

        A server that knows no `reasons` gives every notification: the others are left out here.
        """
        arguments: dict[str, str | int | list[str]] = {
            "limit": self._page,
            "reasons": list(_REASONS),
        }
        if cursor is not None:
            arguments["cursor"] = cursor
        found = self._server.get("/xrpc/app.bsky.notification.listNotifications", arguments)
        listed = found.get("notifications")
        rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
        times = [at for row in rows if (at := _sorted_by(row)) is not None]
        mentions = [one for row in rows if (one := _mention(row)) is not None]
        return MentionPage(mentions, min(times, default=None), text(found.get("cursor")))


def _sorted_by(row: Fields) -> datetime | None:
    """Return the moment by which the list is sorted: a post's own, unless that lies ahead."""
    record = row.get("record")
    made = moment(record.get("createdAt")) if isinstance(record, dict) else None
    indexed = moment(row.get("indexedAt"))
    return min((at for at in (made, indexed) if at is not None), default=None)


def _mention(row: Fields) -> Mention | None:
    """Return a notification as a mention; None for another kind, and for what is broken.

    The time is the AppView's own: what a record says of itself may be anything.
    """
    spoken = next((reason for reason in _REASONS if reason == row.get("reason")), None)
    author = row.get("author")
    did = stable_id(author.get("did")) if isinstance(author, dict) else None
    said_at = moment(row.get("indexedAt"))
    post = post_record({"post": row})
    if spoken is None or did is None or said_at is None or post is None:
        return None
    name = handle(author.get("handle")) if isinstance(author, dict) else None
    return Mention(
        network_id=post.network_id,
        spoken=spoken,
        person_id=did,
        handle=name,
        said_at=said_at,
        text=post.text,
    )
