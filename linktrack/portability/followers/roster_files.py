"""Follower lists from files: networks' archives, tables with an id or a handle, their JSON."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final, TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.accounts import claim_archive
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account
from linktrack.audience.roster_staging import Staged
from linktrack.audience.rosters import TakenRoster, take_roster
from linktrack.calendar.times import utc
from linktrack.errors import Invalid
from linktrack.networks.archives import Archive, open_archive
from linktrack.networks.network import Archives, Network
from linktrack.networks.records import FollowerRecord
from linktrack.networks.registry import networks
from linktrack.networks.words import any_of
from linktrack.portability.followers.people_elsewhere import instagram_parts
from linktrack.portability.followers.people_json import people_of_json
from linktrack.portability.followers.people_table import people_of_table

MOST_SENT: Final = 200_000
"""People on a list that is sent to the service; longer ones come by command."""
MOST_UNPACKED: Final = 1 << 25  # bytes of such a list: 160 for each of these people


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
    with open_roster(path, account.network, confirmed=confirmed, home=home_of(account)) as found:
        return take_file(
            session,
            account,
            found,
            at=at or found.taken_at or written_at(path, now),
            confirmed=confirmed,
            key=key,
            now=now,
        )


@contextmanager
def whole_roster(path: Path, account: Account, *, confirmed: bool) -> Iterator[RosterFile]:
    """Open a list of any length, read to its end into a file of our own: nothing is locked yet.

    Raises what `open_roster` raises.
    """
    home = home_of(account)
    with (
        open_roster(path, account.network, confirmed=confirmed, home=home) as found,
        read_ahead(found.people) as people,
    ):
        yield replace(found, people=people)


@contextmanager
def read_ahead(people: Iterable[FollowerRecord]) -> Iterator[Iterator[FollowerRecord]]:
    """Read a list of any length to its end, into a file of our own, and offer it from there.

    What is wrong with it is known before anybody waits for a lock.
    """
    import msgspec

    with TemporaryFile() as kept:
        for person in people:
            kept.write(msgspec.json.encode(person) + b"\n")
        kept.seek(0)
        yield map(msgspec.json.Decoder(FollowerRecord).decode, kept)


def read_roster(path: Path, account: Account, *, confirmed: bool) -> RosterFile:
    """Return a list that was sent to the service, read to its end: nothing is locked meanwhile.

    Raises `Invalid` for more than MOST_SENT people or MOST_UNPACKED bytes, and what `open_roster`
    raises.
    """
    home = home_of(account)
    with open_roster(
        path, account.network, confirmed=confirmed, home=home, most=MOST_UNPACKED
    ) as found:
        return replace(found, people=iter(few(found.people)))


def few(people: Iterable[FollowerRecord]) -> list[FollowerRecord]:
    """Return the people of a list that was sent; raises `Invalid` for more than MOST_SENT."""
    read = list(islice(people, MOST_SENT + 1))
    if len(read) > MOST_SENT:
        raise Invalid(
            f"A list that is sent may have {MOST_SENT:,} people: import this one with "
            "linktrack followers import."
        )
    return read


def take_file(
    session: Session,
    account: Account,
    found: RosterFile,
    *,
    at: datetime,
    confirmed: bool,
    key: bytes,
    now: datetime,
    people: Iterable[FollowerRecord] | Staged | None = None,
) -> TakenRoster:
    """Take a list that was opened or read; raises what `claim_archive` and `take_roster` raise.

    `people` are those of the list, where something was done to them first.
    """
    claim_archive(session, account, found.owner_id, found.owner, confirmed)
    return take_roster(
        session,
        account,
        found.people if people is None else people,
        at,
        found.source,
        forgotten=Forgotten.read(session, account.network, key),
        confirmed=confirmed,
        now=now,
    )


def home_of(account: Account) -> str | None:
    """Return the account's server, of which a handle without a server is."""
    return account.handle.rpartition("@")[2] if account.handle.count("@") > 1 else None


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
def open_roster(
    path: Path,
    network: str,
    *,
    confirmed: bool = False,
    home: str | None = None,
    most: int | None = None,
) -> Iterator[RosterFile]:
    """Open a follower list for an account on `network`.

    `home` is that of `home_of`; no more than `most` bytes are unpacked, where that is said.
    Raises `Invalid` for what is no such list (also while it is read), and `Conflict` for a list
    of whom one follows, unless `confirmed`.
    """
    with open_archive(path, most) as archive:
        found = _own_archive(archive, network)
        if found is not None:
            yield found
            return
        parts = instagram_parts(archive)
        if parts:
            yield RosterFile("json", None, _of_parts(archive, parts, network))
            return
        if path.is_dir() or len(archive.openers) != 1:
            makers = any_of(maker.label for maker, _, _ in _makers())
            raise Invalid(
                f"{path.name} isn't a follower list: give a CSV or JSON file, or an archive of "
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
                    yield RosterFile("json", None, people_of_json(file, name, network, home))
                else:
                    people = people_of_table(file, name, network, confirmed, home)
                    yield RosterFile("csv", None, people)
            except UnicodeDecodeError as error:
                raise Invalid(f"{name} isn't a follower list: it is not text in UTF-8.") from error


def _of_parts(archive: Archive, names: Sequence[str], network: str) -> Iterator[FollowerRecord]:
    for name in names:
        with archive.open(name) as binary, io.TextIOWrapper(binary, "utf-8-sig") as file:
            yield from people_of_json(file, name, network)


def written_at(path: Path, now: datetime) -> datetime:
    """Return when a file was last written: its list was taken by then."""
    return min(datetime.fromtimestamp(path.stat().st_mtime, UTC), now)


def _own_archive(archive: Archive, network: str) -> RosterFile | None:
    """Return the list of an archive that a network made; None if it is no such archive."""
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
