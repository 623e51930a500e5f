"""The account that a page of a community is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.community.communities import find_community, open_ones
from linktrack.community.models import Community, JoinRequest, Member
from linktrack.context import db_session
from linktrack.networks.registry import network_of
from linktrack.web.fields import chosen_account
from linktrack.web.subject import some_accounts


@dataclass(frozen=True, slots=True)
class Chosen:
    """All accounts, the one that a page is about, and its community; None: never opened."""

    accounts: Sequence[Account]
    account: Account
    community: Community | None


def chosen(account_id: int | None = None) -> Chosen:
    """Return what a page is about: the account numbered so, or the one in the address.

    Else it is the first whose community is open, else the *we* account, else the first of all.
    If there is none, the page that says how to add one answers. Raises `NotFound`.
    """
    session, accounts = db_session(), some_accounts()
    if account_id is not None:
        account = get_account(session, account_id)
    else:
        usual = (
            *open_ones(session),
            *(each for each in accounts if each.role == "we"),
            accounts[0],
        )
        account = chosen_account(request.args) or usual[0]
    return Chosen(accounts, account, find_community(session, account))


def profile_of(person: Member | JoinRequest) -> str | None:
    """Return the address of somebody's profile on their network, if they gave one."""
    if person.network is None or person.network_id is None:
        return None
    return network_of(person.network).profile_address(person.network_id, person.handle)
