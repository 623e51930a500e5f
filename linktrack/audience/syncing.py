"""Read follower counts, and follower lists where they are public, from the networks.

Every page of a list is kept as soon as it is read. Whatever ends the process, or however long
the network asks to wait, reading goes on behind the last page.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from linktrack.audience.claims import accounts_due, claim_turn
from linktrack.audience.counts import record_count
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.models import Account, StoredCredential, Sync, SyncPage
from linktrack.audience.rosters import TakenRoster, take_roster
from linktrack.db import Database, from_ms, to_ms
from linktrack.db import now as this_moment
from linktrack.errors import Conflict, Invalid, LinktrackError
from linktrack.networks.errors import Pause
from linktrack.networks.protocols import Reader
from linktrack.networks.records import FollowerRecord
from linktrack.networks.registry import network_of, networks

LEASE: Final = timedelta(minutes=10)
"""For how long an account that is being read is left to its reader; each page renews it."""

AGAIN: Final = timedelta(hours=1)
"""When a network that could not be asked is asked again."""

STALE: Final = timedelta(hours=24)
"""A list whose reading began longer ago is begun anew: it would be of no one moment."""

_MOMENTS: Final = ("account_created_at", "last_active_at")


@dataclass(frozen=True, slots=True)
class Synced:
    """What reading an account gave; `problem` is why it did not, in a sentence."""

    handle: str
    followers: int | None
    roster: TakenRoster | None
    problem: str | None


Open = Callable[[Account], Reader]
"""Opens the network of an account."""


def readable_accounts(session: Session) -> list[Account]:
    """Return the accounts that can be read: by everybody, or since they are signed in."""
    query = select(Account).where(_is_readable(), Account.removed_at.is_(None))
    query = query.order_by(Account.id)
    return list(session.scalars(query))


def due_accounts(session: Session, at: datetime) -> list[Account]:
    """Return the accounts whose time has come, or that were never read."""
    return accounts_due(session, Sync, at, _is_readable())


def claim(session: Session, account_id: int, at: datetime) -> bool:
    """Reserve a due account for this process; of several that try at once one gets it."""
    return claim_turn(session, Sync, account_id, at, LEASE)


def sync_account(
    database: Database,
    account: Account,
    open_network: Open,
    *,
    key: bytes,
    every: timedelta,
    confirmed: bool = False,
    clock: Callable[[], datetime] = this_moment,
) -> Synced:
    """Read an account's count and list, and return when to read them next.

    It commits after each page. What the network or the list has against it is returned as
    `problem`, and kept. Raises `Invalid` for an account that cannot be read.
    """
    with database.session(writes=True) as session:
        this = select(Account.id).where(Account.id == account.id, _is_readable())
        if session.scalar(this) is None:
            raise Invalid(
                f"{network_of(account.network).label} doesn't show followers without a password: "
                f"linktrack account connect, linktrack archive import, or linktrack counts record, "
                f"for {account.handle}."
            )
        _reserve(session, account.id, clock())
        session.commit()
    followers: int | None = None
    roster: TakenRoster | None = None
    problem: str | None = None
    next_at = clock() + every
    try:
        with closing(open_network(account)) as reader:
            followers = _read_count(database, account.id, reader, clock)
            if _read_list(database, account.id, reader, clock):
                roster = _take(
                    database, account.id, key, followers, confirmed=confirmed, now=clock()
                )
    except Pause as pause:
        problem, next_at = f"{account.handle}: {pause}.", pause.until
    except LinktrackError as error:
        problem, next_at = f"{account.handle}: {error.sentence}", clock() + min(AGAIN, every)
    with database.session(writes=True) as session:
        session.execute(
            update(Sync)
            .where(Sync.account_id == account.id)
            .values(next_at=next_at, problem=problem)
        )
        session.commit()
    return Synced(account.handle, followers, roster, problem)


def _is_readable() -> ColumnElement[bool]:
    """Whether an account can be read: a sign-in that its network does not take is none.

    Nobody knows a simulated account.
    """
    signed_in = exists().where(
        StoredCredential.account_id == Account.id, StoredCredential.problem.is_(None)
    )
    public = [each.name for each in networks() if each.open_reader is not None]
    return and_(or_(Account.network.in_(public), signed_in), ~Account.simulated)


def _reserve(session: Session, account_id: int, at: datetime) -> Sync:
    """Keep others from reading the account for a while."""
    sync = session.get(Sync, account_id)
    if sync is None:
        sync = Sync(account_id=account_id, next_at=at + LEASE)
        session.add(sync)
    sync.next_at = at + LEASE
    if sync.begun_at is not None and at - sync.begun_at > STALE:
        _begin_anew(session, sync)
    session.flush()
    return sync


def _begin_anew(session: Session, sync: Sync) -> None:
    session.execute(delete(SyncPage).where(SyncPage.account_id == sync.account_id))
    sync.begun_at = sync.cursor = None


def _read_count(
    database: Database, account_id: int, reader: Reader, clock: Callable[[], datetime]
) -> int:
    with database.session() as session:
        account = session.get_one(Account, account_id)
        known = account.network_id if network_of(account.network).asks_by_id else None
        name = known or account.handle.removeprefix("@")
    profile = reader.profile(name)
    with database.session(writes=True) as session:
        account = session.get_one(Account, account_id)
        moment = clock()
        record_count(
            session, account, profile.followers, moment, account.network, replace=True, now=moment
        )
        account.network_id = account.network_id or profile.network_id
        if profile.text_limits is not None:
            account.text_limit = profile.text_limits.characters
            account.address_length = profile.text_limits.address
        session.commit()
    return profile.followers


def _read_list(
    database: Database, account_id: int, reader: Reader, clock: Callable[[], datetime]
) -> bool:
    """Read the pages that are not there yet; say whether there is a list."""
    with database.session() as session:
        account = session.get_one(Account, account_id)
        name = account.network_id or account.handle.removeprefix("@")
        sync = session.get_one(Sync, account_id)
        begun_at, cursor = sync.begun_at or clock(), sync.cursor
        last = select(func.max(SyncPage.number)).where(SyncPage.account_id == account_id)
        number = session.scalar(last)
    if number is not None and cursor is None:
        return True  # read to its end, and not taken
    number = -1 if number is None else number
    while True:
        page = reader.followers(name, cursor)
        if page is None:
            return False
        number, cursor = number + 1, page.cursor
        people = json.dumps([_packed(person) for person in page.people])
        with database.session(writes=True) as session:
            sync = _reserve(session, account_id, clock())
            sync.begun_at, sync.cursor = begun_at, cursor
            session.add(SyncPage(account_id=account_id, number=number, people=people))
            session.commit()
        if cursor is None:
            return True


def _take(
    database: Database,
    account_id: int,
    key: bytes,
    followers: int,
    *,
    confirmed: bool,
    now: datetime,
) -> TakenRoster | None:
    """Make a roster of the pages, dated when reading began.

    A network that shows a part of the list only would make the others seem to have left: raises
    `Conflict` where it has less than half as many people as its count says.
    """
    with database.session(writes=True) as session:
        account = session.get_one(Account, account_id)
        sync = session.get_one(Sync, account_id)
        if sync.begun_at is None:  # somebody was forgotten meanwhile: the list is read anew
            return None
        taken = take_roster(
            session,
            account,
            _people(session, account_id),
            sync.begun_at,
            account.network,
            forgotten=Forgotten.read(session, account.network, key),
            confirmed=confirmed,
            now=now,
        )
        if taken.size * 2 < followers and not confirmed:
            raise Conflict(
                f"The list has {taken.size:,} people, and the count says {followers:,}: if that "
                "is right, add --yes."
            )
        _begin_anew(session, sync)
        session.commit()
    return taken


def _people(session: Session, account_id: int) -> Iterator[FollowerRecord]:
    pages = select(SyncPage.people).where(SyncPage.account_id == account_id)
    for people in session.scalars(pages.order_by(SyncPage.number)).all():
        for fields in json.loads(people):
            yield _unpacked(fields)


def _packed(person: FollowerRecord) -> dict[str, object]:
    fields = asdict(person)
    for name in _MOMENTS:
        fields[name] = None if fields[name] is None else to_ms(fields[name])
    return fields


def _unpacked(fields: dict[str, object]) -> FollowerRecord:
    for name in _MOMENTS:
        stored = cast("int | None", fields[name])
        fields[name] = None if stored is None else from_ms(stored)
    return FollowerRecord(**fields)  # type: ignore[arg-type]  # what `_packed` made of one
