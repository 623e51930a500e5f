"""People in what Instagram and LinkedIn give their members: for accounts on no network of ours.

Instagram's download has `connections/followers_and_following/followers_1.json` and further parts;
LinkedIn's has `Connections.csv`, below some lines of notes. Neither has stable ids: people are
known by their handle or by the address of their profile.
"""

import re
from collections.abc import Container, Sequence
from typing import Final, TextIO

from linktrack.errors import Conflict, Invalid
from linktrack.networks.archives import Archive, Fields
from linktrack.networks.records import FollowerRecord
from linktrack.networks.registry import network_of
from linktrack.networks.texts import handle, text

_PART: Final = re.compile(r"(?:^|/)followers(?:_(\d+))?\.json$")
_ENTRIES: Final = "string_list_data"
_PROFILE: Final = re.compile(r"instagram\.com/(?:_u/)?([A-Za-z0-9._]+)/?$")
_LINKEDIN: Final = ("first_name", "last_name", "url", "connected_on")
_MOST_NOTES: Final = 20  # lines


def instagram_parts(archive: Archive) -> list[str]:
    """Return the parts of Instagram's follower list in its download, in order; none: it is none."""
    found = [(int(part[1] or 0), name) for name in archive.openers if (part := _PART.search(name))]
    return [name for _, name in sorted(found)] if len(archive.openers) > 1 else []


def is_of_instagram(fields: Fields) -> bool:
    """Whether an entry of a list is one of Instagram's."""
    return _ENTRIES in fields


def person_of_instagram(fields: Fields, name: str, network: str) -> FollowerRecord | None:
    """Return a follower on Instagram; None for an account that was closed, which has no name.

    Raises `Invalid` for an account on a network that has follower lists of its own.
    """
    _check_network("Instagram", name, network)
    entries = fields.get(_ENTRIES)
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        profile = _PROFILE.search(str(entry.get("href") or ""))
        written = text(entry.get("value")) or text(fields.get("title"))
        known = handle(written) or handle(profile[1] if profile else None)
        if known is not None:
            return FollowerRecord(None, known)
    return None


def refuse_those_followed(page: Fields) -> None:
    """Raise `Conflict` for Instagram's list of those whom one follows."""
    if "relationships_following" in page:
        raise Conflict(
            "This is Instagram's list of those you follow: give the one of those who follow you, "
            "followers_1.json."
        )


def is_of_linkedin(header: Container[str], name: str, network: str) -> bool:
    """Whether a table is LinkedIn's; raises `Invalid` as `person_of_instagram` does."""
    if not all(column in header for column in _LINKEDIN):
        return False
    _check_network("LinkedIn", name, network)
    return True


def behind_notes(file: TextIO) -> str:
    """Return a table's first line, behind the notes that LinkedIn puts above it."""
    line = file.readline()
    if line.strip().strip('"').casefold() != "notes:":
        return line
    lines: Sequence[str] = [file.readline() for _ in range(_MOST_NOTES)]
    for place, found in enumerate(lines):
        if found.casefold().startswith("first name"):
            file.seek(0)
            for _ in range(place + 2):
                line = file.readline()
            return line
    return line


def _check_network(service: str, name: str, network: str) -> None:
    if network_of(network).is_named:
        raise Invalid(
            f"{name} is {service}'s list: take it for an account of the network other "
            f"(linktrack account add NAME --network other), not for one on "
            f"{network_of(network).label}."
        )
