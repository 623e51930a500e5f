"""Letting people in, one by one, and the members; mail addresses are in no answer."""

from typing import Literal, TypedDict

from flask import Response, g

from linktrack.api.access import require_account
from linktrack.api.operations import AFTER, LIMIT, asked, operation, sent
from linktrack.api.paging import page_size
from linktrack.api.read import stored
from linktrack.api.resources.accounts import ACCOUNT, numbered_account
from linktrack.community.letting_in.deciding import approve, decide_later, decline, get_request
from linktrack.community.letting_in.steps import kind_named, steps_of, tick, try_again
from linktrack.community.members.leaving import remove_member
from linktrack.community.members.listing import (
    MemberJson,
    get_member,
    list_members,
    member_json,
)
from linktrack.community.models import JoinRequest, Member
from linktrack.context import db_session, installation
from linktrack.db import now

REQUEST = "/requests/<int:number>"
MEMBER = "/members/<int:number>"


class MemberPageJson(TypedDict):
    """Members, newest first; `next` is the `after` of the next page."""

    data: list[MemberJson]
    next: int | None


@operation("GET", f"{ACCOUNT}/members", scope="read", query=(LIMIT, AFTER), problems=(404,))
def read_members(number: int) -> MemberPageJson:
    """List who was let into an account's community, newest first."""
    fields, session = asked(), db_session()
    account, size = numbered_account(number), page_size(fields)
    found = list_members(session, account, size + 1, fields.row_number("after"))
    rows = found[:size]
    steps = steps_of(session, rows)
    return {
        "data": [member_json(row, steps[row.id]) for row in rows],
        "next": rows[-1].id if len(found) > size else None,
    }


@operation("GET", MEMBER, scope="read", problems=(404,))
def read_member(number: int) -> MemberJson:
    """Return one member, and how far letting them in is."""
    return _shown(_member(number))


@operation("DELETE", MEMBER, scope="write", answers={204: None}, problems=(404,))
def delete_member(number: int) -> Response:
    """Remove a member with everything of theirs; sums stay, and links keep working."""
    session = db_session()
    remove_member(session, _member(number), installation().days(), now())
    session.commit()
    return Response(status=204)


class StepDone(TypedDict):
    """A step of letting somebody in: accept, follow or welcome."""

    step: str


@operation("POST", f"{MEMBER}/done", scope="write", body=StepDone, problems=(404, 409))
def create_done_step(number: int) -> MemberJson:
    """Keep that a step of letting somebody in was done by hand."""
    member = _member(number)
    tick(db_session(), member, kind_named(sent().text("step")), now())
    db_session().commit()
    return _shown(member)


@operation("POST", f"{MEMBER}/again", scope="write", body=StepDone, problems=(404, 409))
def create_step_again(number: int) -> MemberJson:
    """Let linktrack try a step again that was refused or is in doubt."""
    member = _member(number)
    try_again(db_session(), member, kind_named(sent().text("step")), now())
    db_session().commit()
    return _shown(member)


@operation("POST", f"{REQUEST}/approve", scope="write", problems=(404, 409))
def create_member(number: int) -> tuple[MemberJson, Literal[201]]:
    """Let somebody in; a second time answers with the same member."""
    session = db_session()
    member = approve(session, _request(number), g.token.name, now(), can_mail=_can_mail())
    shown = _shown(member)
    session.commit()
    return shown, 201


class Word(TypedDict, total=False):
    """A word to the person; without it they hear nothing."""

    word: str


@operation(
    "POST",
    f"{REQUEST}/decline",
    scope="write",
    body=Word,
    answers={204: None},
    problems=(404, 409),
)
def create_declined_request(number: int) -> Response:
    """Decline a request; all of it is deleted 7 days later."""
    session, word = db_session(), sent().text("word", "")
    decline(session, _request(number), word, g.token.name, now(), can_mail=_can_mail())
    session.commit()
    return Response(status=204)


@operation("POST", f"{REQUEST}/later", scope="write", answers={204: None}, problems=(404, 409))
def create_request_for_later(number: int) -> Response:
    """Put a request behind the others that wait."""
    session = db_session()
    decide_later(session, _request(number), now())
    session.commit()
    return Response(status=204)


def _member(number: int) -> Member:
    member = get_member(db_session(), stored(number))
    require_account(member.account_id)
    return member


def _request(number: int) -> JoinRequest:
    request = get_request(db_session(), stored(number))
    require_account(request.account_id)
    return request


def _shown(member: Member) -> MemberJson:
    return member_json(member, steps_of(db_session(), [member])[member.id])


def _can_mail() -> bool:
    return installation().settings.mail is not None
