"""An account's own archive: its posts as not wrapped, and its follower list where it has one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from linktrack.audience.accounts import claim_archive
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account
from linktrack.audience.rosters import TakenRoster, take_roster
from linktrack.engagement.archives import EngagementOfArchive
from linktrack.errors import Invalid
from linktrack.networks.archives import open_archive
from linktrack.networks.registry import network_of, networks
from linktrack.networks.words import any_of
from linktrack.owners.audit import note
from linktrack.portability.followers.roster_files import written_at
from linktrack.publishing.unwrapped.posts import KeptPosts, keep_posts


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


def import_archive(
    session: Session,
    account: Account,
    path: Path,
    *,
    base_host: str,
    confirmed: bool,
    key: bytes,
    now: datetime,
) -> ImportedArchive:
    """Import an archive that a network made: a folder, a ZIP file, or its one file that is enough.

    Importing it again changes nothing. `key` is that of `Forgotten`. Raises `Invalid` for what
    is no archive of the account's network, and `Conflict` for another account's, or for a follower
    list that cannot be right, unless `confirmed`.
    """
    note(session, f"Imported an archive of {account.handle}.", now)
    makers = [(each, each.archives) for each in networks() if each.archives is not None]
    with open_archive(path) as archive:
        for network, archives in makers:
            if not archives.is_one(archive):
                continue
            if network.name != account.network:
                raise Invalid(
                    f"This is an archive of {network.label}, and {account.handle} is on "
                    f"{network_of(account.network).label}."
                )
            found = archives.open(archive)
            claim_archive(session, account, found.account_id, found.handle, confirmed)
            roster = None
            if found.has_followers:
                roster = take_roster(
                    session,
                    account,
                    found.followers(),
                    found.taken_at or written_at(path, now),
                    network.archive_source,
                    forgotten=Forgotten.read(session, account.network, key),
                    confirmed=confirmed,
                    now=now,
                )
            broken: list[str] = []
            told = EngagementOfArchive(session, account, found.taken_at or written_at(path, now))
            kept = keep_posts(session, account, told.noted(found.posts(broken)), base_host)
            told.store()
            return ImportedArchive(kept, roster, broken, told.posts)
    ways = ["give the ZIP file the network made", "the folder it unpacks to"]
    ways += [
        f"{network.label}'s {archives.lone_file}"
        for network, archives in makers
        if archives.lone_file is not None
    ]
    raise Invalid(
        f"{path.name} isn't an archive of {any_of(network.label for network, _ in makers)}: "
        f"{any_of(ways)}."
    )
