"""An account's own posts, newest first, as Bluesky and Mastodon show them to everybody."""

from typing import Final, Protocol

from linktrack.errors import Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.base import PostPage, PostRecord
from linktrack.networks.bluesky import PUBLIC
from linktrack.networks.fetching import Fetcher
from linktrack.networks.mastodon_archive import read_content
from linktrack.networks.texts import moment, stable_id, text, whole

BLUESKY_PAGE: Final = 100  # the most that getAuthorFeed gives
MASTODON_PAGE: Final = 40  # the most that accounts/:id/statuses gives
_MOVING: Final = "https://media.tenor.com/"
"""Bluesky's app keeps an animated picture as a card that leads here: nobody shares a link by it."""


class Feed(Protocol):
    """Whatever gives an account's own posts; a `Writer` does, too."""

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page, newest first; raises what `Reader` raises."""
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...


class BlueskyFeed:
    """The posts of one account, by an AppView."""

    def __init__(self, name: str, base_url: str = PUBLIC, page: int = BLUESKY_PAGE) -> None:
        """`name` is a handle or a DID; another address than the public one may be private."""
        self._name = name.removeprefix("@")
        self._page = page
        self._fetcher = Fetcher(base_url, may_be_private=base_url != PUBLIC)

    def close(self) -> None:
        """Give back the connections."""
        self._fetcher.close()

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page; replies and reposts are among them."""
        arguments: dict[str, str | int | list[str]] = {"actor": self._name, "limit": self._page}
        if cursor is not None:
            arguments["cursor"] = cursor
        found = self._fetcher.get("/xrpc/app.bsky.feed.getAuthorFeed", arguments)
        rows = found.get("feed")
        records = [
            record
            for row in (rows if isinstance(rows, list) else [])
            if isinstance(row, dict) and (record := bluesky_post(row)) is not None
        ]
        return PostPage(records, text(found.get("cursor")))


class MastodonFeed:
    """The posts of one account, by its own server."""

    def __init__(self, handle: str, base_url: str | None = None, page: int = MASTODON_PAGE) -> None:
        """The server is that of the handle, `@name@server`, or one set on purpose."""
        self._user, _, self._host = handle.removeprefix("@").partition("@")
        self._page = page
        self._number: str | None = None
        self._fetcher = Fetcher(
            base_url or f"https://{self._host}", may_be_private=base_url is not None
        )

    def close(self) -> None:
        """Give back the connections."""
        self._fetcher.close()

    def posts(self, cursor: str | None) -> PostPage:
        """Return one page; the cursor is the number of its last post.

        A page may be shorter than was asked for, since the server leaves out what not everybody
        may see: only an empty one is the last.
        """
        if self._number is None:
            found = self._fetcher.get("/api/v1/accounts/lookup", {"acct": self._user})
            self._number = stable_id(found.get("id"))
        if self._number is None or not self._number.isalnum():
            raise Unavailable(f"{self._host} answers without the account's number.")
        arguments: dict[str, str | int | list[str]] = {"limit": self._page}
        if cursor is not None:
            arguments["max_id"] = cursor
        rows = self._fetcher.get_list(f"/api/v1/accounts/{self._number}/statuses", arguments)
        records = [record for row in rows if (record := mastodon_post(row)) is not None]
        return PostPage(records, stable_id(rows[-1].get("id")) if rows else None)


def bluesky_post(item: Fields) -> PostRecord | None:
    """Return a post of app.bsky.feed.getAuthorFeed; None where it is none.

    A repost has the moment of reposting. The address of a card counts where the text has it not.
    A reply, a picture, also a moving one, a quote, or a content warning is more than the text.
    """
    post = _object(item.get("post"))
    record = _object(post.get("record"))
    uri = stable_id(post.get("uri"))
    reason = _object(item.get("reason"))
    if str(reason.get("$type")).endswith("#reasonRepost"):
        reposted_at = moment(reason.get("indexedAt"))
        # The repost's own record, where the server names it: else who passed it on, and what.
        address = stable_id(reason.get("uri")) or stable_id(f"repost of {uri}")
        if address is None or reposted_at is None:
            return None
        return PostRecord(address, reposted_at, True, "", ())
    posted_at = moment(record.get("createdAt")) or moment(post.get("indexedAt"))
    if uri is None or posted_at is None:
        return None
    shown, addresses = _bluesky_text(record)
    embed = _object(record.get("embed"))
    card = text(_object(embed.get("external")).get("uri"))
    is_moving = card is not None and card.startswith(_MOVING)
    if card is not None and card not in addresses and not is_moving:
        addresses.append(card)
        shown = f"{shown}\n\n{card}".strip()
    dressed = "reply" in record or bool(_object(record.get("labels")).get("values")) or is_moving
    plain = not dressed and embed.get("$type") in (None, "app.bsky.embed.external")
    return PostRecord(uri, posted_at, False, shown, tuple(addresses), plain)


def _bluesky_text(record: Fields) -> tuple[str, list[str]]:
    """Return the text with its addresses written out in full, where facets (bytes) have them.

    The app shows `example.org/a-long…` for an address; words that lead somewhere keep standing
    before it.
    """
    content = str(record.get("text") or "").encode()
    rows = record.get("facets")
    found = []
    for facet in rows if isinstance(rows, list) else []:
        features = _object(facet).get("features")
        index = _object(_object(facet).get("index"))
        start, end = whole(index.get("byteStart")), whole(index.get("byteEnd"))
        for feature in features if isinstance(features, list) else []:
            address = text(_object(feature).get("uri"))
            if address is not None and start is not None and end is not None:
                found.append((start, end, address))
    parts, place = [], 0
    for start, end, address in sorted(found):
        if place <= start < end <= len(content):
            label = content[start:end].decode("utf-8", "replace")
            written = address if _is_short_for(label, address) else f"{label} {address}"
            parts += [content[place:start].decode("utf-8", "replace"), written]
            place = end
    parts.append(content[place:].decode("utf-8", "replace"))
    return text("".join(parts)) or "", [address for _, _, address in sorted(found)]


def _is_short_for(label: str, address: str) -> bool:
    """Whether a label is the beginning of the address it leads to, as apps shorten it."""
    begun = label.rstrip("….").removeprefix("https://").removeprefix("http://").casefold()
    bare = address.partition("://")[2].casefold()
    return bool(begun) and bare.removeprefix("www.").startswith(begun.removeprefix("www."))


def mastodon_post(status: Fields) -> PostRecord | None:
    """Return a status of Mastodon's API; None for a message to a few, and for what is none."""
    uri = stable_id(status.get("uri"))
    posted_at = moment(status.get("created_at"))
    if uri is None or posted_at is None or status.get("visibility") == "direct":
        return None
    if isinstance(status.get("reblog"), dict):
        return PostRecord(uri, posted_at, True, "", ())
    shown, addresses = read_content(str(status.get("content") or ""), _mentions(status))
    more = ("media_attachments", "poll", "spoiler_text", "quote")
    return PostRecord(
        uri, posted_at, False, shown, addresses, not any(status.get(name) for name in more)
    )


def _mentions(status: Fields) -> dict[str, str]:
    """Return whom a status of Mastodon mentions: their profile's address → as it was written."""
    rows = status.get("mentions")
    found = {}
    for row in rows if isinstance(rows, list) else []:
        address, name = text(_object(row).get("url")), text(_object(row).get("acct"))
        if address is not None and name is not None:
            found[address] = f"@{name}"
    return found


def _object(value: object) -> Fields:
    return value if isinstance(value, dict) else {}
