"""Following back: the preview, turning it on, the log, and undoing."""

from datetime import datetime, time, timedelta
from functools import partial
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import get_account, list_accounts
from linktrack.audience.credentials import connections
from linktrack.audience.follow_back.log import (
    DEFAULT_LIMIT,
    MOST,
    UNASKED,
    done_by_hand,
    dry_run,
    follow_log,
    follows_by_itself,
    settings_of,
    status_of,
    switch_off,
    switch_on,
    undo,
    undoable,
)
from linktrack.calendar.times import utc
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.networks.registry import network_of
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account, row_id
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("follow_back", __name__)

PAGE: Final = 50
SHOWN: Final = 25  # skipped people
OF_ACCOUNT: Final = f"/follow-back/<int(max={LARGEST_ID}):account_id>"

STATES: Final = {
    "following": "being followed",
    "followed": "followed",
    "refused": "refused by the network",
    "by_hand": "followed by hand",
    "undoing": "being undone",
    "undone": "undone",
}


@blueprint.get("/follow-back")
def show() -> str:
    """Show whether the you account follows back, and its settings and log."""
    return _page()


follow_form = partial(
    form,
    blueprint,
    back_to=lambda account_id: url_for("follow_back.show", account=account_id),
    again=lambda error, account_id: _page(account_id, error.sentence),
)


def _set(account_id: int) -> dict[str, object]:
    settings = settings_of(db_session(), account_id)
    return {
        "They followed after": settings and utc(settings.since),
        "At most, in 24 hours": settings and settings.daily_limit,
    }


@follow_form(f"{OF_ACCOUNT}/dry-run", edits=_set)
def look(sent: Sent, account_id: int) -> str:
    """Set whom to follow back, and preview it; nobody is followed yet."""
    account = get_account(sent.session, account_id)
    since = sent.moment("since", "The date")
    limit = sent.whole("limit", "The daily limit")
    if since is None or limit is None:
        raise Invalid("Enter the date after which they followed, and a daily limit.")
    dry_run(sent.session, account, since, limit, sent.now)
    return "This is the preview: nobody was followed."


@follow_form(f"{OF_ACCOUNT}/on", edits=_set)
def turn_on(sent: Sent, account_id: int) -> str:
    """Turn following back on."""
    switch_on(sent.session, get_account(sent.session, account_id), sent.now)
    return "Following back is on and starts within a minute."


@follow_form(f"{OF_ACCOUNT}/off")
def turn_off(sent: Sent, account_id: int) -> str:
    """Turn following back off."""
    switch_off(sent.session, get_account(sent.session, account_id), sent.now)
    return "Following back is off. Everyone it followed stays followed."


@follow_form(f"{OF_ACCOUNT}/by-hand")
def tick(sent: Sent, account_id: int) -> str:
    """Record whom the owner has followed by hand."""
    account = get_account(sent.session, account_id)
    done = done_by_hand(sent.session, account, sent.all_of("person"), sent.now)
    if not done:
        raise Invalid("Tick the people you've followed first.")
    return f"{done} ticked off."


@follow_form(f"{OF_ACCOUNT}/undo")
def take_back(sent: Sent, account_id: int) -> str:
    """Undo one follow, those of a day, or all that linktrack made."""
    account = get_account(sent.session, account_id)
    number = sent.row_id("follow", "Follow")
    on = sent.day("day", "The day")
    if number is None and on is None and not sent.text("all", "All"):
        raise Invalid("Choose the day whose follows you want to undo.")
    timezone = installation().settings.timezone
    begin = None if on is None else datetime.combine(on, time.min, timezone)
    numbers = undoable(
        sent.session,
        account.id,
        number=number,
        since=begin,
        until=None if on is None else datetime.combine(on + timedelta(1), time.min, timezone),
    )
    undo(sent.session, account, numbers, sent.whole("number", "The number"), sent.now)
    return f"{len(numbers)} will be undone within a few minutes."


def _page(account_id: int | None = None, error: str | None = None) -> str:
    session = db_session()
    accounts = [each for each in list_accounts(session) if each.role == "you"]
    accounts = [each for each in accounts if network_of(each.network).has_follows]
    wanted = chosen_account(request.args) or next(iter(accounts), None)
    if account_id is not None:
        wanted = get_account(session, account_id)
    account = next((each for each in accounts if wanted and each.id == wanted.id), None)
    if account is None:
        return render_template("follow_back/none.html", accounts=accounts, error=error)
    status = status_of(session, account, now())
    before = row_id(request.args, "before", "Follow")
    log = follow_log(session, account.id, PAGE + 1, before)
    connected = account.id in connections(session)
    planned = [*status.plan.now, *status.plan.skipped[:SHOWN]]
    people = [
        *((each.network_id, each.handle) for each in planned),
        *((row.network_id, row.handle) for row in log[:PAGE]),
    ]
    return render_template(
        "follow_back/show.html",
        accounts=accounts,
        account=account,
        status=status,
        settings_of=status.settings,
        plan=status.plan,
        skipped=status.plan.skipped[:SHOWN],
        by_itself=follows_by_itself(account),
        connected=connected,
        by_hand=not (follows_by_itself(account) and connected),
        profiles={
            network_id: network_of(account.network).profile_address(network_id, handle)
            for network_id, handle in people
        },
        log=log[:PAGE],
        more=len(log) > PAGE,
        standing_follows=len(undoable(session, account.id)),
        unasked=UNASKED,
        states=STATES,
        default_limit=DEFAULT_LIMIT,
        most=MOST,
        typed=request.form,
        error=error,
    )
