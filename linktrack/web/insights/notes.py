"""Notes on days, which charts over time show as marks."""

from datetime import timedelta
from functools import partial

from flask import render_template, request
from werkzeug.wrappers import Response

from linktrack.audience.accounts import accounts_by_number, list_accounts
from linktrack.context import db_session
from linktrack.reports.diary.notes import (
    LONGEST,
    add_note,
    get_note,
    list_notes,
    note_json,
    remove_note,
)
from linktrack.web.context import owner_blueprint, today
from linktrack.web.fields import LARGEST_ID, chosen_account
from linktrack.web.forms import Sent, form
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("notes", __name__)


@blueprint.get("/notes")
def list_all() -> str | Response:
    """Show all notes, and the form for a new one."""
    if is_table_wanted():
        accounts = accounts_by_number(db_session())
        notes = list_notes(db_session(), chosen_account(request.args))
        return table_file(
            "notes", [note_json(each, accounts.get(each.account_id or 0)) for each in notes]
        )
    return _page()


notes_form = partial(form, blueprint, back_to="notes.list_all")


@notes_form("/notes", again=lambda error: _page(error.sentence))
def add(sent: Sent) -> str:
    """Add a note."""
    add_note(
        sent.session,
        sent.day("day", "The day") or today(),
        sent.text("text", "The note"),
        sent.account(),
        sent.now,
    )
    return "Note added. It appears on every chart that shows this day."


@notes_form(f"/notes/<int(max={LARGEST_ID}):number>/remove")
def remove(sent: Sent, number: int) -> str:
    """Delete a note."""
    remove_note(sent.session, get_note(sent.session, number), sent.now)
    return "Note removed."


def _page(error: str | None = None) -> str:
    session = db_session()
    account = chosen_account(request.args)
    return render_template(
        "notes/list.html",
        accounts=list_accounts(session),
        account=account,
        handles={number: each.handle for number, each in accounts_by_number(session).items()},
        notes=list_notes(session, account),
        longest=LONGEST,
        fortnight=timedelta(days=14),
        error=error,
        typed=request.form if error else request.args,
    )
