"""Accounts and their follower counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NotRequired, TypedDict

from flask import g

from linktrack.api.access import named_domain, require_account
from linktrack.api.operations import Parameter, asked, operation, sent
from linktrack.api.read import stored
from linktrack.audience.accounts import (
    add_account,
    bring_back,
    get_account,
    list_accounts,
    remove_account,
    rename_account,
    set_account_role,
)
from linktrack.audience.cards import set_card
from linktrack.audience.counts import count_at, count_histories, list_counts, record_count
from linktrack.audience.credentials import connections
from linktrack.audience.models import Account, Card, Role
from linktrack.audience.utm import UtmValues, set_utm_values, utm_by_account
from linktrack.calendar.times import utc
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid
from linktrack.links.domains.domains import set_domain_of
from linktrack.links.domains.faces import set_on_front_page
from linktrack.links.hosts.finding import domains_of_accounts, find_domain
from linktrack.links.looks.encoding import from_text
from linktrack.links.looks.qr_looks import PLAIN, LookJson, look_json, looks_of, set_look
from linktrack.networks.registry import NetworkName

ACCOUNT = "/accounts/<int:number>"
REMOVED = Parameter(
    "removed", "Removed accounts, instead of the others.", choices=("false", "true")
)


class AccountJson(TypedDict):
    """An account with its latest follower count and the UTM values that wrapping adds.

    New links are on `domain`, null for the first one; strangers read its name on the front page if
    it is `on_front_page`.
    """

    id: int
    network: NetworkName
    handle: str
    role: Role | None
    card: Card
    domain: str | None
    on_front_page: bool
    created_at: str
    removed_at: str | None
    utm: UtmValues
    qr: LookJson
    followers: int | None
    followers_at: str | None
    connected: bool


def _json(accounts: Sequence[Account]) -> list[AccountJson]:
    histories = count_histories(db_session(), [account.id for account in accounts])
    utm = utm_by_account(db_session())
    looks = looks_of(db_session(), [account.id for account in accounts])
    connected = connections(db_session())
    domains = {number: each.host for number, each in domains_of_accounts(db_session()).items()}
    rows: list[AccountJson] = []
    for account in accounts:
        at, followers = count_at(histories.get(account.id, ()), now())
        rows.append(
            {
                "id": account.id,
                "network": account.network,
                "handle": account.handle,
                "role": account.role,
                "card": account.card,
                "domain": domains.get(account.id),
                "on_front_page": account.on_front_page,
                "created_at": utc(account.created_at),
                "removed_at": None if account.removed_at is None else utc(account.removed_at),
                "utm": utm.get(account.id, {}),
                "qr": look_json(looks.get(account.id, PLAIN)),
                "followers": followers,
                "followers_at": None if at is None else utc(at),
                "connected": account.id in connected,
            }
        )
    return rows


class CountJson(TypedDict):
    """How many followers an account had at a given time, and where that count comes from."""

    counted_at: str
    count: int
    source: str


def _count(at: datetime, count: int, source: str) -> CountJson:
    return {"counted_at": utc(at), "count": count, "source": source}


class AccountListJson(TypedDict):
    """All accounts that the token has access to."""

    data: list[AccountJson]


@operation("GET", "/accounts", scope="read", query=(REMOVED,))
def read_accounts() -> AccountListJson:
    """List the accounts that the token has access to."""
    removed = asked().text("removed", "false")
    if removed not in REMOVED.choices:
        raise Invalid("'removed' must be true or false.")
    accounts = list_accounts(db_session(), removed=removed == "true")
    wanted = [each for each in accounts if g.token.account_id in (None, each.id)]
    return {"data": _json(wanted)}


class NewAccount(TypedDict):
    """A new account."""

    network: NetworkName
    handle: str
    role: NotRequired[Role | None]


@operation("POST", "/accounts", scope="write", body=NewAccount, problems=(409,))
def create_account() -> tuple[AccountJson, Literal[201]]:
    """Add an account."""
    if g.token.account_id is not None:
        raise Forbidden("This token is for one account, and adds none.")
    fields = sent()
    added = add_account(
        db_session(),
        fields.text("network"),
        fields.text("handle"),
        fields.optional_text("role"),
        now(),
    )
    db_session().commit()
    return _json([added])[0], 201


@operation(
    "GET",
    ACCOUNT,
    scope="read",
    problems=(404,),
    figures=("followers", "followers_at", "connected"),
)
def read_account(number: int) -> AccountJson:
    """Return an account with its latest follower count."""
    return _json([numbered_account(number)])[0]


class LookChange(TypedDict, total=False):
    """Changes to how QR codes look; "" is black, white, or no logo. `logo` is base64."""

    colour: str
    background: str
    logo: str


class AccountChange(TypedDict, total=False):
    """Changes to an account; fields you leave out stay as they are.

    `utm` replaces the current values; one may have the fields {account}, {network}, {date},
    {month}, {tag} and {slug}, which each new link fills in. A `removed` account is in no list or
    report; its links keep redirecting, and `false` restores it.
    """

    handle: str
    role: Role | None
    utm: UtmValues
    card: Card
    qr: LookChange
    domain: str | None
    on_front_page: bool
    removed: bool


@operation("PATCH", ACCOUNT, scope="write", body=AccountChange, problems=(404, 409))
def change_account(number: int) -> AccountJson:
    """Rename an account, set its role, UTM values, cards, QR codes or domain, or remove it."""
    fields, account, session = sent(), numbered_account(number), db_session()
    if fields.value("handle") is not None:
        rename_account(session, account, fields.text("handle"), now())
    if fields.has("role"):
        set_account_role(session, account, fields.optional_text("role"), now())
    if fields.value("utm") is not None:
        set_utm_values(session, account, fields.named_texts("utm"))
    if fields.value("card") is not None:
        set_card(session, account, fields.text("card"), now())
    if fields.value("qr") is not None:
        _change_look(account, fields.named_texts("qr"))
    if fields.has("domain"):
        host = named_domain(fields.optional_text("domain"))
        base_url = installation().settings.base_url
        chosen = find_domain(session, base_url, host) if host else None
        set_domain_of(session, account, chosen, now())
    if fields.value("on_front_page") is not None:
        set_on_front_page(session, account, fields.truth("on_front_page"), now())
    if fields.value("removed") is not None:
        change = remove_account if fields.truth("removed") else bring_back
        change(session, account, now())
    session.commit()
    return _json([account])[0]


def _change_look(account: Account, sent: Mapping[str, str]) -> None:
    unknown = sorted(set(sent) - {"colour", "background", "logo"})
    if unknown:
        raise Invalid(f"'qr' has colour, background and logo, not {unknown[0][:40]!r}.")
    logo = from_text(sent["logo"]) if "logo" in sent else None
    set_look(
        db_session(),
        account,
        now(),
        colour=sent.get("colour"),
        background=sent.get("background"),
        logo=logo,
    )


class CountListJson(TypedDict):
    """The follower counts of an account, oldest first."""

    data: list[CountJson]


@operation("GET", f"{ACCOUNT}/counts", scope="read", problems=(404,))
def read_counts(number: int) -> CountListJson:
    """Return the follower counts of an account, oldest first."""
    counts = list_counts(db_session(), numbered_account(number).id)
    rows = [_count(count.counted_at, count.count, count.source) for count in counts]
    return {"data": rows}


class NewCount(TypedDict):
    """A follower count; `counted_at` defaults to now."""

    count: int
    counted_at: NotRequired[str | None]
    replace: NotRequired[bool]


@operation("POST", f"{ACCOUNT}/counts", scope="write", body=NewCount, problems=(404, 409))
def create_count(number: int) -> tuple[CountJson, Literal[201]]:
    """Record how many followers an account had; recording the same count again changes nothing."""
    fields, account = sent(), numbered_account(number)
    count = fields.whole("count")
    if count is None:
        raise Invalid("'count' must be a whole number.")
    moment = now()
    at = fields.moment("counted_at") or moment
    replace = fields.value("replace") is not None and fields.truth("replace")
    record_count(db_session(), account, count, at, "entered", replace=replace, now=moment)
    db_session().commit()
    return _count(at, count, "entered"), 201


def numbered_account(number: int) -> Account:
    """Return the account whose number is in the path, if the token has access to it."""
    account = get_account(db_session(), stored(number))
    require_account(account.id)
    return account
