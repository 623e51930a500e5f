"""An account's own posts, newest first, as Mastodon shows them to everybody."""

import re
from typing import Final

from linktrack.errors import Unavailable
from linktrack.networks.archives import Fields
from linktrack.networks.fetching import Fetcher
from linktrack.networks.mastodon.content import QUOTE, read_content
from linktrack.networks.records import PostPage, PostRecord
from linktrack.networks.texts import moment, stable_id, text

PAGE: Final = 40  # the most that accounts/:id/statuses gives

_MORE: Final = {
    "media_attachments": "its pictures",
    "poll": "its poll",
    "spoiler_text": "its content warning",
    "quote": QUOTE,
    "quote_id": QUOTE,
    "quote_url": QUOTE,
}
"""What a status has beside its text, by the field that says so; `quote_…` are Pleroma's kin."""

_QUOTE_LINE: Final = re.compile(
    r"\A(?:RE|RT|QT): (https?://\S+)(?:\s+|\Z)|(?:\A|(?<!\s)\s+)(?:RE|RT|QT): (https?://\S+)\Z"
)
"""What stands for the quoted post in the text, for those who do not see it."""


class MastodonFeed:
    """The posts of one account, by its own server."""

    def __init__(self, handle: str, base_url: str | None = None, page: int = PAGE) -> None:
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
        records = [record for row in rows if (record := post_record(row)) is not None]
        return PostPage(records, stable_id(rows[-1].get("id")) if rows else None)


def post_record(status: Fields) -> PostRecord | None:
    """Return a status of Mastodon's API; None for a message to a few, and for what is none."""
    uri = stable_id(status.get("uri"))
    posted_at = moment(status.get("created_at"))
    if uri is None or posted_at is None or status.get("visibility") == "direct":
        return None
    if isinstance(status.get("reblog"), dict):
        return PostRecord(uri, posted_at, True, "", ())
    said = read_content(str(status.get("content") or ""), _mentions(status))
    fields = {**_object(status.get("pleroma")), **status}
    more = dict.fromkeys([words for name, words in _MORE.items() if fields.get(name)])
    more.update(dict.fromkeys(said.more))
    shown, links = said.text, said.links
    quote = _QUOTE_LINE.search(shown) if QUOTE in more else None
    if quote is not None:
        shown = _QUOTE_LINE.sub("", shown).strip()
        links = tuple(link for link in links if link not in quote.groups())
    return PostRecord(
        network_id=uri,
        posted_at=posted_at,
        is_repost=False,
        text=shown,
        addresses=links,
        is_plain=not more,
        more=tuple(more),
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
