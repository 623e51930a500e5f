"""Accounts: adding them, their follower counts, and their segments."""

from collections.abc import Callable
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import (
    NETWORK_NAMES,
    ROLES,
    add_account,
    bring_back,
    get_account,
    list_accounts,
    remove_account,
    rename_account,
    set_account_role,
)
from linktrack.audience.cards import OURS, set_card
from linktrack.audience.counts import list_counts, record_count
from linktrack.audience.credentials import connections
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment, list_segments
from linktrack.audience.utm import NAMES as UTM_NAMES
from linktrack.audience.utm import set_utm_values, utm_values
from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import Conflict, Invalid
from linktrack.networks.credentials import NEEDS
from linktrack.reports import queries
from linktrack.reports.overview import is_stale
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import LARGEST_ID, moment, text, whole

blueprint = owner_blueprint("accounts")

ACCOUNT: Final = f"/accounts/<int(max={LARGEST_ID}):account_id>"
SOURCE: Final = "entered"
MOST_COUNTS: Final = 200
ROLE_WORDS: Final = {
    "me": "me: own words",
    "you": "you: shares links",
    "we": "we: a private community",
}


@blueprint.get("/accounts")
def list_all() -> str:
    """Show all accounts and the form for another."""
    return _list()


@blueprint.post("/accounts")
def add() -> Response | tuple[str, int]:
    """Add an account, with its followers of today where they are known."""
    session = db_session()
    try:
        account = add_account(
            session,
            text(request.form, "network", "The network"),
            text(request.form, "handle", "The handle"),
            text(request.form, "role", "The role") or None,
            now(),
        )
        followers = whole(request.form, "followers", "The number of followers")
        if followers is not None:
            record_count(session, account, followers, now(), SOURCE, now=now())
    except MENDABLE as error:
        session.rollback()
        return _list(error.sentence), UNPROCESSABLE
    session.commit()
    flash(f"{account.handle} is added.")
    return redirect(url_for("accounts.show", account_id=account.id), 303)


@blueprint.get(ACCOUNT)
def show(account_id: int) -> str:
    """Show one account: follower counts, segments, and forms for more of both."""
    return _page(get_account(db_session(), account_id))


@blueprint.post(f"{ACCOUNT}/handle")
def rename(account_id: int) -> Response | tuple[str, int]:
    """Give an account its new handle."""

    def act(account: Account) -> str:
        rename_account(db_session(), account, text(request.form, "handle", "The handle"), now())
        return f"The account is called {account.handle} now."

    return _act(account_id, act)


@blueprint.post(f"{ACCOUNT}/role")
def change_role(account_id: int) -> Response | tuple[str, int]:
    """Say what an account is for."""

    def act(account: Account) -> str:
        role = text(request.form, "role", "The role") or None
        set_account_role(db_session(), account, role, now())
        return f"{account.handle} has {f'the role {role}' if role else 'no role'} now."

    return _act(account_id, act)


@blueprint.get(f"{ACCOUNT}/remove")
def confirm_removal(account_id: int) -> str:
    """Say what removing an account means, and ask."""
    account = get_account(db_session(), account_id)
    return render_template("accounts/remove.html", account=account)


@blueprint.post(f"{ACCOUNT}/remove")
def remove(account_id: int) -> Response | tuple[str, int]:
    """Leave an account out of lists and reports."""

    def act(account: Account) -> str:
        remove_account(db_session(), account, now())
        return f"{account.handle} is removed; its links go on redirecting. You can bring it back."

    return _act(account_id, act)


@blueprint.post(f"{ACCOUNT}/restore")
def restore(account_id: int) -> Response | tuple[str, int]:
    """Bring a removed account back."""

    def act(account: Account) -> str:
        bring_back(db_session(), account, now())
        return f"{account.handle} is back, with all it had."

    return _act(account_id, act)


@blueprint.post(f"{ACCOUNT}/counts")
def count(account_id: int) -> Response | tuple[str, int]:
    """Record how many followers an account had, now or at the time given."""

    def act(account: Account) -> str:
        followers = whole(request.form, "count", "The number of followers")
        if followers is None:
            raise Invalid("Write how many followers there are.")
        at = moment(request.form, "counted_at", "The date") or now()
        replace = request.form.get("replace") == "yes"
        try:
            record_count(db_session(), account, followers, at, SOURCE, replace=replace, now=now())
        except Conflict as error:
            raise Conflict(
                "Another figure is recorded for that time: tick “Replace” to overwrite it."
            ) from error
        return f"{followers:,} followers are recorded."

    return _act(account_id, act)


@blueprint.post(f"{ACCOUNT}/segments")
def segment(account_id: int) -> Response | tuple[str, int]:
    """Add a segment after the others."""

    def act(account: Account) -> str:
        size = whole(request.form, "size", "The number of people")
        added = add_segment(
            db_session(), account, text(request.form, "name", "The name"), size, now()
        )
        return f"The segment {added.name} is added."

    return _act(account_id, act)


@blueprint.post(f"{ACCOUNT}/utm")
def utm(account_id: int) -> Response | tuple[str, int]:
    """Choose what wrapping adds to an account's addresses."""

    def act(account: Account) -> str:
        chosen = {name: text(request.form, name, name) for name in UTM_NAMES}
        set_utm_values(db_session(), account, chosen)
        return "Links made from now on have these values."

    return _act(account_id, act)


@blueprint.post(f"{ACCOUNT}/card")
def card(account_id: int) -> Response | tuple[str, int]:
    """Choose whose card an account's links have."""

    def act(account: Account) -> str:
        set_card(db_session(), account, text(request.form, "card", "The card"), now())
        if account.card == OURS:
            return "Networks that ask for a card get ours from now on."
        return "Networks make their card of the destination from now on."

    return _act(account_id, act)


def _act(account_id: int, act: Callable[[Account], str]) -> Response | tuple[str, int]:
    account = get_account(db_session(), account_id)
    try:
        said = act(account)
    except MENDABLE as error:
        db_session().rollback()
        return _page(account, error.sentence), UNPROCESSABLE
    db_session().commit()
    flash(said)
    return redirect(url_for("accounts.show", account_id=account_id), 303)


def _list(error: str | None = None) -> str:
    session = db_session()
    accounts = list_accounts(session)
    histories = queries.count_histories(session, [account.id for account in accounts])
    moment_now = now()
    standing = {
        account_id: queries.standing_count(history, moment_now)
        for account_id, history in histories.items()
    }
    return render_template(
        "accounts/list.html",
        accounts=accounts,
        standing=standing,
        removed=list_accounts(session, removed=True),
        stale={account_id: is_stale(at, moment_now) for account_id, (at, _) in standing.items()},
        networks=NETWORK_NAMES,
        roles={role: ROLE_WORDS[role] for role in ROLES},
        error=error,
        typed=request.form,
    )


def _page(account: Account, error: str | None = None) -> str:
    session = db_session()
    counts = list_counts(session, account.id)[::-1]
    return render_template(
        "accounts/show.html",
        account=account,
        counts=counts[:MOST_COUNTS],
        older=max(0, len(counts) - MOST_COUNTS),
        stale=bool(counts) and is_stale(counts[0].counted_at, now()),
        segments=list_segments(session, account),
        connection=connections(session).get(account.id),
        can_connect=account.network in NEEDS,
        utm_names=UTM_NAMES,
        utm=utm_values(session, account.id),
        roles={role: ROLE_WORDS[role] for role in ROLES},
        error=error,
        at=request.endpoint,
        typed=request.form,
    )
