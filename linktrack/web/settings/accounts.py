"""Accounts: adding them, follower counts, and segments."""

from functools import partial
from typing import Final

from flask import render_template, request, url_for

from linktrack.audience.accounts import (
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
from linktrack.audience.counts import (
    count_at,
    count_histories,
    is_stale,
    list_counts,
    record_count,
)
from linktrack.audience.credentials import connections
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment, list_segments
from linktrack.audience.utm import NAMES as UTM_NAMES
from linktrack.audience.utm import set_utm_values, utm_values
from linktrack.context import db_session
from linktrack.db import now
from linktrack.errors import Conflict, Invalid
from linktrack.networks.registry import network_of, networks
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Done, Sent, form

blueprint = owner_blueprint("accounts", __name__)

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
    """Show all accounts and the form for a new one."""
    return _list()


@form(
    blueprint,
    "/accounts",
    back_to="accounts.list_all",
    again=lambda error: _list(error.sentence),
)
def add(sent: Sent) -> Done:
    """Add an account, with its current follower count if given."""
    account = add_account(
        sent.session,
        sent.text("network", "The network"),
        sent.text("handle", "The handle"),
        sent.text("role", "The role") or None,
        sent.now,
    )
    followers = sent.whole("followers", "The number of followers")
    if followers is not None:
        record_count(sent.session, account, followers, sent.now, SOURCE, now=sent.now)
    return Done(f"{account.handle} is added.", url_for("accounts.show", account_id=account.id))


@blueprint.get(ACCOUNT)
def show(account_id: int) -> str:
    """Show one account: follower counts, segments, and forms to add more."""
    return _page(get_account(db_session(), account_id))


account_form = partial(
    form,
    blueprint,
    back_to="accounts.show",
    again=lambda error, account_id: _page(get_account(db_session(), account_id), error.sentence),
)


@account_form(
    f"{ACCOUNT}/handle",
    edits=lambda account_id: {"Handle": get_account(db_session(), account_id).handle},
)
def rename(sent: Sent, account_id: int) -> str:
    """Rename an account."""
    account = get_account(sent.session, account_id)
    rename_account(sent.session, account, sent.text("handle", "The handle"), sent.now)
    return f"The account is called {account.handle} now."


@account_form(
    f"{ACCOUNT}/role",
    edits=lambda account_id: {"Role": get_account(db_session(), account_id).role},
)
def change_role(sent: Sent, account_id: int) -> str:
    """Set what an account is for."""
    account = get_account(sent.session, account_id)
    role = sent.text("role", "The role") or None
    set_account_role(sent.session, account, role, sent.now)
    return f"{account.handle} has {f'the role {role}' if role else 'no role'} now."


@blueprint.get(f"{ACCOUNT}/remove")
def confirm_removal(account_id: int) -> str:
    """Explain what removing an account means, and ask for confirmation."""
    require_writer()
    account = get_account(db_session(), account_id)
    return render_template("accounts/remove.html", account=account)


@account_form(f"{ACCOUNT}/remove")
def remove(sent: Sent, account_id: int) -> str:
    """Remove an account from lists and reports."""
    account = get_account(sent.session, account_id)
    remove_account(sent.session, account, sent.now)
    return f"{account.handle} is removed; its links go on redirecting. You can bring it back."


@account_form(f"{ACCOUNT}/restore")
def restore(sent: Sent, account_id: int) -> str:
    """Restore a removed account."""
    account = get_account(sent.session, account_id)
    bring_back(sent.session, account, sent.now)
    return f"{account.handle} is back, with all it had."


@account_form(f"{ACCOUNT}/counts")
def count(sent: Sent, account_id: int) -> str:
    """Record how many followers an account had, now or at the given time."""
    account = get_account(sent.session, account_id)
    followers = sent.whole("count", "The number of followers")
    if followers is None:
        raise Invalid("Write how many followers there are.")
    at = sent.moment("counted_at", "The date") or sent.now
    replace = sent.says_yes("replace")
    try:
        record_count(sent.session, account, followers, at, SOURCE, replace=replace, now=sent.now)
    except Conflict as error:
        raise Conflict(
            "Another figure is recorded for that time: tick “Replace” to overwrite it."
        ) from error
    return f"{followers:,} followers are recorded."


@account_form(f"{ACCOUNT}/segments")
def segment(sent: Sent, account_id: int) -> str:
    """Add a segment after the others."""
    account = get_account(sent.session, account_id)
    size = sent.whole("size", "The number of people")
    added = add_segment(sent.session, account, sent.text("name", "The name"), size, sent.now)
    return f"The segment {added.name} is added."


def _utm(account_id: int) -> dict[str, object]:
    values = utm_values(db_session(), account_id)
    return {name: values.get(name) for name in UTM_NAMES}


@account_form(f"{ACCOUNT}/utm", edits=_utm)
def utm(sent: Sent, account_id: int) -> str:
    """Set the UTM values that wrapping adds to an account's links."""
    account = get_account(sent.session, account_id)
    set_utm_values(sent.session, account, {name: sent.text(name, name) for name in UTM_NAMES})
    return "Links made from now on have these values."


@account_form(
    f"{ACCOUNT}/card",
    edits=lambda account_id: {"Card": get_account(db_session(), account_id).card},
)
def card(sent: Sent, account_id: int) -> str:
    """Set whose preview card an account's links have."""
    account = get_account(sent.session, account_id)
    set_card(sent.session, account, sent.text("card", "The card"), sent.now)
    if account.card == OURS:
        return "Networks that ask for a card get ours from now on."
    return "Networks make their card of the destination from now on."


def _list(error: str | None = None) -> str:
    session = db_session()
    accounts = list_accounts(session)
    histories = count_histories(session, [account.id for account in accounts])
    moment_now = now()
    standing = {
        account_id: count_at(history, moment_now) for account_id, history in histories.items()
    }
    return render_template(
        "accounts/list.html",
        accounts=accounts,
        standing=standing,
        removed=list_accounts(session, removed=True),
        stale={account_id: is_stale(at, moment_now) for account_id, (at, _) in standing.items()},
        networks=networks(),
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
        can_connect=network_of(account.network).connecting is not None,
        utm_names=UTM_NAMES,
        utm=utm_values(session, account.id),
        roles={role: ROLE_WORDS[role] for role in ROLES},
        error=error,
        at=request.endpoint,
        typed=request.form,
    )
