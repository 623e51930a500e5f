"""The first account, made before anybody has said what it is: whoever comes to shorten a link can.

It is an account like any other, on no network, under a name of its own (`UNNAMED`). As soon as
somebody says who follows there, it gets its network, handle and follower count, and keeps its
posts, links and clicks.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy.orm import Session

from linktrack.audience.accounts import add_account, list_accounts, rename_account
from linktrack.audience.cards import usual_card
from linktrack.audience.counts import record_count
from linktrack.audience.models import Account
from linktrack.change_numbers import number_at_commit
from linktrack.errors import Invalid
from linktrack.networks.handles import read_handle
from linktrack.networks.registry import NETWORKS, network_of

if TYPE_CHECKING:
    from linktrack.networks.registry import NetworkName

UNNAMED: Final = "My links"
SOURCE: Final = "entered"


def unnamed() -> Account:
    """Return an account as the first one is made, which isn't stored."""
    network = next(each for each in NETWORKS if not network_of(each).is_named)
    return Account(network=network, handle=UNNAMED)


def first_account(session: Session, now: datetime) -> Account | None:
    """Return a new account without a name yet, for the first link; None if there are accounts."""
    if list_accounts(session) or list_accounts(session, removed=True):
        return None
    return add_account(session, unnamed().network, UNNAMED, "you", now)


def is_unnamed(account: Account) -> bool:
    """Whether nobody has said yet what this account is."""
    return account.handle == UNNAMED and not network_of(account.network).is_named


def name_account(
    session: Session,
    account: Account,
    written: str,
    now: datetime,
    *,
    network: str | None = None,
    followers: int | None = None,
) -> None:
    """Say where the followers of an unnamed account are, and how many; its links stay with it.

    `written` is a handle, or a profile's address; without `network`, that is what the handle looks
    like. The count holds from when the account was made, so that the posts since then have it.
    Raises `Invalid` and `Conflict`.
    """
    if not is_unnamed(account):
        raise Invalid(f"{account.handle} has a name already: change it on the account's own page.")
    if not written:
        raise Invalid("Write your handle, such as @name, or what your newsletter is called.")
    found, handle = read_handle(written, network)
    _move(session, account, found)
    rename_account(session, account, handle, now)
    if followers is not None:
        record_count(session, account, followers, account.created_at, SOURCE, now=now)


def _move(session: Session, account: Account, network: str) -> None:
    if network == account.network:
        return
    account.network = cast("NetworkName", network)
    account.card = usual_card(network)
    number_at_commit(session, account)  # workers learn whose card its links have
