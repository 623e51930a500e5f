"""Posts, newest first, as Bluesky shows them to everybody; and what somebody says there."""

import re
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from linktrack.errors import Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.bluesky.own_posts import is_own_post
from linktrack.networks.bluesky.pieces import Piece, pieces_of
from linktrack.networks.bluesky.reader import PUBLIC
from linktrack.networks.fetching import Fetcher
from linktrack.networks.records import PostPage, PostRecord, PublicTexts
from linktrack.networks.texts import distinct_links, is_alike, moment, stable_id, text

PAGE: Final = 100  # the most that getAuthorFeed gives
NEWEST: Final = 20  # posts in which somebody's words are looked for
_PICTURE: Final = re.compile(r"https?://[^?#]+\.(?:gif|gifv|webp)(?:[?#].*)?", re.IGNORECASE)
_MOVING_HOST: Final = re.compile(
    r"https?://(?:(?:media|static|c|i|t)[0-9]*\.)(?:tenor|giphy|klipy)\.(?:com|co)/", re.IGNORECASE
)
_ALT: Final = re.compile(r"alt: ?\S", re.IGNORECASE)
"""Bluesky's app keeps an animated picture as a card that leads to it: nobody means a link."""

_CARD: Final = "app.bsky.embed.external"
_EMBEDS: Final = {
    "app.bsky.embed.images": "its pictures",
    "app.bsky.embed.video": "its film",
    "app.bsky.embed.record": "the post it quotes",
    "app.bsky.embed.recordWithMedia": "the post it quotes",
}
_OURS: Final = frozenset(
    ("$type", "text", "createdAt", "facets", "embed", "langs", "tags", "labels", "reply")
)
"""What a record may have: nothing else is known here, so that it would be lost."""


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


def public_texts(handle: str, base_url: str = PUBLIC) -> PublicTexts:
    """Return what the profile of a handle says, and the newest posts (`Network.public_texts`).

    The AppView says whose the handle is: it has looked that up both ways.
    """
    with closing(Fetcher(base_url, may_be_private=base_url != PUBLIC)) as fetcher:
        name = handle.removeprefix("@")
        found = fetcher.get("/xrpc/app.bsky.actor.getProfile", {"actor": name})
    did, named = stable_id(found.get("did")), text(found.get("handle"))
    if did is None or named is None or named.casefold() != name.casefold():
        raise Unavailable(f"Bluesky doesn't say whose handle {handle} is.")
    with closing(BlueskyFeed(did, base_url, NEWEST)) as feed:
        posts = feed.posts(None).posts
    own = [post.text for post in posts if not post.is_repost and f"//{did}/" in post.network_id]
    return PublicTexts(did, f"@{named}", (text(found.get("description")) or "", *own))


def post_record(item: Fields) -> PostRecord | None:
    """Return a post of app.bsky.feed.getAuthorFeed; None where it is none.

    A repost has the moment of reposting. The address of a card counts where the text has it not,
    and a post of Bluesky's own nowhere: it is a quote.
    A reply, a picture, also a moving one, a quote, or a content warning is more than the text, and
    so is whatever is not known here.
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
    pieces, is_whole = pieces_of(record)
    shown, addresses = _written_out(pieces)
    embed = _object(record.get("embed"))
    card = card_address(record)
    is_moving = card is not None and _is_moving(card, embed)
    links = distinct_links(addresses, is_own_post)
    is_new = not any(is_alike(card or "", address) for address in addresses)
    if card is not None and is_new and not is_moving and not is_own_post(card):
        links, shown = (*links, card), f"{shown}\n\n{card}".strip()
    lost = _lost(record, pieces, is_whole, is_moving)
    return PostRecord(
        network_id=uri,
        posted_at=posted_at,
        is_repost=False,
        text=shown,
        addresses=links,
        is_plain=not lost,
        more=lost,
    )


def card_address(record: Fields) -> str | None:
    """Return where a post's card leads; a quote with a card has it as its medium."""
    embed = _object(record.get("embed"))
    return text(_object((_object(embed.get("media")) or embed).get("external")).get("uri"))


def _is_moving(card: str, embed: Fields) -> bool:
    """Whether a card is an animated picture: by its file, its host, or its words for the blind."""
    external = _object((_object(embed.get("media")) or embed).get("external"))
    is_described = _ALT.match(str(external.get("description") or "")) is not None
    return is_described or bool(_PICTURE.match(card) or _MOVING_HOST.match(card))


def _lost(
    record: Fields, pieces: Sequence[Piece], is_whole: bool, is_moving: bool
) -> tuple[str, ...]:
    """Return in words what a post made anew of its text and links would not have."""
    embed = record.get("embed")
    found = {
        "its place in a thread": "reply" in record,
        "its content warning": bool(_object(record.get("labels")).get("values")),
        "its moving picture": is_moving,
        "the words that are its links": any(piece.is_word for piece in pieces),
        "what another app has added to it": not is_whole
        or any(record[name] for name in record if name not in _OURS),
    }
    if embed is not None and not is_moving and _object(embed).get("$type") != _CARD:
        kind = str(_object(embed).get("$type"))
        found[_EMBEDS.get(kind, "what stands below it")] = True
    return tuple(words for words, is_so in found.items() if is_so)


def _written_out(pieces: Sequence[Piece]) -> tuple[str, list[str]]:
    """Return the text with its addresses written out in full, and these in order.

    The app shows `example.org/a-long…` for an address; words that lead somewhere keep standing
    before it.
    """
    parts = [
        piece.written if piece.address is None
        else f"{piece.written} {piece.address}" if piece.is_word
        else piece.address
        for piece in pieces
    ]  # fmt: skip
    addresses = [piece.address for piece in pieces if piece.address is not None]
    return text("".join(parts)) or "", addresses


def _object(value: object) -> Fields:
    return value if isinstance(value, dict) else {}
