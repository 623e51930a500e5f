"""Follower lists from files: networks' archives, tables with an id or a handle, their JSON."""

import csv
import io
import json
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final, TextIO, TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import claim_archive
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account
from linktrack.audience.rosters import TakenRoster, take_roster
from linktrack.calendar.times import utc
from linktrack.errors import Conflict, Invalid
from linktrack.networks.archives import Archive, Fields, open_archive
from linktrack.networks.network import Archives, Ids, Network
from linktrack.networks.records import FollowerRecord
from linktrack.networks.registry import network_of, networks
from linktrack.networks.texts import flag, handle, is_filled, moment, stable_id, whole
from linktrack.networks.words import any_of
from linktrack.portability.files.spreadsheets import MARK, restore

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

_FOLLOWED: Final = "show_boosts"
"""A column of the list of those whom one follows, which Mastodon exports beside the followers."""
_ENDED: Final = "ended_by"
"""A column of our own export, which has those who left too."""

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


class TakenRosterJson(TypedDict):
    """What a follower list changed; null for the first list, which has nothing to compare with."""

    taken_at: str
    size: int
    new: bool
    gained: int | None
    returned: int | None
    lost: int | None
    forgotten: int


def roster_json(done: TakenRoster) -> TakenRosterJson:
    """Return what taking a roster did, as every door gives it."""
    return {
        "taken_at": utc(done.taken_at),
        "size": done.size,
        "new": done.is_new,
        "gained": done.gained,
        "returned": done.returned,
        "lost": done.lost,
        "forgotten": done.forgotten,
    }


@contextmanager
def open_roster(path: Path, network: str, *, confirmed: bool = False) -> Iterator[RosterFile]:
    """Open a follower list for an account on `network`.

    Raises `Invalid` for what is no such list (also while it is read), and `Conflict` for a list
    of whom one follows, unless `confirmed`.
    """
    with open_archive(path) as archive:
        found = _own_archive(archive, network)
        if found is not None:
            yield found
            return
        if path.is_dir() or len(archive.openers) != 1:
            makers = any_of(maker.label for maker, _, _ in _makers())
            raise Invalid(
                f"{path.name} is no follower list: give a CSV or JSON file, or an archive of "
                f"{makers}."
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


def _own_archive(archive: Archive, network: str) -> RosterFile | None:
    """Return the list of an archive that a network made; None where it is no such archive."""
    for maker, archives, file in _makers():
        if not archives.is_one(archive):
            continue
        if maker.name != network:
            raise Invalid(
                f"This is an archive of {maker.label}, and the account is on another network."
            )
        found = archives.open(archive)
        if not found.has_followers:
            raise Invalid(f"{archive.label} has no follower list ({file}).")
        return RosterFile(
            maker.archive_source, found.taken_at, found.followers(), found.account_id, found.handle
        )
    return None


def _makers() -> Iterator[tuple[Network, Archives, str]]:
    """Yield the networks whose archives may hold a follower list, and in which file."""
    for each in networks():
        if each.archives is not None and each.archives.follower_file is not None:
            yield each, each.archives, each.archives.follower_file


# JSON ----------------------------------------------------------------------------------------


def _of_json(file: TextIO, name: str, network: str) -> Iterator[FollowerRecord]:
    yield from read_people(_objects(file, name), name, network)


def read_people(people: Iterable[Fields], name: str, network: str) -> Iterator[FollowerRecord]:
    """Yield the followers that JSON objects tell of; `name` is what the list is called.

    Raises `Invalid` for somebody without an id or handle, or with an id of another network.
    """
    shapes = [each.follower_json for each in networks() if each.follower_json is not None]
    ids = network_of(network).ids
    for fields in people:
        if fields.get(_ENDED) is not None:
            continue
        own = next((each for each in shapes if each.mark in fields), None)
        if own is not None:
            person = own.read(fields)
        else:
            values = {_plain(key): value for key, value in fields.items()}
            columns = _columns(values, _first(_ID_COLUMNS, values))
            person = _person((field, read(values[column])) for field, column, read in columns)
        if person is None:
            raise Invalid(f"Somebody in {name} has neither an id nor a handle.")
        _check_id(person, ids, name)
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
    places = {column: index for index, column in reversed(list(enumerate(header)))}
    if _FOLLOWED in places and not confirmed:
        raise Conflict(
            f"{name} looks like the list of those you follow, not of those who follow you: if it "
            "is a follower list, say --yes."
        )
    ids = network_of(network).ids
    rows = csv.reader(file, delimiter=delimiter)
    try:
        first = next(rows, [])
        columns = _columns(places, _id_column(places, first, ids))
        if not any(field in ("network_id", "handle") for field, _, _ in columns):
            raise Invalid(
                f"{name} needs a column of ids or of handles, such as id or handle: it has "
                f"{', '.join(cell[:40] or '(no name)' for cell in header[:30])}."
            )
        cells = [(field, places[column], read) for field, column, read in columns]
        ended = places.get(_ENDED, len(header))
        for row in chain([first], rows):
            if not any(row) or (ended < len(row) and row[ended]):
                continue
            here = len(row)
            person = _person(
                (field, read(row[at] if row[at][:1] != MARK else restore(row[at])))
                for field, at, read in cells
                if at < here
            )
            if person is None:
                raise Invalid(
                    f"{name}, line {rows.line_num + 1} has neither an id nor a handle that can "
                    "be one."
                )
            _check_id(person, ids, f"{name}, line {rows.line_num + 1}")
            yield person
    except csv.Error as error:
        raise Invalid(f"{name} is no table that can be read: {error}.") from error


def _id_column(places: Mapping[str, int], row: Sequence[str], ids: Ids) -> str | None:
    """Return the column whose first value is such an id, or the first so named."""
    named = [column for column in _ID_COLUMNS if column in places]
    for column in named:
        if places[column] < len(row) and ids.pattern.fullmatch(row[places[column]].strip()):
            return column
    return named[0] if named and _first(_HANDLES, places) is None else None


def _columns(
    names: Container[str], ids: str | None
) -> list[tuple[str, str, Callable[[object], object]]]:
    """Return what is read: the field of a record, the column, and how."""
    found: list[tuple[str, str, Callable[[object], object]]] = []
    if ids is not None:
        found.append(("network_id", ids, stable_id))
    if (handles := _first(_HANDLES, names)) is not None:
        found.append(("handle", handles, handle))
    for field, columns, read in _FACTS:
        column = _first(columns, names)
        if column is not None and field not in {known for known, _, _ in found}:
            found.append((field, column, read))
    return found


def _person(values: Iterable[tuple[str, object]]) -> FollowerRecord | None:
    """Return a person of fields and values; None where they have neither id nor handle."""
    fields: dict[str, Any] = {"network_id": None}
    fields.update(values)
    if fields["network_id"] is None and fields.get("handle") is None:
        return None
    return FollowerRecord(**fields)


def _check_id(person: FollowerRecord, ids: Ids, where: str) -> None:
    if person.network_id is not None and not ids.pattern.fullmatch(person.network_id):
        raise Invalid(
            f"{where}: {person.network_id[:60]!r} is no id of the account's network "
            f"({ids.example})."
        )


def _first(names: Sequence[str], among: Container[str]) -> str | None:
    return next((name for name in names if name in among), None)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())
