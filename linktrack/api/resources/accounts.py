"""Accounts and their follower counts."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response, g, jsonify

from linktrack.api import shapes
from linktrack.api.access import reached
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
from linktrack.audience.counts import list_counts, record_count
from linktrack.audience.credentials import connections
from linktrack.audience.models import Account
from linktrack.audience.utm import set_utm_values, utm_by_account
from linktrack.calendar.times import utc
from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid
from linktrack.reports.queries import count_histories, standing_count

ACCOUNT = "/accounts/<int:number>"
REMOVED = Parameter(
    "removed", "Those that were removed, in place of the others.", choices=("false", "true")
)


@operation("GET", "/accounts", scope="read", query=(REMOVED,), answers={200: shapes.AccountList})
def read_accounts() -> Response:
    """List the accounts that the token reaches."""
    removed = asked().text("removed", "false")
    if removed not in REMOVED.choices:
        raise Invalid("'removed' must be true or false.")
    accounts = list_accounts(db_session(), removed=removed == "true")
    wanted = [each for each in accounts if g.token.account_id in (None, each.id)]
    return jsonify({"data": _told(wanted)})


@operation(
    "POST",
    "/accounts",
    scope="write",
    body=shapes.NewAccount,
    answers={201: shapes.Account},
    problems=(409,),
)
def create_account() -> tuple[Response, int]:
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
    return jsonify(_told([added])[0]), 201


@operation("GET", ACCOUNT, scope="read", answers={200: shapes.Account}, problems=(404,))
def read_account(number: int) -> Response:
    """Return an account with its last follower count."""
    return jsonify(_told([numbered_account(number)])[0])


@operation(
    "PATCH",
    ACCOUNT,
    scope="write",
    body=shapes.AccountChange,
    answers={200: shapes.Account},
    problems=(404, 409),
)
def change_account(number: int) -> Response:
    """Rename an account, give it a role, UTM values or a card, remove it or bring it back."""
    fields, account, session = sent(), numbered_account(number), db_session()
    if fields.value("handle") is not None:
        rename_account(session, account, fields.text("handle"), now())
    if fields.has("role"):
        set_account_role(session, account, fields.optional_text("role"), now())
    if fields.value("utm") is not None:
        set_utm_values(session, account, fields.named_texts("utm"))
    if fields.value("card") is not None:
        set_card(session, account, fields.text("card"), now())
    if fields.value("removed") is not None:
        change = remove_account if fields.truth("removed") else bring_back
        change(session, account, now())
    session.commit()
    return jsonify(_told([account])[0])


@operation(
    "GET", f"{ACCOUNT}/counts", scope="read", answers={200: shapes.CountList}, problems=(404,)
)
def read_counts(number: int) -> Response:
    """Return the follower counts of an account, oldest first."""
    counts = list_counts(db_session(), numbered_account(number).id)
    rows = [_count(count.counted_at, count.count, count.source) for count in counts]
    return jsonify({"data": rows})


@operation(
    "POST",
    f"{ACCOUNT}/counts",
    scope="write",
    body=shapes.NewCount,
    answers={201: shapes.Count},
    problems=(404, 409),
)
def create_count(number: int) -> tuple[Response, int]:
    """Record how many followers an account had; the same figure again changes nothing."""
    fields, account = sent(), numbered_account(number)
    count = fields.whole("count")
    if count is None:
        raise Invalid("'count' must be a whole number.")
    moment = now()
    at = fields.moment("counted_at") or moment
    replace = fields.value("replace") is not None and fields.truth("replace")
    record_count(db_session(), account, count, at, "entered", replace=replace, now=moment)
    db_session().commit()
    return jsonify(_count(at, count, "entered")), 201


def numbered_account(number: int) -> Account:
    """Return the account of a path, as far as the token reaches."""
    account = get_account(db_session(), stored(number))
    reached(account.id)
    return account


def _told(accounts: Sequence[Account]) -> list[dict[str, object]]:
    histories = count_histories(db_session(), [account.id for account in accounts])
    utm = utm_by_account(db_session())
    connected = connections(db_session())
    rows = []
    for account in accounts:
        at, followers = standing_count(histories.get(account.id, ()), now())
        rows.append(
            {
                "id": account.id,
                "network": account.network,
                "handle": account.handle,
                "role": account.role,
                "card": account.card,
                "created_at": utc(account.created_at),
                "removed_at": None if account.removed_at is None else utc(account.removed_at),
                "utm": dict(utm.get(account.id, {})),
                "followers": followers,
                "followers_at": None if at is None else utc(at),
                "connected": account.id in connected,
            }
        )
    return rows


def _count(at: datetime, count: int, source: str) -> dict[str, object]:
    return {"counted_at": utc(at), "count": count, "source": source}
