"""What the columns of a follower list mean, in tables as in JSON, and the person a row makes."""

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from linktrack.errors import Invalid
from linktrack.networks.network import Ids
from linktrack.networks.records import FollowerRecord
from linktrack.networks.registry import network_of
from linktrack.networks.texts import flag, handle, is_filled, moment, stable_id, whole

ID_COLUMNS: Final = (
    "id",
    "network_id",
    "account_id",
    "accountid",
    "user_id",
    "userid",
    "did",
    "account_url",
    "profile_url",
    "uri",
    "url",
)
_HANDLES: Final = (
    "handle",
    "account_address",
    "acct",  # Mastodon's username is the same on every server
    "username",
    "user_name",
    "screen_name",
    "address",
    "account",
)
_FACTS: Final[tuple[tuple[str, tuple[str, ...], Callable[[object], object]], ...]] = (
    ("followers", ("followers", "followers_count", "follower_count"), whole),
    ("following", ("following", "following_count", "friends_count", "follows_count"), whole),
    ("posts", ("posts", "posts_count", "statuses_count", "tweet_count", "tweets"), whole),
    ("account_created_at", ("account_created_at", "created_at", "joined", "joined_at"), moment),
    ("has_description", ("has_description",), flag),
    ("has_description", ("description", "bio", "note"), is_filled),
    ("has_picture", ("has_picture",), flag),
    ("has_picture", ("picture", "avatar", "profile_image_url"), is_filled),
    (
        "last_active_at",
        ("last_active_at", "last_status_at", "last_post_at", "last_active"),
        moment,
    ),
    ("followed_back", ("followed_back", "we_follow", "following_back"), flag),
)
"""A fact, the columns that may hold it, and how it is read; of two ways the first is taken."""

ENDED: Final = "ended_by"
"""A column of our own export, which has those who left too."""


def id_column(places: Mapping[str, int], row: Sequence[str], ids: Ids) -> str | None:
    """Return the column whose first value is such an id, or the first so named."""
    named = [column for column in ID_COLUMNS if column in places]
    for column in named:
        if places[column] < len(row) and ids.pattern.fullmatch(row[places[column]].strip()):
            return column
    return named[0] if named and first_of(_HANDLES, places) is None else None


def columns_of(
    names: Container[str], ids: str | None
) -> list[tuple[str, str, Callable[[object], object]]]:
    """Return what is read: the field of a record, the column, and how."""
    found: list[tuple[str, str, Callable[[object], object]]] = []
    if ids is not None:
        found.append(("network_id", ids, stable_id))
    if (handles := first_of(_HANDLES, names)) is not None:
        found.append(("handle", handles, handle))
    for field, columns, read in _FACTS:
        column = first_of(columns, names)
        if column is not None and field not in {known for known, _, _ in found}:
            found.append((field, column, read))
    return found


def person_of(values: Iterable[tuple[str, object]]) -> FollowerRecord | None:
    """Return a person of fields and values; None if they have neither id nor handle."""
    fields: dict[str, Any] = {"network_id": None}
    fields.update(values)
    if fields["network_id"] is None and fields.get("handle") is None:
        return None
    return FollowerRecord(**fields)


def completed(person: FollowerRecord, network: str, home: str | None) -> FollowerRecord:
    """Return a person whose handle lacks its server with it: their id's, else `home`.

    Only if handles of the network have a server, and only what then is one.
    """
    pattern = network_of(network).handles.pattern
    if person.handle is None or pattern.fullmatch(person.handle):
        return person
    host = urlsplit(person.network_id or "").hostname or home
    whole = f"{person.handle}@{host}"
    return replace(person, handle=whole) if host and pattern.fullmatch(whole) else person


def check_id(person: FollowerRecord, ids: Ids, where: str) -> None:
    """Raise `Invalid` if a person's id is not one of the account's network."""
    if person.network_id is not None and not ids.pattern.fullmatch(person.network_id):
        raise Invalid(
            f"{where}: {person.network_id[:60]!r} isn't an id of the account's network "
            f"({ids.example})."
        )


def first_of(names: Sequence[str], among: Container[str]) -> str | None:
    """Return the first of these names that is among the others."""
    return next((name for name in names if name in among), None)


def plain(name: str) -> str:
    """Return a column's name as the lists above write it."""
    return re.sub(r"[\s-]+", "_", name.strip().casefold())
