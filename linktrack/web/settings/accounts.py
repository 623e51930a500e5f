"""Accounts: the list of them, adding one, and an account's figures."""

from typing import Final

from flask import Response, render_template, request, url_for

from linktrack.audience.accounts import ROLES, add_account, get_account, list_accounts
from linktrack.audience.counts import count_at, count_histories, is_stale, record_count
from linktrack.audience.credentials import connections
from linktrack.clicks.vocabulary import DEFAULT_WINDOW
from linktrack.context import as_of, db_session, installation
from linktrack.db import now
from linktrack.links.posts import list_posts
from linktrack.networks.handles import read_handle
from linktrack.networks.registry import network_of, networks
from linktrack.reports.counting import window_for
from linktrack.reports.overview import account_cards
from linktrack.reports.people.presence import presence
from linktrack.reports.sentences import post_in_words
from linktrack.reports.standing import latest_posts
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_range
from linktrack.web.forms import Done, Sent, form
from linktrack.web.post_bars import bar_table

blueprint = owner_blueprint("accounts", __name__)

ACCOUNT: Final = f"/accounts/<int(max={LARGEST_ID}):account_id>"
SOURCE: Final = "entered"
LATEST: Final = 5
DAYS: Final = 91
"""Days of an account's figures where the address names none."""

ROLE_WORDS: Final = {
    "me": "me: your own words",
    "you": "you: links you share",
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
    """Add an account, with its current follower count if given.

    Without a chosen network it is the one whose handles look like this.
    """
    written = sent.text("handle", "The handle")
    chosen = sent.text("network", "The network") or None
    network, handle = (chosen, written) if chosen else read_handle(written)
    role = sent.text("role", "The role") or None
    account = add_account(sent.session, network, handle, role, sent.now)
    followers = sent.whole("followers", "The number of followers")
    if followers is not None:
        record_count(sent.session, account, followers, sent.now, SOURCE, now=sent.now)
    said = f"{account.handle} on {network_of(account.network).label} is added."
    return Done(said, url_for("accounts.show", account_id=account.id))


@blueprint.get(ACCOUNT)
def show(account_id: int) -> str | Response:
    """Show an account's followers, audience, clicks, rate and posts, or what to do first."""
    session, settings, at = db_session(), installation().settings, now()
    account = get_account(session, account_id)
    days = chosen_range(request.args, DAYS)
    window = window_for(days.since, DEFAULT_WINDOW, as_of(at))
    (card,) = account_cards(session, [account], days, window, now=as_of(at))
    latest = latest_posts(
        session, account, DEFAULT_WINDOW, now=as_of(at), until=days.end, limit=LATEST
    )
    return render_template(
        "accounts/show.html",
        account=account,
        days=days,
        card=card,
        window=window,
        sentence=post_in_words(card.cpf, window),
        presence=presence(
            session,
            account,
            period=settings.visitor_period,
            timezone=settings.timezone,
            now=as_of(at),
        ),
        latest=bar_table(latest.lines, latest.usual),
        has_posts=bool(list_posts(session, account.id, None, 1)),
        connection=connections(session).get(account.id),
        can_connect=network_of(account.network).connecting is not None,
        roles=ROLE_WORDS,
    )


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
