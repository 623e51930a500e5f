"""Segments: who clicked as far as it is known, and each segment's rules, sizes and place."""

from collections.abc import Callable, Sequence
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import find_account, get_account, list_accounts
from linktrack.audience.hello import invitation
from linktrack.audience.models import Account, Segment
from linktrack.audience.rules import FIELDS, PRESETS, SIGNS, preset
from linktrack.audience.segments import (
    add_segment,
    change_segment,
    get_segment,
    list_segments,
    move_segment,
    pending_entries,
    remove_segment,
    rename_segment,
)
from linktrack.audience.sorting import size_history, sort_followers
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.reports import sentences
from linktrack.reports.figures import words
from linktrack.reports.people.segments import FRESH, SegmentsReport, segments_json, segments_report
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import (
    LARGEST_ID,
    account_or_main,
    chosen_account,
    chosen_range,
    text,
    whole,
)
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("segments")

SEGMENT: Final = f"/segments/<int(max={LARGEST_ID}):segment_id>"
USUAL_DAYS: Final = 91
MOST_SIZES: Final = 60


@blueprint.get("/segments")
def list_all() -> str | Response:
    """Show an account's segments: first for how many clicks we can't tell who."""
    accounts = list_accounts(db_session())
    if not accounts:
        return render_template("no_accounts.html")
    account = account_or_main(request.args, accounts)
    if is_table_wanted():
        return table_file("segments", segments_json(_report(account)[0])["segments"])
    return _list(accounts, account)


@blueprint.post("/segments")
def add() -> Response | tuple[str, int]:
    """Add a segment: ready-made, by rules, or counted by hand."""
    session = db_session()
    accounts = list_accounts(session)
    if not accounts:
        raise Invalid("Add an account first: segments are of its followers.")
    account = chosen_account(request.form)
    try:
        if account is None:
            raise Invalid("Choose the account first.")
        ready = text(request.form, "preset", "The ready-made segment")
        rules = text(request.form, "rules", "The rules").splitlines()
        rules = [*(preset(ready) if ready else ()), *(rule for rule in rules if rule.strip())]
        segment = add_segment(
            session,
            account,
            text(request.form, "name", "The name") or ready,
            whole(request.form, "size", "The number of people"),
            now(),
            rules=rules,
            place=text(request.form, "place", "The place"),
        )
        sort_followers(session, account, now())
    except MENDABLE as error:
        session.rollback()
        return _list(accounts, account or accounts[0], error.sentence), UNPROCESSABLE
    session.commit()
    flash(f"The segment {segment.name} is added.")
    return redirect(url_for("segments.show", segment_id=segment.id), 303)


@blueprint.get(SEGMENT)
def show(segment_id: int) -> str:
    """Show one segment: who is in it, its sizes over time, its figures, its place."""
    return _page(get_segment(db_session(), segment_id))


@blueprint.post(SEGMENT)
def change(segment_id: int) -> Response | tuple[str, int]:
    """Change a segment's name, rules, size, place and position, from now on."""

    def act(account: Account, segment: Segment) -> str:
        session = db_session()
        name = text(request.form, "name", "The name")
        if segment.kind != "rest" and name != segment.name:
            rename_segment(session, account, segment, name, now())
        rules = text(request.form, "rules", "The rules").splitlines()
        change_segment(
            session,
            segment,
            now(),
            rules=[rule for rule in rules if rule.strip()] if segment.kind == "rule" else (),
            size=whole(request.form, "size", "The number of people"),
            place=text(request.form, "place", "The place"),
        )
        position = whole(request.form, "position", "The position")
        if position is not None and segment.kind != "rest":
            move_segment(session, account, segment, position, now())
        return f"{segment.name} is changed; what changed counts from now on."

    return _act(segment_id, act)


@blueprint.post(f"{SEGMENT}/remove")
def remove(segment_id: int) -> Response | tuple[str, int]:
    """Take a segment away; its old clicks keep its name."""

    def act(_account: Account, segment: Segment) -> str:
        remove_segment(db_session(), segment, now())
        return f"{segment.name} is removed. Adding a segment of this name brings it back."

    return _act(segment_id, act, back="segments.list_all")


def _act(
    segment_id: int, act: Callable[[Account, Segment], str], back: str = "segments.show"
) -> Response | tuple[str, int]:
    session = db_session()
    segment = get_segment(session, segment_id)
    account = get_account(session, segment.account_id)
    try:
        said = act(account, segment)
        sort_followers(session, account, now())
    except MENDABLE as error:
        session.rollback()
        return _page(segment, error.sentence), UNPROCESSABLE
    session.commit()
    flash(said)
    if back == "segments.show":
        return redirect(url_for(back, segment_id=segment.id), 303)
    return redirect(url_for(back, account=account.id), 303)


def _list(accounts: Sequence[Account], account: Account, error: str | None = None) -> str:
    report, days = _report(account)
    return render_template(
        "segments/list.html",
        accounts=accounts,
        account=account,
        report=report,
        days=days,
        sentences=sentences,
        words=words,
        waiting=pending_entries(db_session(), account),
        presets=PRESETS,
        fields=FIELDS,
        signs=SIGNS,
        fresh=FRESH.days,
        error=error,
        typed=request.form,
    )


def _page(segment: Segment, error: str | None = None) -> str:
    session = db_session()
    account = get_account(session, segment.account_id)
    report, days = _report(account)
    opened = installation()
    hello = url_for(
        "hello.show",
        account=_in_address(account),
        invitation=None if segment.kind == "rest" else invitation(opened.keys.markers(), segment),
    )
    order = [item.id for item in list_segments(session, account) if item.kind != "rest"]
    return render_template(
        "segments/show.html",
        account=account,
        segment=segment,
        line=next((line for line in report.lines if line.segment.id == segment.id), None),
        report=report,
        days=days,
        sentences=sentences,
        words=words,
        sizes=size_history(session, segment, MOST_SIZES),
        waiting=pending_entries(session, account).get(segment.id, 0),
        hello=f"{opened.settings.base_url}{hello}",
        order=order,
        fields=FIELDS,
        signs=SIGNS,
        fresh=FRESH.days,
        error=error,
        typed=request.form,
    )


def _report(account: Account) -> tuple[SegmentsReport, DayRange]:
    """Return the report over the posts of the chosen days, else of the last three months."""
    settings = installation().settings
    days = chosen_range(request.args, USUAL_DAYS)
    report = segments_report(
        db_session(),
        account,
        window=DEFAULT_WINDOW,
        settings=settings,
        now=now(),
        since=days.since,
        until=days.end,
    )
    return report, days


def _in_address(account: Account) -> str:
    """Return the shortest name that an address needs: with its network where two have it."""
    try:
        find_account(db_session(), account.handle)
    except Invalid:
        return f"{account.network}:{account.handle}"
    return account.handle
