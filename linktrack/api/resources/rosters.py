"""The follower lists of an account."""

from typing import Literal, NotRequired, TypedDict

from flask import Response

from linktrack.api.access import require_all
from linktrack.api.operations import operation, sent
from linktrack.api.read import stored
from linktrack.api.resources.accounts import ACCOUNT, numbered_account
from linktrack.audience.accounts import get_account
from linktrack.audience.forgetting import Forgotten
from linktrack.audience.rosters import list_rosters, take_roster
from linktrack.calendar.times import utc
from linktrack.community.members.forgetting import forget_person
from linktrack.context import db_session, installation, reading
from linktrack.db import now
from linktrack.portability.followers.people_json import read_people
from linktrack.portability.followers.roster_files import TakenRosterJson, few, roster_json


class RosterJson(TypedDict):
    """A follower list: when it was taken, and how many people it has."""

    taken_at: str
    size: int
    source: str


class RosterListJson(TypedDict):
    """The follower lists of an account, oldest first."""

    data: list[RosterJson]


@operation("GET", f"{ACCOUNT}/rosters", scope="read", problems=(404,))
def read_rosters(number: int) -> RosterListJson:
    """Return the follower lists of an account, oldest first."""
    rosters = list_rosters(db_session(), numbered_account(number).id)
    return {
        "data": [
            {"taken_at": utc(each.taken_at), "size": each.size, "source": each.source}
            for each in rosters
        ]
    }


class NewRoster(TypedDict):
    """A follower list: people, each with an `id` or a `handle`, and optional details.

    It was taken now where `taken_at` is left out. A list with a tenth of the people of the one
    before is taken where it is `confirmed`.
    """

    followers: list[dict[str, object]]
    taken_at: NotRequired[str | None]
    confirmed: NotRequired[bool]


@operation("POST", f"{ACCOUNT}/rosters", scope="write", body=NewRoster, problems=(404, 409))
def create_roster(number: int) -> tuple[TakenRosterJson, Literal[201]]:
    """Import a follower list; importing the same list again changes nothing."""
    fields, moment = sent(), now()
    with reading() as session:  # all that was sent is read before the write lock is taken
        network = get_account(session, stored(number)).network
    people = few(read_people(fields.objects("followers"), "the list", network))
    account, session = numbered_account(number), db_session()
    key = installation().keys.forgetting
    done = take_roster(
        session,
        account,
        people,
        fields.moment("taken_at") or moment,
        "json",
        forgotten=Forgotten.read(session, account.network, key),
        confirmed=fields.value("confirmed") is not None and fields.truth("confirmed"),
        now=moment,
    )
    session.commit()
    return roster_json(done), 201


class ForgottenFollower(TypedDict):
    """The person to delete: the network's own id or the @handle, optionally after `network:`."""

    follower: str


@operation(
    "POST",
    "/forgotten-followers",
    scope="write",
    body=ForgottenFollower,
    answers={204: None},
    problems=(404,),
)
def create_forgotten_follower() -> Response:
    """Delete a person's data on request, from follower lists and from clicks."""
    require_all()
    session, opened = db_session(), installation()
    name = sent().text("follower")
    forget_person(session, name, opened.keys, opened.days(), now())
    session.commit()
    return Response(status=204)
