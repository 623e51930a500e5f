"""Accounts connected to their networks: connecting, disconnecting, and acting as them.

What signs in lies sealed in the database, under a key of the data folder.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from linktrack.audience.accounts import check_handle
from linktrack.audience.models import Account, StoredCredential
from linktrack.db import Database
from linktrack.errors import Conflict, Invalid
from linktrack.keys import Keys, seal, unseal
from linktrack.networks.credentials import Credential, SignIn
from linktrack.networks.engagement import EngagementReader
from linktrack.networks.errors import SignedOut
from linktrack.networks.protocols import Host, MentionReader, Writer
from linktrack.networks.registry import network_of
from linktrack.networks.signing_in import signed_in
from linktrack.owners.audit import note

_OTHER_KEYS: Final = (
    "The account's sign-in was encrypted with a different keys.json: connect the account again."
)


@dataclass(frozen=True, slots=True)
class Connection:
    """An account is signed in, since when, and what its network has against it (None: nothing)."""

    handle: str
    connected_at: datetime
    problem: str | None


def connect(
    session: Session, keys: Keys, account: Account, signed: SignIn, now: datetime
) -> Connection:
    """Keep what signs an account in (`networks.signing_in.sign_in` has tried it).

    What was kept before is gone. Raises `Conflict` if the sign-in is another account's.
    """
    _refuse_others(account, signed)
    account.network_id = account.network_id or signed.network_id
    _forget(session, account)
    sealed = seal(keys.sealing(), signed.credential.packed())
    session.add(StoredCredential(account_id=account.id, sealed=sealed, connected_at=now))
    note(session, f"Connected the account {account.handle}.", now)
    session.flush()
    return Connection(account.handle, now, None)


def disconnect(session: Session, account: Account, now: datetime) -> bool:
    """Forget what signs an account in; say whether there was anything."""
    if not _forget(session, account):
        return False
    note(session, f"Disconnected the account {account.handle}.", now)
    return True


def connections(session: Session) -> dict[int, Connection]:
    """Return the accounts that are connected, by their numbers."""
    query = select(
        Account.id, Account.handle, StoredCredential.connected_at, StoredCredential.problem
    ).join(StoredCredential, StoredCredential.account_id == Account.id)
    rows = session.execute(query)
    return {number: Connection(handle, at, problem) for number, handle, at, problem in rows}


def open_writer(database: Database, keys: Keys, account: Account) -> Writer:
    """Return an account's network, signed in; nothing is asked yet, and the caller closes it.

    Renewed sessions, and the network's refusal of the credential, are kept in transactions of
    their own: use it while none of yours writes. Raises `SignedOut` if the account is not
    connected, `Invalid` if keys.json is another one.
    """
    return signed_in(*_stored(database, keys, account))


def open_engagement(database: Database, keys: Keys, account: Account) -> EngagementReader | None:
    """Return what tells a signed-in account of engagement, as `open_writer` does.

    None where its network shows it no more than everybody.
    """
    connecting = network_of(account.network).connecting
    if connecting is None or connecting.open_engagement is None:
        return None
    return connecting.open_engagement(*_stored(database, keys, account))


def open_mentions(database: Database, keys: Keys, account: Account) -> MentionReader:
    """Return what tells a signed-in account who spoke to it, as `open_writer` does.

    Raises `Invalid` where its network doesn't.
    """
    network = network_of(account.network)
    if network.connecting is None or network.connecting.open_mentions is None:
        raise Invalid(f"Mentions and replies aren't read on {network.label}.")
    return network.connecting.open_mentions(*_stored(database, keys, account))


def open_host(database: Database, keys: Keys, account: Account) -> Host:
    """Return what lets people in for a signed-in account, as `open_writer` does.

    Raises `Invalid` where its network doesn't let programs do that.
    """
    network = network_of(account.network)
    if network.connecting is None or network.connecting.open_host is None:
        raise Invalid(f"On {network.label} people are let in by hand.")
    return network.connecting.open_host(*_stored(database, keys, account))


def _stored(database: Database, keys: Keys, account: Account) -> tuple[Credential, "_Keeper"]:
    with database.session() as session:
        stored = session.get(StoredCredential, account.id)
    if stored is None:
        raise SignedOut(
            f"{account.handle} is not connected: connect it on the page of the account, or with "
            f"linktrack account connect {account.handle}."
        )
    packed = unseal(keys.sealing(), stored.sealed, _OTHER_KEYS)
    return Credential.unpacked(packed), _Keeper(database, keys, stored)


class _Keeper:
    """Keeps what becomes of one connection, as long as it has not been made anew."""

    def __init__(self, database: Database, keys: Keys, stored: StoredCredential) -> None:
        self._database = database
        self._keys = keys
        self._this = (
            StoredCredential.account_id == stored.account_id,
            StoredCredential.connected_at == stored.connected_at,
        )
        self._sealed = stored.sealed
        self._is_refused = stored.problem is not None

    def renewed(self, credential: Credential) -> None:
        """Keep the credential that has taken the place of the one before."""
        self._sealed = seal(self._keys.sealing(), credential.packed())
        self._is_refused = False
        self._update(*self._this, sealed=self._sealed, problem=None)

    def refused(self, sentence: str) -> None:
        """Keep why the network does not take the credential, unless another has renewed it."""
        self._is_refused = True
        self._update(*self._this, StoredCredential.sealed == self._sealed, problem=sentence)

    def taken(self) -> None:
        """Forget what the network had against the credential: it takes it again."""
        if self._is_refused:  # most answers are worth no writing
            self._is_refused = False
            self._update(*self._this, StoredCredential.sealed == self._sealed, problem=None)

    def _update(self, *where: ColumnElement[bool], **values: str | None) -> None:
        with self._database.session(writes=True) as session:
            session.execute(update(StoredCredential).where(*where).values(**values))
            session.commit()


def _forget(session: Session, account: Account) -> bool:
    gone = delete(StoredCredential).where(StoredCredential.account_id == account.id)
    return session.scalar(gone.returning(StoredCredential.account_id)) is not None


def _refuse_others(account: Account, signed: SignIn) -> None:
    """The network's id decides, where both are known: handles change."""
    if account.network_id is not None:
        ours = account.network_id == signed.network_id
    else:
        ours = check_handle(account.network, signed.handle).casefold() == account.handle.casefold()
    if not ours:
        raise Conflict(
            f"That signs in {signed.handle} on {network_of(account.network).label}, "
            f"not {account.handle}: nothing was kept."
        )
