"""Readers of identities, with what this installation keeps for them."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from linktrack.audience.identity.models import Registration
from linktrack.audience.models import Account, HelloNetwork, StoredCredential
from linktrack.db import Database
from linktrack.errors import Invalid, TooMany
from linktrack.keys import Keys, seal, unseal
from linktrack.networks.credentials import Credential
from linktrack.networks.identity import Identifying, IdentityReader, Visit
from linktrack.networks.registry import network_of
from linktrack.settings import Settings

LIFE: Final = timedelta(hours=20)
"""Mastodon deletes an application of which nobody has a token a day after it was made."""

MOST_A_DAY: Final = 60  # sign-ins that begin, from one network


def identifying(network: str, base_url: str) -> Identifying:
    """Return how people sign in on a network; raises `Invalid`, saying why they can't."""
    found = network_of(network).identifying
    if isinstance(found, str):
        raise Invalid(found)
    refusal = found.refuses(base_url)
    if refusal is not None:
        raise Invalid(refusal)
    return found


def open_identity(
    database: Database, keys: Keys, settings: Settings, network: str, now: datetime
) -> IdentityReader:
    """Return what asks a network who somebody is; raises as `identifying` does.

    It keeps registrations in transactions of its own: use it while none of yours writes.
    """
    found = identifying(network, settings.base_url)
    with database.session() as session:
        homes = _homes(session, keys, network)
    kept = _Registrations(database, keys, now)
    return found.open(Visit(settings, kept, homes))


def count_sign_in(session: Session, day: date, network: str) -> None:
    """Count a sign-in that begins: each asks a server that a stranger names.

    `network` is the keyed hash of where it comes from. Raises `TooMany` beyond MOST_A_DAY.
    """
    today = day.toordinal()
    session.execute(delete(HelloNetwork).where(HelloNetwork.day < today))
    key = blake2b(network.encode(), digest_size=16, person=b"sign-ins").hexdigest()
    found = session.get(HelloNetwork, (today, key), with_for_update=True)
    if found is None:
        found = HelloNetwork(day=today, network=key, number=0)
        session.add(found)
    elif found.number >= MOST_A_DAY:
        raise TooMany("That's a lot of sign-ins from your network today: try again tomorrow.")
    found.number += 1
    session.flush()


def _homes(session: Session, keys: Keys, network: str) -> Sequence[Credential]:
    """Return what signs our own accounts in on a network, as far as it can be read."""
    query = (
        select(StoredCredential.sealed)
        .join(Account, Account.id == StoredCredential.account_id)
        .where(Account.network == network)
    )
    homes = []
    for sealed in session.scalars(query):
        try:
            homes.append(Credential.unpacked(unseal(keys.sealing(), sealed, "Connect it again.")))
        except Invalid:  # sealed with other keys: its page says so
            continue
    return homes


class _Registrations:
    """Keeps what servers call us (`identity.Registrations`); what is too old is deleted."""

    def __init__(self, database: Database, keys: Keys, now: datetime) -> None:
        self._database = database
        self._keys = keys
        self._now = now

    def kept(self, server: str, back: str) -> str | None:
        """Return what was kept of a server for coming back at an address."""
        with self._database.session() as session:
            found = session.get(Registration, self._hash(server, back))
        if found is None or found.made_at + LIFE < self._now:
            return None
        try:
            return unseal(self._keys.sealing(), found.sealed, "Register again.")
        except Invalid:
            return None

    def keep(self, server: str, back: str, packed: str) -> None:
        """Keep it, if nothing is there."""
        sealed = seal(self._keys.sealing(), packed)
        with self._database.session(writes=True) as session:
            session.execute(delete(Registration).where(Registration.made_at < self._now - LIFE))
            key = self._hash(server, back)
            session.add(Registration(key_hash=key, sealed=sealed, made_at=self._now))
            with suppress(IntegrityError):  # of two at the same moment either will do
                session.commit()

    def _hash(self, server: str, back: str) -> str:
        text = f"{server}\0{back}".encode()
        key = self._keys.sealing()
        return blake2b(text, key=key, digest_size=16, person=b"registration").hexdigest()
