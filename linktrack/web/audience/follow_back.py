"""Following back: whom it would follow, switching it on, what it did, and undoing that."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

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
    standing_of,
    switch_off,
    switch_on,
    undo,
    undoable,
)
from linktrack.audience.models import Account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.networks.registry import network_of
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account, day, moment, row_id, text, whole

blueprint = owner_blueprint("follow_back")

PAGE: Final = 50
SHOWN: Final = 25  # skipped people
OF_ACCOUNT: Final = f"/follow-back/<int(max={LARGEST_ID}):account_id>"

STATES: Final = {
    "following": "being followed",
    "followed": "followed",
    "refused": "refused by the network",
    "by_hand": "followed by hand",
    "undoing": "being taken back",
    "undone": "taken back",
}


@blueprint.get("/follow-back")
def show() -> str:
    """Show how following back stands for the you account."""
    return _page()


@blueprint.post(f"{OF_ACCOUNT}/dry-run")
def look(account_id: int) -> Response | tuple[str, int]:
    """Set whom to follow back, and show what that would do; nobody is followed."""

    def act(account: Account) -> str:
        since = moment(request.form, "since", "The date")
        limit = whole(request.form, "limit", "The daily limit")
        if since is None or limit is None:
            raise Invalid("Name the date after which they followed, and how many a day at most.")
        dry_run(db_session(), account, since, limit, now())
        return "This is the dry run: nobody was followed."

    return _act(account_id, act)


@blueprint.post(f"{OF_ACCOUNT}/on")
def turn_on(account_id: int) -> Response | tuple[str, int]:
    """Let the service follow back."""

    def act(account: Account) -> str:
        switch_on(db_session(), account, now())
        return "Following back is on: the service begins within a minute."

    return _act(account_id, act)


@blueprint.post(f"{OF_ACCOUNT}/off")
def turn_off(account_id: int) -> Response | tuple[str, int]:
    """Follow nobody back any more."""

    def act(account: Account) -> str:
        switch_off(db_session(), account, now())
        return "Following back is off. Whom it followed stays followed."

    return _act(account_id, act)


@blueprint.post(f"{OF_ACCOUNT}/by-hand")
def tick(account_id: int) -> Response | tuple[str, int]:
    """Keep whom the owner has followed by hand."""

    def act(account: Account) -> str:
        done = done_by_hand(db_session(), account, request.form.getlist("person"), now())
        if not done:
            raise Invalid("Tick whom you have followed first.")
        return f"{done} ticked off."

    return _act(account_id, act)


@blueprint.post(f"{OF_ACCOUNT}/undo")
def take_back(account_id: int) -> Response | tuple[str, int]:
    """Have one follow taken back, those of a day, or all that linktrack made."""

    def act(account: Account) -> str:
        number = row_id(request.form, "follow", "Follow")
        on = day(request.form, "day", "The day")
        if number is None and on is None and not text(request.form, "all", "All"):
            raise Invalid("Choose the day whose follows are to be taken back.")
        timezone = installation().settings.timezone
        begin = None if on is None else datetime.combine(on, time.min, timezone)
        numbers = undoable(
            db_session(),
            account.id,
            number=number,
            since=begin,
            until=None if on is None else datetime.combine(on + timedelta(1), time.min, timezone),
        )
        typed = whole(request.form, "number", "The number")
        undo(db_session(), account, numbers, typed, now())
        return f"{len(numbers)} will be taken back within a few minutes."

    return _act(account_id, act)


def _act(account_id: int, act: Callable[[Account], str]) -> Response | tuple[str, int]:
    account = get_account(db_session(), account_id)
    try:
        said = act(account)
    except MENDABLE as error:
        db_session().rollback()
        return _page(error.sentence), UNPROCESSABLE
    db_session().commit()
    flash(said)
    return redirect(url_for("follow_back.show", account=account_id), 303)


def _page(error: str | None = None) -> str:
    session = db_session()
    accounts = [each for each in list_accounts(session) if each.role == "you"]
    accounts = [each for each in accounts if network_of(each.network).has_follows]
    wanted = chosen_account(request.args) or next(iter(accounts), None)
    if "account_id" in (request.view_args or {}):
        wanted = get_account(session, request.view_args["account_id"])  # type: ignore[index]
    account = next((each for each in accounts if wanted and each.id == wanted.id), None)
    if account is None:
        return render_template("follow_back/none.html", accounts=accounts, error=error)
    standing = standing_of(session, account, now())
    before = row_id(request.args, "before", "Follow")
    log = follow_log(session, account.id, PAGE + 1, before)
    connected = account.id in connections(session)
    planned = [*standing.plan.now, *standing.plan.skipped[:SHOWN]]
    people = [
        *((each.network_id, each.handle) for each in planned),
        *((row.network_id, row.handle) for row in log[:PAGE]),
    ]
    return render_template(
        "follow_back/show.html",
        accounts=accounts,
        account=account,
        standing=standing,
        settings_of=standing.settings,
        plan=standing.plan,
        skipped=standing.plan.skipped[:SHOWN],
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
