"""Requests to join, for the owner: those that were confirmed, and no others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypedDict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.community.asking.facts import Known, KnownJson, known_about, known_json
from linktrack.community.models import JoinRequest, Proof
from linktrack.errors import Invalid, NotFound
from linktrack.networks.registry import NetworkName

Confirmed = Literal["waiting", "later", "approved", "declined"]
STATES: Final[tuple[Confirmed, ...]] = ("waiting", "later", "approved", "declined")
ON_A_PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what is known of whoever asks."""

    request: JoinRequest
    known: Sequence[Known]


def state_named(name: str) -> Confirmed:
    """Return a state of confirmed requests; raises `Invalid`."""
    for state in STATES:
        if state == name:
            return state
    raise Invalid(f"There is no state {name[:40]!r}: choose {', '.join(STATES)}.")


def list_requests(
    session: Session,
    account: Account,
    state: Confirmed,
    now: datetime,
    *,
    after: int | None = None,
    limit: int = ON_A_PAGE,
) -> Sequence[Asked]:
    """Return requests in a state, the oldest first, those behind the request numbered `after`."""
    query = select(JoinRequest).where(
        JoinRequest.account_id == account.id, JoinRequest.state == state
    )
    if after is not None:
        query = query.where(JoinRequest.id > after)
    found = session.scalars(query.order_by(JoinRequest.id).limit(limit)).all()
    known = known_about(session, found, now)
    return [Asked(each, known.get(each.id, ())) for each in found]


def count_requests(session: Session, account: Account) -> dict[str, int]:
    """Return how many confirmed requests an account has in each state."""
    query = (
        select(JoinRequest.state, func.count())
        .where(JoinRequest.account_id == account.id, JoinRequest.state != "unconfirmed")
        .group_by(JoinRequest.state)
    )
    counts = {row[0]: row[1] for row in session.execute(query)}
    return {state: counts.get(state, 0) for state in STATES}


def count_waiting(session: Session) -> dict[int, int]:
    """Return how many requests wait for a decision, by the account's number."""
    query = (
        select(JoinRequest.account_id, func.count())
        .where(JoinRequest.state == "waiting")
        .group_by(JoinRequest.account_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def find_request(session: Session, request_id: int, now: datetime) -> Asked:
    """Return a confirmed request; raises `NotFound`, also for one that isn't confirmed."""
    query = select(JoinRequest).where(
        JoinRequest.id == request_id, JoinRequest.state != "unconfirmed"
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(f"There is no request number {request_id}: it may have been deleted.")
    return Asked(found, known_about(session, [found], now).get(found.id, ()))


class RequestJson(TypedDict):
    """A request to join. `handle` and `id` are null for somebody who proved a mail address alone.

    `proof` is how they proved who they are: sign-in with the network, a code in their profile or a
    post, or a confirmed mail. The address itself is only on the owner's page.
    """

    number: int
    state: Confirmed
    proof: Proof
    network: NetworkName | None
    handle: str | None
    id: str | None
    has_mail: bool
    introduction: str
    agrees_links: bool
    agrees_mail: bool
    asked_at: str
    confirmed_at: str | None
    decided_at: str | None
    known: list[KnownJson]


def request_json(asked: Asked) -> RequestJson:
    """Return a request as every door gives it."""
    request = asked.request
    return {
        "number": request.id,
        "state": state_named(request.state),
        "proof": request.proof,
        "network": request.network,
        "handle": request.handle,
        "id": request.network_id,
        "has_mail": request.sealed_mail is not None,
        "introduction": request.introduction,
        "agrees_links": request.agrees_links,
        "agrees_mail": request.agrees_mail,
        "asked_at": utc(request.asked_at),
        "confirmed_at": utc(request.confirmed_at),
        "decided_at": utc(request.decided_at),
        "known": [known_json(each) for each in asked.known],
    }


class RequestPageJson(TypedDict):
    """Requests, the oldest first; `next` is the `after` of the next page."""

    data: list[RequestJson]
    next: int | None


def request_page(
    session: Session, account: Account, state: str, now: datetime, *, after: int | None, limit: int
) -> RequestPageJson:
    """Return a page of requests as every door gives it; raises `Invalid` for an unknown state."""
    found = list_requests(session, account, state_named(state), now, after=after, limit=limit + 1)
    shown = found[:limit]
    more = shown[-1].request.id if len(found) > limit else None
    return {"data": [request_json(each) for each in shown], "next": more}
