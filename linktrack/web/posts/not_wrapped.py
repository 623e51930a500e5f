"""What was posted around linktrack: links that nobody counts, and their wrapped versions."""

from typing import Final

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import get_account, list_accounts
from linktrack.audience.credentials import connections, open_writer
from linktrack.audience.models import Account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Unavailable
from linktrack.networks.errors import Refused
from linktrack.networks.registry import network_of
from linktrack.publishing.unwrapped.coverage import coverage
from linktrack.publishing.unwrapped.posts import addresses_of, get_unwrapped, list_unwrapped
from linktrack.publishing.unwrapped.replacing import (
    LOST,
    draft_for,
    is_gone,
    replace_on_network,
    replacements_of,
    way_of,
)
from linktrack.publishing.unwrapped.watching import watch_of
from linktrack.reports.coverage import coverage_in_words
from linktrack.web.asking import asking
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import LARGEST_ID, account_or_main, chosen_range, row_id

blueprint = owner_blueprint("not_wrapped")

PAGE: Final = 25
OLD: Final = f"/not-wrapped/<int(max={LARGEST_ID}):number>"


@blueprint.get("/not-wrapped")
def show() -> str:
    """Show which part of an account's links was wrapped, and the posts whose links were not."""
    return _page()


@blueprint.post(f"{OLD}/wrap")
def wrap(number: int) -> Response | tuple[str, int]:
    """Make the wrapped version of a post, to be copied."""
    session = db_session()
    old = get_unwrapped(session, number)
    account = get_account(session, old.account_id)
    try:
        post = draft_for(session, installation().shortener, account, old, now())
    except MENDABLE as error:
        session.rollback()
        return _page(account, error.sentence), UNPROCESSABLE
    session.commit()
    flash("Here is the wrapped version. Post it in place of the other, and say so here.")
    return redirect(url_for("posts.show", post_id=post.id), 303)


@blueprint.get(f"{OLD}/replace")
def confirm(number: int) -> str:
    """Say what is lost where a post is deleted and posted anew, and ask whether to do it."""
    return _confirmation(number)


@blueprint.post(f"{OLD}/replace")
def replace(number: int) -> Response | tuple[str, int]:
    """Put the wrapped version in the post's place on its network."""
    opened = installation()
    try:
        with asking():
            done = replace_on_network(
                opened.database,
                opened.shortener,
                opened.days(),
                number,
                lambda account: open_writer(opened.database, opened.keys, account),
                confirmed=request.form.get("confirmed") == "yes",
                actor=str(g.actor),
            )
    except (*MENDABLE, Refused, Unavailable) as error:
        return _confirmation(number, error.sentence), UNPROCESSABLE
    flash("The wrapped version stands in its place.")
    return redirect(url_for("posts.show", post_id=done.post_id), 303)


@blueprint.post(f"{OLD}/gone")
def gone(number: int) -> Response:
    """Take a post that was deleted on the network off the list."""
    session = db_session()
    old = get_unwrapped(session, number)
    account_id = old.account_id
    is_gone(session, old, now())
    session.commit()
    flash("It is off the list.")
    return redirect(url_for("not_wrapped.show", account=account_id), 303)


def _confirmation(number: int, error: str | None = None) -> str:
    session = db_session()
    old = get_unwrapped(session, number)
    account = get_account(session, old.account_id)
    connected = account.id in connections(session)
    return render_template(
        "not_wrapped/replace.html",
        old=old,
        account=account,
        way=way_of(account, old, connected),
        lost=LOST,
        place=network_of(account.network).post_address(old.network_id),
        error=error,
    )


def _page(account: Account | None = None, error: str | None = None) -> str:
    session = db_session()
    accounts = list_accounts(session)
    if not accounts:
        return render_template("no_accounts.html")
    account = account or account_or_main(request.args, accounts)
    days = chosen_range(request.args)
    after = row_id(request.args, "after", "Post")
    posts = list_unwrapped(session, account.id, PAGE + 1, after, days.since, days.end)
    shown = posts[:PAGE]
    found = coverage(session, account.id, days.since, days.end)
    network = network_of(account.network)
    connected = account.id in connections(session)
    return render_template(
        "not_wrapped/show.html",
        accounts=accounts,
        account=account,
        days=days,
        coverage=found,
        sentence=coverage_in_words(found),
        watch=watch_of(session, account.id),
        posts=shown,
        addresses=addresses_of(session, shown),
        replacements=replacements_of(session, shown),
        ways={post.id: way_of(account, post, connected) for post in shown},
        connected=connected,
        places={post.id: network.post_address(post.network_id) for post in shown},
        more=len(posts) > PAGE,
        error=error,
    )
