"""Follower lists from files: X's archive, tables with an id or a handle, JSON of the networks."""

import csv
import io
import json
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final, TextIO

from sqlalchemy.orm import Session

from linktrack.audience.accounts import claim_archive
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account
from linktrack.audience.rosters import TakenRoster, take_roster
from linktrack.errors import Conflict, Invalid
from linktrack.networks.archives import Archive, Fields, open_archive
from linktrack.networks.base import FollowerRecord
from linktrack.networks.records import bluesky_follower, mastodon_follower
from linktrack.networks.texts import flag, handle, moment, stable_id, text, whole
from linktrack.networks.x import XArchive
from linktrack.portability.spreadsheets import restore

_ID_COLUMNS: Final = (
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
    "username",
    "user_name",
    "screen_name",
    "acct",
    "address",
    "account",
)
_FACTS: Final = {
    "followers": ("followers", "followers_count", "follower_count"),
    "following": ("following", "following_count", "friends_count", "follows_count"),
    "posts": ("posts", "posts_count", "statuses_count", "tweet_count", "tweets"),
    "account_created_at": ("account_created_at", "created_at", "joined", "joined_at"),
    "last_active_at": ("last_active_at", "last_status_at", "last_post_at", "last_active"),
    "followed_back": ("followed_back", "we_follow", "following_back"),
}
_FOLLOWED: Final = "show_boosts"
"""A column of the list of those whom one follows, which Mastodon exports beside the followers."""
_ENDED: Final = "ended_by"
"""A column of our own export, which has those who left too."""

