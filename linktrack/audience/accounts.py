"""Accounts: adding, finding, renaming."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NotRequired, TypedDict

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from linktrack.audience.cards import usual_card
from linktrack.audience.models import Account, Role, StoredCredential
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.networks.registry import NetworkName, is_network, network_of
from linktrack.owners.audit import note

ROLES: Final[tuple[Role, ...]] = ("me", "you", "we")


MOST_ACCOUNTS: Final = 1_000
"""Accounts of an installation: every page may name them all."""


def add_account(
    session: Session, network: str, handle: str, role: str | None, now: datetime
) -> Account:
    """Add an account.

    Raises `Invalid` for an unknown network or role or an impossible handle, `Conflict` if the
    account is there already, or MOST_ACCOUNTS others are.
    """
    there = select(func.count()).select_from(Account).where(Account.removed_at.is_(None))
    if (session.scalar(there) or 0) >= MOST_ACCOUNTS:
        raise Conflict(f"There may be {MOST_ACCOUNTS:,} accounts: remove one first.")
    label = network_of(network).label
    role = _known_role(role)
    handle = check_handle(network, handle)
    _refuse_taken(session, network, handle)
    account = Account(
        network=network,
        handle=handle,
        handle_key=_key(handle),
        role=role,
        created_at=now,
        card=usual_card(network),
    )
    session.add(account)
    note(session, f"Added the account {handle} on {label}.", now)
    return account


def rename_account(session: Session, account: Account, handle: str, now: datetime) -> None:
    """Give an account its new handle; its posts, links and counts stay with it."""
    handle = check_handle(account.network, handle)
    if _key(handle) != account.handle_key:
        _refuse_taken(session, account.network, handle)
    if handle != account.handle:
        note(session, f"Renamed the account {account.handle} to {handle}.", now)
    account.handle, account.handle_key = handle, _key(handle)
    session.flush()


def set_account_role(session: Session, account: Account, role: str | None, now: datetime) -> None:
    """Say what an account is for: `me`, `you`, `we`, or nothing of these; raises `Invalid`."""
    known = _known_role(role)
    if known != account.role:
        note(session, f"{account.handle} is {known or 'of no role'} now.", now)
    account.role = known
    session.flush()


def remove_account(session: Session, account: Account, now: datetime) -> None:
    """Leave an account out of every list and report from now on.

    Nothing is deleted but what signs it in: its links keep working and counting, and
    `bring_back` undoes it.
    """
    if account.removed_at is None:
        session.execute(delete(StoredCredential).where(StoredCredential.account_id == account.id))
        account.removed_at = now
        note(session, f"Removed the account {account.handle}.", now)


def bring_back(session: Session, account: Account, now: datetime) -> None:
    """Take a removed account into lists and reports again, with all it had."""
    if account.removed_at is not None:
        account.removed_at = None
        note(session, f"Restored the account {account.handle}.", now)


def check_handle(network: str, handle: str) -> str:
    """Return a handle as it is stored: with its @ on networks that write one.

    Raises `Invalid`.
    """
    found = network_of(network)
    handles = found.handles
    handle = handles.normalise(handle.strip().removeprefix(f"{network}:"))
    if not handles.pattern.fullmatch(handle) or len(handle) > 255 or _has_surrogate(handle):
        raise Invalid(
            f"{handle[:60]!r} cannot be a handle on {found.label}: write it as {handles.example}."
        )
    return handle


def _has_surrogate(handle: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in handle)


def list_accounts(session: Session, *, removed: bool = False) -> Sequence[Account]:
    """Return all accounts: me, you, we, then the others, each in order of adding.

    With `removed`, those that were removed instead.
    """
    which = Account.removed_at.is_not(None) if removed else Account.removed_at.is_(None)
    accounts = session.scalars(select(Account).where(which).order_by(Account.id)).all()
    order: dict[str, int] = {role: number for number, role in enumerate(ROLES)}
    return sorted(accounts, key=lambda account: order.get(account.role or "", len(ROLES)))


def accounts_by_number(session: Session) -> dict[int, Account]:
    """Return all accounts by their numbers, removed ones too: what they had keeps its name."""
    return {account.id: account for account in session.scalars(select(Account))}


def find_account(session: Session, handle: str, *, removed: bool = False) -> Account:
    """Return the account of `@name` or `network:@name`, whatever the case.

    With `removed`, one that was removed is found too. Raises `NotFound`, or `Invalid` if several
    networks have that handle.
    """
    _, key = _named(handle)
    query = select(Account).where(Account.handle_key == key.replace("\0", ""))
    if _has_surrogate(handle):
        raise NotFound("There is no such account.")
    return pick_account(session.scalars(query.order_by(Account.id)).all(), handle, removed=removed)


def pick_account(accounts: Sequence[Account], handle: str, *, removed: bool = False) -> Account:
    """Return the one of these accounts that a handle names, as `find_account` does."""
    network, key = _named(handle)
    found = [
        account
        for account in accounts
        if account.handle_key == key and network in (None, account.network)
    ]
    there = [account for account in found if removed or account.removed_at is None]
    if found and not there:
        raise NotFound(
            f"The account {found[0].handle} was removed: restore it with linktrack account "
            f"restore {found[0].handle}."
        )
    if not there:
        raise NotFound(
            f"There is no account {handle[:60]!r}: add it with linktrack account add HANDLE "
            "--network NET, or look at linktrack account list."
        )
    if len(there) > 1:
        names = " or ".join(f"{account.network}:{account.handle}" for account in there)
        raise Invalid(f"Several networks have an account {handle!r}: write {names}.")
    return there[0]


def _named(handle: str) -> tuple[str | None, str]:
    """Return the network that a handle names, if it does, and its key there."""
    network, colon, rest = handle.strip().partition(":")
    named = network.casefold() if colon and is_network(network.casefold()) else None
    return named, _key(rest if named else handle.strip())


def claim_archive(
    session: Session, account: Account, network_id: str | None, handle: str | None, confirmed: bool
) -> None:
    """Make sure that an archive is this account's, and keep the network's id of the account.

    It is known by the id, else by the handle; an archive that does not say whose it is passes.
    Raises `Conflict` for another account's, unless `confirmed`.
    """
    if account.network_id is not None and network_id is not None:
        ours = account.network_id == network_id
    else:
        ours = handle is None or _key(handle) == account.handle_key
    if not ours and not confirmed:
        whose = network_id if handle is None else f"@{handle.removeprefix('@')}"
        raise Conflict(
            f"This is an archive of {whose}, not of {account.handle}: if it is the same account "
            "under another handle, add --yes."
        )
    if account.network_id is None and network_id is not None:
        account.network_id = network_id
        session.flush()


def get_account(session: Session, account_id: int) -> Account:
    """Return an account by its number; raises `NotFound`."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound(f"There is no account number {account_id}.")
    return account


def _known_role(role: str | None) -> Role | None:
    if role is None:
        return None
    for known in ROLES:
        if role == known:
            return known
    raise Invalid(f"{role[:40]!r} isn't a role: choose me, you, we, or none.")


def _key(handle: str) -> str:
    return handle.removeprefix("@").casefold()


def _refuse_taken(session: Session, network: str, handle: str) -> None:
    query = select(Account).where(Account.network == network, Account.handle_key == _key(handle))
    taken = session.scalar(query)
    label = network_of(network).label
    if taken is not None and taken.removed_at is not None:
        raise Conflict(
            f"{handle} on {label} was removed: restore it with linktrack account restore "
            f"{taken.handle}, or on the page Accounts."
        )
    if taken is not None:
        raise Conflict(f"{handle} on {label} already exists.")


class AccountNameJson(TypedDict):
    """The account a report covers; only one of the demonstration is `simulated`."""

    network: NetworkName
    handle: str
    role: Role | None
    simulated: NotRequired[bool]


def account_json(account: Account) -> AccountNameJson:
    """Return an account as every report names it."""
    name: AccountNameJson = {
        "network": account.network,
        "handle": account.handle,
        "role": account.role,
    }
    if account.simulated:
        name["simulated"] = True
    return name
