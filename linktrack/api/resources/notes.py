"""Notes on days, which charts show."""

from datetime import date, datetime, timedelta
from typing import Literal, NotRequired, TypedDict

from flask import Response

from linktrack.api.access import named_account, require_account, require_all
from linktrack.api.operations import ACCOUNT, FROM, TO, asked, operation, sent
from linktrack.api.read import stored
from linktrack.audience.accounts import accounts_by_number
from linktrack.calendar.ranges import whole_days
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.reports.diary.notes import (
    NoteJson,
    add_note,
    get_note,
    list_notes,
    note_json,
    remove_note,
)


class NoteListJson(TypedDict):
    """Notes, newest day first."""

    data: list[NoteJson]


@operation("GET", "/notes", scope="read", query=(ACCOUNT, FROM, TO), problems=(404,))
def read_notes() -> NoteListJson:
    """List notes, newest day first; with `account` its own and those about all accounts."""
    fields, session = asked(), db_session()
    handle = fields.optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        require_all()
    since, until = whole_days(
        fields.moment("from"), fields.moment("to"), installation().settings.timezone
    )
    last = None if until is None else until - timedelta(days=1)
    accounts = accounts_by_number(session)
    found = list_notes(session, account, since, last)
    return {"data": [note_json(each, accounts.get(each.account_id or 0)) for each in found]}


class NewNote(TypedDict):
    """A new note; `day` defaults to today."""

    text: str
    day: NotRequired[str | None]
    account: NotRequired[str | None]


@operation("POST", "/notes", scope="write", body=NewNote, problems=(404,))
def create_note() -> tuple[NoteJson, Literal[201]]:
    """Add a note to a day, about one account or about all of them."""
    fields, session = sent(), db_session()
    handle = fields.optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        require_all()
    day = _local_day(fields.moment("day") or now())
    added = add_note(session, day, fields.text("text"), account, now())
    told = note_json(added, account)
    session.commit()
    return told, 201


@operation("DELETE", "/notes/<int:number>", scope="write", answers={204: None}, problems=(404,))
def delete_note(number: int) -> Response:
    """Delete a note."""
    session = db_session()
    note = get_note(session, stored(number))
    if note.account_id is None:
        require_all()
    require_account(note.account_id)
    remove_note(session, note, now())
    session.commit()
    return Response(status=204)


def _local_day(at: datetime) -> date:
    return at.astimezone(installation().settings.timezone).date()
