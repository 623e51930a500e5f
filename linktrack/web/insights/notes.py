"""Notes for days: written here, and shown as marks on every chart over time."""

from collections.abc import Sequence
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import accounts_by_number, list_accounts
from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.charts import Mark
from linktrack.context import db_session
from linktrack.db import now
from linktrack.reports.diary.notes import (
    LONGEST,
    add_note,
    get_note,
    happenings,
    list_notes,
    note_json,
    remove_note,
)
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint, today
from linktrack.web.fields import LARGEST_ID, chosen_account, day, text
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("notes")


@blueprint.get("/notes")
def list_all() -> str | Response:
    """Show all notes, and the form for another."""
    if is_table_wanted():
        accounts = accounts_by_number(db_session())
        notes = list_notes(db_session(), chosen_account(request.args))
        return table_file(
            "notes", [note_json(each, accounts.get(each.account_id or 0)) for each in notes]
        )
    return _page()


@blueprint.post("/notes")
def add() -> Response | tuple[str, int]:
    """Write a note."""
    session = db_session()
    try:
        add_note(
            session,
            day(request.form, "day", "The day") or today(),
            text(request.form, "text", "The note"),
            chosen_account(request.form),
            now(),
        )
    except MENDABLE as error:
        session.rollback()
        return _page(error.sentence), UNPROCESSABLE
    session.commit()
    flash("Noted. It stands on every chart that shows the day.")
    return redirect(url_for("notes.list_all"), 303)


@blueprint.post(f"/notes/<int(max={LARGEST_ID}):number>/remove")
def remove(number: int) -> Response:
    """Take a note away."""
    remove_note(db_session(), get_note(db_session(), number), now())
    db_session().commit()
    flash("The note is removed.")
    return redirect(url_for("notes.list_all"), 303)


def marks_of(accounts: Sequence[Account], days: DayRange) -> list[Mark]:
    """Return what is known of these accounts' days, as charts mark it.

    Beside several accounts, what is about one of them says which.
    """
    handles = {account.id: account.handle for account in accounts}
    several = len(accounts) > 1
    return [
        Mark(each.day, f"{each.text} ({handles[each.account_id]})")
        if several and each.account_id in handles
        else Mark(each.day, each.text)
        for each in happenings(db_session(), list(handles), days)
    ]


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
