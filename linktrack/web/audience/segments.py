"""Segments: who clicked, as far as that is known, and each segment's rules, sizes and place."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import find_account, get_account, list_accounts
from linktrack.audience.hello import invitation
from linktrack.audience.models import Account, Segment
from linktrack.audience.properties import PROPERTIES
from linktrack.audience.rules import DAY_PRESETS, FIELDS, PRESETS, SIGNS, preset
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
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid, LinktrackError
from linktrack.reports import sentences
from linktrack.reports.counting import window_for
from linktrack.reports.figures import words
from linktrack.reports.narrowing.ranges import OF_POSTS
from linktrack.reports.people.properties import PropertyJson
from linktrack.reports.people.segments import FRESH, SegmentsReport, segments_json, segments_report
from linktrack.web.audience.ways import ways_chart, ways_rows
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account, chosen_range
from linktrack.web.filters.seeing import Seen, seeing
from linktrack.web.forms import Done, Sent, form
from linktrack.web.subject import accounts_and_chosen
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("segments", __name__)

SEGMENT: Final = f"/segments/<int(max={LARGEST_ID}):segment_id>"
USUAL_DAYS: Final = 91
MOST_SIZES: Final = 60


@blueprint.get("/segments")
def list_all() -> str | Response:
    """Show an account's segments, and first how many clicks are unknown."""
    accounts, account = accounts_and_chosen()
    if is_table_wanted() and request.args.get("table") == "properties":
        lines = segments_json(_report(account)[0])["properties"]
        return table_file("properties", [_flat(line) for line in lines])
    if is_table_wanted() and request.args.get("table") == "ways":
        return table_file("ways", ways_rows(_report(account)[0].ways))
    if is_table_wanted():
        report, _, seen = _seen(account)
        return table_file("segments", segments_json(report)["segments"], only=seen.only)
    return _list(accounts, account)


def _flat(line: PropertyJson) -> dict[str, object]:
    """Return a property with its overlaps as columns."""
    also = {f"also {each['property']}": each["people"] for each in line["overlaps"]}
    return {
        "property": line["property"],
        "people": line["people"],
        "unknown": line["unknown"],
        **{f"also {name}": also.get(f"also {name}", line["people"]) for name in PROPERTIES},
    }


def _list_again(error: LinktrackError) -> str:
    accounts = list_accounts(db_session())
    if not accounts:
        raise error
    return _list(accounts, chosen_account(request.form) or accounts[0], error.sentence)


@form(blueprint, "/segments", back_to="segments.list_all", again=_list_again)
def add(sent: Sent) -> Done:
    """Add a segment: a preset, by rules, or with a size the owner enters."""
    if not list_accounts(sent.session):
        raise Invalid("Add an account first: segments are of its followers.")
    account = sent.account()
    if account is None:
        raise Invalid("Choose the account first.")
    ready = sent.text("preset", "The ready-made segment")
    if ready in DAY_PRESETS:
        ready = ready.replace("DAY", sent.text("day", "The day") or "DAY")
    segment = add_segment(
        sent.session,
        account,
        sent.text("name", "The name") or ready,
        sent.whole("size", "The number of people"),
        sent.now,
        rules=[*(preset(ready) if ready else ()), *_rules(sent)],
        place=sent.text("place", "The place"),
    )
    sort_followers(sent.session, account, sent.now)
    said = f"The segment {segment.name} is added."
    return Done(said, url_for("segments.show", segment_id=segment.id))


def _rules(sent: Sent) -> list[str]:
    return [rule for rule in sent.text("rules", "The rules").splitlines() if rule.strip()]


@blueprint.get(SEGMENT)
def show(segment_id: int) -> str:
    """Show one segment: its members, sizes over time, figures and place."""
    return _page(get_segment(db_session(), segment_id))


segment_form = partial(
    form,
    blueprint,
    back_to="segments.show",
    again=lambda error, segment_id: _page(get_segment(db_session(), segment_id), error.sentence),
)


def _edited(segment_id: int) -> dict[str, object]:
    session = db_session()
    segment = get_segment(session, segment_id)
    order = [each.id for each in list_segments(session, get_account(session, segment.account_id))]
    return {
        "Name": segment.name,
        "Rules": ", ".join((segment.rules or "").splitlines()),
        "People": segment.size if segment.kind == "size" else None,
        "Place": segment.place,
        "Position": order.index(segment.id) + 1,
    }


@segment_form(SEGMENT, edits=_edited)
def change(sent: Sent, segment_id: int) -> str:
    """Change a segment's name, rules, size, place and position, from now on."""
    session = sent.session
    segment = get_segment(session, segment_id)
    account = get_account(session, segment.account_id)
    name = sent.text("name", "The name")
    if segment.kind != "rest" and name != segment.name:
        rename_segment(session, account, segment, name, sent.now)
    rules = _rules(sent)
    change_segment(
        session,
        segment,
        sent.now,
        rules=rules if segment.kind == "rule" else (),
        size=sent.whole("size", "The number of people"),
        place=sent.text("place", "The place"),
    )
    position = sent.whole("position", "The position")
    if position is not None and segment.kind != "rest":
        move_segment(session, account, segment, position, sent.now)
    sort_followers(session, account, sent.now)
    return f"{segment.name} is changed; what changed counts from now on."


@segment_form(f"{SEGMENT}/remove")
def remove(sent: Sent, segment_id: int) -> Done:
    """Remove a segment; its old clicks keep its name."""
    segment = get_segment(sent.session, segment_id)
    account = get_account(sent.session, segment.account_id)
    remove_segment(sent.session, segment, sent.now)
    sort_followers(sent.session, account, sent.now)
    return Done(
        f"{segment.name} is removed. Adding a segment of this name brings it back.",
        url_for("segments.list_all", account=account.id),
    )


def _list(accounts: Sequence[Account], account: Account, error: str | None = None) -> str:
    report, days, seen = _seen(account)
    return render_template(
        "segments/list.html",
        accounts=accounts,
        account=account,
        seen=seen,
        report=report,
        ways_chart=ways_chart(report.ways),
        days=days,
        sentences=sentences,
        words=words,
        waiting=pending_entries(db_session(), account),
        presets=PRESETS,
        day_presets=DAY_PRESETS,
        properties=PROPERTIES,
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


def _seen(account: Account) -> tuple[SegmentsReport, DayRange, Seen]:
    """Return the report of the clicks that are asked for; ways are of all clicks, or not there."""
    since = chosen_range(request.args, USUAL_DAYS).since
    with seeing([account], since, narrows=OF_POSTS) as seen:
        return *_report(account, with_ways=seen.is_whole), seen


def _report(account: Account, *, with_ways: bool = True) -> tuple[SegmentsReport, DayRange]:
    """Return the report on the posts of the chosen days, by default of the last three months."""
    settings = installation().settings
    days = chosen_range(request.args, USUAL_DAYS)
    report = segments_report(
        db_session(),
        account,
        window=window_for(days.since, DEFAULT_WINDOW, as_of(now())),
        settings=settings,
        now=as_of(now()),
        since=days.since,
        until=days.end,
        with_ways=with_ways,
    )
    return report, days


def _in_address(account: Account) -> str:
    """Return the account's handle for an address; with its network if two have the same."""
    try:
        find_account(db_session(), account.handle)
    except Invalid:
        return f"{account.network}:{account.handle}"
    return account.handle
