"""Forget people on request, and keep them out of later follower lists by a keyed hash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from linktrack.audience.models import (
    Account,
    Consent,
    Follower,
    FollowerSegment,
    FollowPeriod,
    ForgottenFollower,
    MadeFollow,
    Roster,
    Sync,
    SyncPage,
)
from linktrack.errors import NotFound

_DIGEST_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Forgotten:
    """People to leave out: keyed hashes of network and id, and of network and handle."""

    network: str
    key: bytes
    digests: frozenset[str]

    @classmethod
    def read(cls, session: Session, network: str, key: bytes) -> "Forgotten":
        """Return who has been forgotten; `key` is the installation's (`Keys.forgetting`)."""
        found = session.scalars(select(ForgottenFollower.digest))
        return cls(network, key, frozenset(found))

    def holds(self, network_id: str) -> bool:
        """Whether this person asked to be forgotten; a handle alone is asked for as `@key`."""
        return bool(self.digests) and digest(self.key, self.network, network_id) in self.digests


def digest(key: bytes, network: str, network_id: str) -> str:
    """Return the keyed hash of a person on a network."""
    text = f"{network}\0{network_id}".encode()
    return blake2b(text, key=key, digest_size=_DIGEST_BYTES).hexdigest()


def find_people(session: Session, name: str) -> Sequence[tuple[Follower, str]]:
    """Return the followers of a network's id or of a @handle, with their networks.

    `network:NAME` is one network's. A person who follows several accounts is there several
    times. Raises `NotFound`.
    """
    name = name.strip()
    network, colon, rest = name.partition(":")
    wanted = [Follower.network_id == name, Follower.handle_key == handle_key(name)]
    if colon:
        there = or_(Follower.network_id == rest, Follower.handle_key == handle_key(rest))
        wanted.append(and_(Account.network == network, there))
    query = select(Follower, Account.network).join(Account, Follower.account_id == Account.id)
    found = session.execute(query.where(or_(*wanted)).order_by(Follower.id)).all()
    if not found:
        raise NotFound(
            f"There is no follower {name[:60]!r}: give the network's own id, or the @handle, as "
            "linktrack export followers has them."
        )
    return [(follower, network) for follower, network in found]


def forget_people(
    session: Session, people: Iterable[tuple[Follower, str]], key: bytes, now: datetime
) -> None:
    """Delete followers and all their data, and leave a trace that names nobody.

    The rosters they were in become smaller by one each. Clicks are the caller's part.
    """
    for follower, network in people:  # one person: as many rows as accounts they follow
        names = {follower.network_id}
        if follower.handle_key:
            names.add(f"@{follower.handle_key}")
        for name in names:
            session.merge(ForgottenFollower(digest=digest(key, network, name), forgotten_at=now))
        held = (
            select(FollowPeriod.follower_id)
            .where(
                FollowPeriod.follower_id == follower.id,
                FollowPeriod.began_by <= Roster.taken_at,
                or_(
                    FollowPeriod.ended_after.is_(None),
                    FollowPeriod.ended_after >= Roster.taken_at,
                ),
            )
            .exists()
        )
        session.execute(
            update(Roster)
            .where(Roster.account_id == follower.account_id, held)
            .values(size=Roster.size - 1)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            delete(MadeFollow).where(
                MadeFollow.account_id == follower.account_id, MadeFollow.network_id.in_(names)
            )
        )
        session.execute(delete(Consent).where(Consent.follower_id == follower.id))
        session.execute(delete(FollowPeriod).where(FollowPeriod.follower_id == follower.id))
        session.execute(delete(FollowerSegment).where(FollowerSegment.follower_id == follower.id))
        # A list that is being read may have them: it is read anew from its beginning.
        session.execute(delete(SyncPage).where(SyncPage.account_id == follower.account_id))
        session.execute(
            update(Sync)
            .where(Sync.account_id == follower.account_id)
            .values(begun_at=None, cursor=None)
        )
        session.delete(follower)
    session.flush()


def handle_key(handle: str) -> str:
    """Return what a handle is found by: without its @, whatever the case."""
    return handle.strip().removeprefix("@").casefold()
