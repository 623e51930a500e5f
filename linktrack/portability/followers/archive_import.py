"""An account's own archive: its posts as not wrapped, and its follower list where it has one."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from linktrack.audience.accounts import claim_archive, get_account
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account
from linktrack.audience.roster_staging import staging_first
from linktrack.audience.rosters import TakenRoster, take_roster
from linktrack.chunks import chunked
from linktrack.db import Database, is_sqlite
from linktrack.engagement.archives import EngagementOfArchive
from linktrack.errors import Invalid
from linktrack.networks.archives import Archive, open_archive
from linktrack.networks.network import Network, OwnArchive
from linktrack.networks.registry import network_of, networks
from linktrack.networks.words import any_of
from linktrack.owners.audit import acting, note
from linktrack.portability.followers.roster_files import read_ahead, written_at
from linktrack.publishing.unwrapped.posts import CHUNK, KeptPosts, keep_posts

TURN: Final = 0.5
PAUSE: Final = 0.11
"""Seconds of writing, and of letting others write: who waits for SQLite looks every 0.1 s."""


@dataclass(frozen=True, slots=True)
class ImportedArchive:
    """What an archive held; without a follower list `roster` is None.

    `broken` names the posts that could not be understood, in sentences. Of `engaged` posts the
    archive says how often they were liked and reposted.
    """

    posts: KeptPosts
    roster: TakenRoster | None
    broken: Sequence[str] = ()
    engaged: int = 0


@dataclass(frozen=True, slots=True)
class Importing:
    """Who imports an archive, and how: `key` is that of `Forgotten`, `actor` one of the audit."""

    base_host: str
    key: bytes
    actor: str
    now: datetime
    confirmed: bool = False


def import_archive(
    database: Database, account: Account, path: Path, how: Importing
) -> ImportedArchive:
    """Import an archive that a network made: a folder, a ZIP file, or its one file that is enough.

    All of it is read and judged before anything is stored. The follower list is stored first, in
    one transaction, then some hundred posts in each: others write between them. One that was cut
    short is imported again from the beginning; what is there already changes nothing. Raises
    `Invalid` for what is no archive of the account's network, and `Conflict` for another
    account's, or for a follower list that cannot be right, unless `how.confirmed`; nothing is
    stored then.
    """
    with open_archive(path) as archive, ExitStack() as opened:
        network, found = _open(archive, account)
        for _ in found.posts([]):
            pass  # a file that is cut in its middle is refused before its beginning is stored
        taken_at = found.taken_at or written_at(path, how.now)
        people = (
            opened.enter_context(read_ahead(found.followers())) if found.has_followers else None
        )
        roster = None
        with database.session() as session:
            forgotten = Forgotten.read(session, account.network, how.key)
        with staging_first(database, people or (), forgotten) as (session, staged):
            acting(session, how.actor)
            owned = get_account(session, account.id)
            claim_archive(session, owned, found.account_id, found.handle, how.confirmed)
            if people is not None:
                roster = take_roster(
                    session,
                    owned,
                    staged,
                    taken_at,
                    network.archive_source,
                    forgotten=Forgotten.read(session, owned.network, how.key),
                    confirmed=how.confirmed,
                    now=how.now,
                )
            session.commit()
        done = _store_posts(database, account, found, taken_at, how)
        with database.session(writes=True) as session:
            note(session, f"Imported an archive of {account.handle}.", how.now, how.actor)
            session.commit()
    return replace(done, roster=roster)


def _open(archive: Archive, account: Account) -> tuple[Network, OwnArchive]:
    makers = [(each, each.archives) for each in networks() if each.archives is not None]
    for network, archives in makers:
        if not archives.is_one(archive):
            continue
        if network.name != account.network:
            raise Invalid(
                f"This is an archive of {network.label}, and {account.handle} is on "
                f"{network_of(account.network).label}."
            )
        return network, archives.open(archive)
    ways = ["give the ZIP file the network made", "the folder it unpacks to"]
    ways += [
        f"{network.label}'s {archives.lone_file}"
        for network, archives in makers
        if archives.lone_file is not None
    ]
    raise Invalid(
        f"{archive.label} isn't an archive of {any_of(network.label for network, _ in makers)}: "
        f"{any_of(ways)}."
    )


def _store_posts(
    database: Database, account: Account, found: OwnArchive, taken_at: datetime, how: Importing
) -> ImportedArchive:
    """Store an archive's posts, with what it says of their engagement, some hundred at a time."""
    broken: list[str] = []
    total, engaged = [0] * len(astuple(KeptPosts())), 0
    begun = monotonic()
    for chunk in chunked(found.posts(broken), CHUNK):
        with database.session(writes=True) as session:
            told = EngagementOfArchive(session, account, taken_at)
            kept = keep_posts(session, account, told.noted(chunk), how.base_host)
            told.store()
            session.commit()
        if is_sqlite(database.engine) and monotonic() > begun + TURN:
            sleep(PAUSE)
            begun = monotonic()
        engaged += told.posts
        total = [whole + part for whole, part in zip(total, astuple(kept), strict=True)]
    return ImportedArchive(KeptPosts(*total), None, broken, engaged)
