"""Who spoke to an account on Mastodon: its notifications of mentions, by its own server."""

from typing import Final

from linktrack.networks.archives import Fields
from linktrack.networks.credentials import Credential, Keeper, telling
from linktrack.networks.fetching import Fetcher
from linktrack.networks.mastodon.followers import follower_record
from linktrack.networks.mastodon.posts import post_record
from linktrack.networks.records import Mention, MentionPage, Spoken
from linktrack.networks.texts import moment, stable_id
from linktrack.outside.visit import host_of

PAGE: Final = 40  # notifications; servers give 80 at most, older ones 40

_OPEN: Final = ("public", "unlisted")
"""What everybody may read; the words of others were for some people only."""


class MastodonMentions:
    """Asks the account's own server (`protocols.MentionReader`). Reading marks nothing as read."""

    def __init__(self, credential: Credential, keeper: Keeper, page: int = PAGE) -> None:
        """`page` is how many notifications are asked for at a time."""
        values = credential.values
        is_set = (
            "server_is_set" in values
            or host_of(credential.server) != values["handle"].rpartition("@")[2]
        )
        self._page = page
        self._number = values["id"]
        self._keeper = keeper
        self._fetcher = Fetcher(
            credential.server, may_be_private=is_set, token=values["access_token"]
        )

    def close(self) -> None:
        """Give back the connections."""
        self._fetcher.close()

    def mentions(self, cursor: str | None) -> MentionPage:
        """Return one page, newest first; the token needs the scope read:notifications."""
        arguments: dict[str, str | int | list[str]] = {
            "types[]": ["mention"],
            "limit": self._page,
        }
        if cursor is not None:
            arguments["max_id"] = cursor
        with telling(self._keeper):
            rows, more = self._fetcher.get_page("/api/v1/notifications", arguments)
        times = [at for row in rows if (at := moment(row.get("created_at"))) is not None]
        mentions = [one for row in rows if (one := self._mention(row)) is not None]
        return MentionPage(mentions, min(times, default=None), more)

    def _mention(self, row: Fields) -> Mention | None:
        """Return a notification as a mention; None for another kind, and for what is broken."""
        status, account = row.get("status"), row.get("account")
        if row.get("type") != "mention" or not isinstance(status, dict):
            return None
        if not isinstance(account, dict) or status.get("visibility") not in _OPEN:
            return None
        person, post = follower_record(account), post_record(status)
        if person is None or person.network_id is None or post is None:
            return None
        is_reply = stable_id(status.get("in_reply_to_account_id")) == self._number
        spoken: Spoken = "reply" if is_reply else "mention"
        said_at = moment(row.get("created_at")) or post.posted_at
        return Mention(
            network_id=post.network_id,
            spoken=spoken,
            person_id=person.network_id,
            handle=person.handle,
            said_at=said_at,
            text=post.text,
        )