_IDS: Final = {
    "x": (re.compile(r"[0-9]{1,20}"), "a number"),
    "bluesky": (re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+"), "did:…"),
    "mastodon": (re.compile(r"https?://[^\s]+"), "https://…"),
    "other": (re.compile(r"[^\s].*"), "any text"),
}
_MOST_WHOLE: Final = 64_000_000  # characters of a JSON file that is no list of lines


@dataclass(frozen=True, slots=True)
class RosterFile:
    """A follower list in a file: who made it, when if it says so, and its people, read once.

    `owner_id` and `owner` say whose followers they are, where the file does.
    """

    source: str
    taken_at: datetime | None
    people: Iterator[FollowerRecord]
    owner_id: str | None = None
    owner: str | None = None


def import_roster(
    session: Session,
    account: Account,
    path: Path,
    *,
    at: datetime | None,
    confirmed: bool,
    key: bytes,
    now: datetime,
) -> TakenRoster:
    """Take the follower list of a file; `key` is that of `Forgotten`.

    It is dated `at`, else as the file says, else when the file was last written. Raises what
    `open_roster`, `claim_archive` and `take_roster` raise.
    """
    with open_roster(path, account.network, confirmed=confirmed) as found:
        claim_archive(session, account, found.owner_id, found.owner, confirmed)
        return take_roster(
            session,
            account,
            found.people,
            at or found.taken_at or written_at(path, now),
            found.source,
            forgotten=Forgotten.read(session, account.network, key),
            confirmed=confirmed,
            now=now,
        )


@contextmanager
def open_roster(path: Path, network: str, *, confirmed: bool = False) -> Iterator[RosterFile]:
    """Open a follower list for an account on `network`.

    Raises `Invalid` for what is no such list (also while it is read), and `Conflict` for a list
    of whom one follows, unless `confirmed`.
    """
    with open_archive(path) as archive:
        if XArchive.is_one(archive):
            yield _of_x(archive, network)
            return
        if path.is_dir() or len(archive.openers) != 1:
            raise Invalid(
                f"{path.name} is no follower list: give a CSV or JSON file, or an archive of X."
            )
        (name,) = archive.openers
        with archive.open(name) as binary:
            mark = binary.read(2)
        encoding = "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        with archive.open(name) as binary:
            file = io.TextIOWrapper(binary, encoding=encoding, newline="")
            try:
                if encoding == "utf-8-sig" and mark[:1] in (b"[", b"{"):
                    yield RosterFile("json", None, _of_json(file, name, network))
                else:
                    yield RosterFile("csv", None, _of_table(file, name, network, confirmed))
            except UnicodeDecodeError as error:
                raise Invalid(f"{name} is no follower list: it is not text in UTF-8.") from error


def written_at(path: Path, now: datetime) -> datetime:
    """Return when a file was last written: its list was taken by then."""
    return min(datetime.fromtimestamp(path.stat().st_mtime, UTC), now)


def _of_x(archive: Archive, network: str) -> RosterFile:
    if network != "x":
        raise Invalid("This is an archive of X, and the account is on another network.")
    found = XArchive(archive)
    if not found.has_followers:
        raise Invalid(f"{archive.label} has no follower list (data/follower.js).")
    return RosterFile(
        "x-archive", found.taken_at, found.followers(), found.account_id, found.handle
    )


# JSON ----------------------------------------------------------------------------------------


def _of_json(file: TextIO, name: str, network: str) -> Iterator[FollowerRecord]:
    for fields in _objects(file, name):
        if fields.get(_ENDED) is not None:
            continue
        if "did" in fields:
            person = bluesky_follower(fields)
        elif "acct" in fields:
            person = mastodon_follower(fields)
        else:
            values = {_plain(key): value for key, value in fields.items()}
            person = _person(values.get, _first(_ID_COLUMNS, values), _first(_HANDLES, values))
        if person is None or (person.network_id is None and person.handle is None):
            raise Invalid(f"Somebody in {name} has neither an id nor a handle.")
        _check_id(person, network, name)
        yield person


def _objects(file: TextIO, name: str) -> Iterator[Fields]:
    """Yield the people of a list, of one page or several, or of one object a line."""
    first = file.readline()
    try:
        try:
            line: object = json.loads(first)
        except ValueError:  # a document over several lines
            line = json.loads(first + file.read(_MOST_WHOLE))
        while True:
            yield from _people(line)
            if not (following := file.readline()):
                return
            line = json.loads(following) if following.strip() else []
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        raise Invalid(f"{name} is broken: it is no JSON, or breaks off.") from error


def _people(value: object) -> Iterator[Fields]:
    if isinstance(value, dict):
        page = value.get("followers")
        if isinstance(page, list):
            value = page
        else:
            yield value
            return
    if isinstance(value, list):
        yield from (person for person in value if isinstance(person, dict))


# Tables --------------------------------------------------------------------------------------


def _of_table(file: TextIO, name: str, network: str, confirmed: bool) -> Iterator[FollowerRecord]:
    sample = file.readline()
    if "\0" in sample or not sample.strip():
        raise Invalid(f"{name} is no follower list: it is empty, or not text.")
    delimiter = max(",;\t", key=sample.count)
    header = [_plain(restore(cell)) for cell in next(csv.reader([sample], delimiter=delimiter))]
    places = {column: place for place, column in reversed(list(enumerate(header)))}
    if _FOLLOWED in places and not confirmed:
        raise Conflict(
            f"{name} looks like the list of those you follow, not of those who follow you: if it "
            "is a follower list, say --yes."
        )
    rows = csv.reader(file, delimiter=delimiter)
    try:
        first = next(rows, [])
        ids = _id_column(places, first, network)
        handles = _first(_HANDLES, places)
        if ids is None and handles is None:
            raise Invalid(
                f"{name} needs a column of ids or of handles, such as id or handle: it has "
                f"{', '.join(cell[:40] or '(no name)' for cell in header[:30])}."
            )
        for row in chain([first], rows):
            where = f"{name}, line {rows.line_num + 1}"
            yield from _row(row, places, ids, handles, network, where)
    except csv.Error as error:
        raise Invalid(f"{name} is no table that can be read: {error}.") from error


def _row(
    row: list[str],
    places: Mapping[str, int],
    ids: str | None,
    handles: str | None,
    network: str,
    where: str,
) -> Iterator[FollowerRecord]:
    def cell(column: str) -> str | None:
        place = places.get(column)
        return restore(row[place]) if place is not None and place < len(row) else None

    if not any(row) or cell(_ENDED):
        return
    person = _person(cell, ids, handles)
    if person.network_id is None and person.handle is None:
        raise Invalid(f"{where} has neither an id nor a handle that can be one.")
    _check_id(person, network, where)
    yield person


def _id_column(places: Mapping[str, int], row: Sequence[str], network: str) -> str | None:
    """Return the column whose first value is an id of this network, or the first so named."""
    named = [column for column in _ID_COLUMNS if column in places]
    for column in named:
        if places[column] < len(row) and _IDS[network][0].fullmatch(row[places[column]].strip()):
            return column
    return named[0] if named and _first(_HANDLES, places) is None else None


def _person(value: Callable[[str], object], ids: str | None, handles: str | None) -> FollowerRecord:
    def fact(name: str) -> object:
        return next((found for column in _FACTS[name] if (found := value(column)) is not None), "")

    return FollowerRecord(
        network_id=None if ids is None else stable_id(value(ids)),
        handle=None if handles is None else handle(value(handles)),
        followers=whole(fact("followers")),
        following=whole(fact("following")),
        posts=whole(fact("posts")),
        account_created_at=moment(fact("account_created_at")),
        has_description=_has(value, "has_description", "description", "bio", "note"),
        has_picture=_has(value, "has_picture", "picture", "avatar", "profile_image_url"),
        last_active_at=moment(fact("last_active_at")),
        followed_back=flag(fact("followed_back")),
    )


def _has(value: Callable[[str], object], said: str, *shown: str) -> bool | None:
    """Return what a column says outright, or whether another is filled."""
    told = flag(value(said))
    if told is not None:
        return told
    found = [column for column in shown if value(column) is not None]
    return text(value(found[0])) is not None if found else None


def _check_id(person: FollowerRecord, network: str, where: str) -> None:
    pattern, example = _IDS[network]
    if person.network_id is not None and not pattern.fullmatch(person.network_id):
        raise Invalid(
            f"{where}: {person.network_id[:60]!r} is no id of the account's network ({example})."
        )


def _first(names: Sequence[str], among: Container[str]) -> str | None:
    return next((name for name in names if name in among), None)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())
