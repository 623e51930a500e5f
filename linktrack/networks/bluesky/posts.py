"""An account's own posts, newest first, as Bluesky shows them to everybody."""

import re
from typing import Final

from linktrack.networks.archives import Fields
from linktrack.networks.bluesky.own_posts import is_own_post
from linktrack.networks.bluesky.reader import PUBLIC
from linktrack.networks.fetching import Fetcher
from linktrack.networks.records import PostPage, PostRecord
from linktrack.networks.texts import distinct_links, is_short_for, moment, stable_id, text, whole

PAGE: Final = 100  # the most that getAuthorFeed gives
_MOVING: Final = re.compile(
    r"https?://(?:media[0-9]*\.(?:tenor|giphy)\.com|i\.giphy\.com|static[0-9]*\.klipy\.com)/",
    re.IGNORECASE,
)
"""Bluesky's app keeps an animated picture as a card that leads here: nobody shares a link by it."""


class BlueskyFeed:
    """The posts of one account, by an AppView."""

    def __init__(self, name: str, base_url: str = PUBLIC, page: int = PAGE) -> None:
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
            if isinstance(row, dict) and (record := post_record(row)) is not None
        ]
        return PostPage(records, text(found.get("cursor")))


def post_record(item: Fields) -> PostRecord | None:
    """Return a post of app.bsky.feed.getAuthorFeed; None where it is none.

    A repost has the moment of reposting. The address of a card counts where the text has it not,
    and a post of Bluesky's own nowhere: it is a quote.
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
    # A quote with a card has both: the card is its medium.
    media = _object(embed.get("media"))
    card = text(_object((media or embed).get("external")).get("uri"))
    is_moving = card is not None and _MOVING.match(card) is not None
    links = distinct_links(addresses, is_own_post)
    if card is not None and not is_moving:
        more = distinct_links([*addresses, card], is_own_post)
        if len(more) > len(links):
            links, shown = more, f"{shown}\n\n{card}".strip()
    dressed = "reply" in record or bool(_object(record.get("labels")).get("values")) or is_moving
    plain = not dressed and embed.get("$type") in (None, "app.bsky.embed.external")
    return PostRecord(
        network_id=uri,
        posted_at=posted_at,
        is_repost=False,
        text=shown,
        addresses=links,
        is_plain=plain,
    )


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
    parts, position = [], 0
    for start, end, address in sorted(found):
        if position <= start < end <= len(content):
            label = content[start:end].decode("utf-8", "replace")
            written = address if is_short_for(label, address) else f"{label} {address}"
            parts += [content[position:start].decode("utf-8", "replace"), written]
            position = end
    parts.append(content[position:].decode("utf-8", "replace"))
    return text("".join(parts)) or "", [address for _, _, address in sorted(found)]


def _object(value: object) -> Fields:
    return value if isinstance(value, dict) else {}
