"""Accounts, their follower counts and their segments."""

from collections.abc import Sequence
from datetime import datetime

from flask import Response, g, jsonify

from linktrack.api import shapes
from linktrack.api.access import reached
from linktrack.api.operations import operation, sent
from linktrack.api.read import stored
from linktrack.audience.accounts import add_account, get_account, list_accounts
from linktrack.audience.counts import list_counts, record_count
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment, list_segments
from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import Forbidden, Invalid
from linktrack.reports.build import utc
from linktrack.reports.queries import count_histories, standing_count

ACCOUNT = "/accounts/<int:number>"


@operation("GET", "/accounts", scope="read", answers={200: shapes.AccountList})
def read_accounts() -> Response:
    """List the accounts that the token reaches."""
    accounts = list_accounts(db_session())
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
    return jsonify(_told([_account(number)])[0])


@operation(
    "GET", f"{ACCOUNT}/counts", scope="read", answers={200: shapes.CountList}, problems=(404,)
)
def read_counts(number: int) -> Response:
    """Return the follower counts of an account, oldest first."""
    counts = list_counts(db_session(), _account(number).id)
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
    fields, account = sent(), _account(number)
    count = fields.whole("count")
    if count is None:
        raise Invalid("'count' must be a whole number.")
    moment = now()
    at = fields.moment("counted_at") or moment
    replace = fields.value("replace") is not None and fields.truth("replace")
    record_count(db_session(), account, count, at, "entered", replace=replace, now=moment)
    db_session().commit()
    return jsonify(_count(at, count, "entered")), 201


@operation(
    "GET", f"{ACCOUNT}/segments", scope="read", answers={200: shapes.SegmentList}, problems=(404,)
)
def read_segments(number: int) -> Response:
    """Return the segments of an account in their order."""
    segments = list_segments(db_session(), _account(number))
    rows = [_segment(each.position, each.name, each.size) for each in segments]
    return jsonify({"data": rows})


@operation(
    "POST",
    f"{ACCOUNT}/segments",
    scope="write",
    body=shapes.NewSegment,
    answers={201: shapes.Segment},
    problems=(404, 409),
)
def create_segment(number: int) -> tuple[Response, int]:
    """Add a segment after the account's others."""
    fields, account = sent(), _account(number)
    added = add_segment(db_session(), account, fields.text("segment"), fields.whole("size"), now())
    db_session().commit()
    return jsonify(_segment(added.position, added.name, added.size)), 201


def _account(number: int) -> Account:
    account = get_account(db_session(), stored(number))
    reached(account.id)
    return account


def _told(accounts: Sequence[Account]) -> list[dict[str, object]]:
    histories = count_histories(db_session(), [account.id for account in accounts])
    rows = []
    for account in accounts:
        at, followers = standing_count(histories.get(account.id, ()), now())
        rows.append(
            {
                "id": account.id,
                "network": account.network,
                "handle": account.handle,
                "role": account.role,
                "created_at": utc(account.created_at),
                "followers": followers,
                "followers_at": None if at is None else utc(at),
            }
        )
    return rows


def _count(at: datetime, count: int, source: str) -> dict[str, object]:
    return {"counted_at": utc(at), "count": count, "source": source}


def _segment(position: int, name: str, size: int | None) -> dict[str, object]:
    return {"position": position, "segment": name, "size": size}
