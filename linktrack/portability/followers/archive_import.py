"""An account's own archive: its posts as not wrapped, and its follower list where it has one."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from linktrack.audience.accounts import NETWORK_NAMES, claim_archive
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account
from linktrack.audience.rosters import TakenRoster, take_roster
from linktrack.errors import Invalid
from linktrack.networks.archives import open_archive
from linktrack.networks.mastodon_archive import MastodonArchive
from linktrack.networks.x import XArchive
from linktrack.owners.audit import note
from linktrack.portability.followers.roster_files import written_at
from linktrack.publishing.unwrapped.posts import KeptPosts, keep_posts


@dataclass(frozen=True, slots=True)
class ImportedArchive:
    """What an archive held; without a follower list `roster` is None."""

    posts: KeptPosts
    roster: TakenRoster | None


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
    """Import an archive of X or Mastodon: a folder, a ZIP file, or an outbox.json.

    Importing it again changes nothing. `key` is that of `Forgotten`. Raises `Invalid` for what
    is no archive of the account's network, and `Conflict` for another account's, or for a follower
    list that cannot be right, unless `confirmed`.
    """
    note(session, f"Imported an archive of {account.handle}.", now)
    with open_archive(path) as archive:
        if XArchive.is_one(archive):
            _check_network(account, "x")
            found = XArchive(archive)
            claim_archive(session, account, found.account_id, found.handle, confirmed)
            roster = None
            if found.has_followers:
                roster = take_roster(
                    session,
                    account,
                    found.followers(),
                    found.taken_at or written_at(path, now),
                    "x-archive",
                    forgotten=Forgotten.read(session, account.network, key),
                    confirmed=confirmed,
                    now=now,
                )
            return ImportedArchive(keep_posts(session, account, found.posts(), base_host), roster)
        if MastodonArchive.is_one(archive):
            _check_network(account, "mastodon")
            outbox = MastodonArchive(archive)
            claim_archive(session, account, outbox.account_url, outbox.handle, confirmed)
            return ImportedArchive(keep_posts(session, account, outbox.posts(), base_host), None)
    raise Invalid(
        f"{path.name} is no archive of X or Mastodon: give the ZIP file the network made, the "
        "folder it unpacks to, or Mastodon's outbox.json."
    )


def _check_network(account: Account, network: str) -> None:
    if account.network != network:
        raise Invalid(
            f"This is an archive of {NETWORK_NAMES[network]}, and {account.handle} is on "
            f"{NETWORK_NAMES[account.network]}."
        )
