"""One person of a follower list, and a server's limits, from the JSON of Mastodon. Pure."""

from typing import Final
from urllib.parse import urlsplit

from linktrack.networks.archives import Fields
from linktrack.networks.records import FollowerRecord, TextLimits
from linktrack.networks.texts import flag, handle, moment, stable_id, text, whole

MOST_CHARACTERS: Final = 1_000_000
"""So much no server takes: what says more is misread."""


def follower_record(fields: Fields) -> FollowerRecord | None:
    """Return an account of Mastodon's API; None where it has no address.

    An `acct` without a host is of the server that answered, where the address leads too.
    `created_at` is cut to midnight, `last_status_at` is a date.
    """
    url = stable_id(fields.get("url")) or stable_id(fields.get("uri"))
    acct = text(fields.get("acct"))
    if acct is not None and "@" not in acct:
        acct = f"{acct}@{urlsplit(url or '').hostname}"
    if url is None:
        return None
    note = text(fields.get("note"))
    avatar = text(fields.get("avatar"))
    return FollowerRecord(
        network_id=url,
        handle=None if acct is None else handle(acct),
        followers=whole(fields.get("followers_count")),
        following=whole(fields.get("following_count")),
        posts=whole(fields.get("statuses_count")),
        account_created_at=moment(fields.get("created_at")),
        has_description=None if "note" not in fields else note not in (None, "<p></p>"),
        has_picture=None if avatar is None else not avatar.endswith("/missing.png"),
        last_active_at=moment(fields.get("last_status_at")),
        followed_back=flag(fields.get("following")),
    )


def server_limits(instance: Fields) -> TextLimits | None:
    """Return how long a server of Mastodon lets posts be (`/api/v2/instance`); None: not said."""
    configuration = instance.get("configuration")
    statuses = configuration.get("statuses") if isinstance(configuration, dict) else None
    if not isinstance(statuses, dict):
        return None
    most = whole(statuses.get("max_characters"))
    address = whole(statuses.get("characters_reserved_per_url"))
    if not most or not address or max(most, address) > MOST_CHARACTERS:
        return None
    return TextLimits(most, address)
