"""Untracked links: posts made without linktrack, and their wrapped versions."""

from typing import Final

from flask import g, render_template, request, url_for

from linktrack.audience.accounts import get_account
from linktrack.audience.credentials import connections, open_writer
from linktrack.audience.models import Account
from linktrack.context import db_session, installation
from linktrack.errors import Invalid, LinktrackError, Unavailable
from linktrack.networks.errors import Refused
from linktrack.networks.registry import network_of
from linktrack.publishing.unwrapped.coverage import coverage
from linktrack.publishing.unwrapped.posts import addresses_of, get_unwrapped, list_unwrapped
from linktrack.publishing.unwrapped.replacing import (
    LOST,
    check_replaceable,
    draft_for,
    drop_deleted,
    replace_on_network,
    replacements_of,
    way_of,
)
from linktrack.publishing.unwrapped.watching import watch_of
from linktrack.reports.coverage import coverage_in_words
from linktrack.web.asking import asking
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID, chosen_range, row_id
from linktrack.web.forms import MENDABLE, Done, Sent, form
from linktrack.web.subject import accounts_and_chosen

blueprint = owner_blueprint("not_wrapped", __name__)

PAGE: Final = 25
OLD: Final = f"/not-wrapped/<int(max={LARGEST_ID}):number>"


@blueprint.get("/not-wrapped")
def show() -> str:
    """Show what share of an account's links was wrapped, and the posts with untracked links."""
    return _page()


@form(
    blueprint,
    f"{OLD}/wrap",
    back_to="not_wrapped.show",
    again=lambda error, number: _page(_account_of(number), error.sentence),
)
def wrap(sent: Sent, number: int) -> Done:
    """Make a copy of a post with tracked links."""
    old = get_unwrapped(sent.session, number)
    account = get_account(sent.session, old.account_id)
    post = draft_for(sent.session, installation().shortener, account, old, sent.now)
    return Done(
        "This copy has tracked links. Post it instead of the old one, then mark it as posted.",
        url_for("posts.show", post_id=post.id),
    )


def _account_of(number: int) -> Account:
    return get_account(db_session(), get_unwrapped(db_session(), number).account_id)


@blueprint.get(f"{OLD}/replace")
def confirm(number: int) -> str:
    """Warn what is lost when a post is deleted and reposted, and ask for confirmation.

    The post is read on its network first: more may be lost than was known of it.
    """
    require_writer()
    session = db_session()
    old = get_unwrapped(session, number)
    account = get_account(session, old.account_id)
    if way_of(account, old, account.id in connections(session)) == "copy":
        return _confirmation(number)
    session.rollback()  # nothing is held while the network is asked
    opened = installation()
    try:
        with asking():
            check_replaceable(
                opened.database,
                number,
                lambda each: open_writer(opened.database, opened.keys, each),
            )
    except LinktrackError as error:
        return _confirmation(number, error.sentence, by_hand=isinstance(error, Invalid))
    return _confirmation(number)


@form(
    blueprint,
    f"{OLD}/replace",
    back_to="not_wrapped.show",
    again=lambda error, number: _confirmation(number, error.sentence),
    mends=(*MENDABLE, Refused, Unavailable),
)
def replace(sent: Sent, number: int) -> Done:
    """Replace the post with its wrapped version on its network."""
    opened = installation()
    with asking():
        done = replace_on_network(
            opened.database,
            opened.shortener,
            opened.days(),
            number,
            lambda account: open_writer(opened.database, opened.keys, account),
            confirmed=sent.says_yes("confirmed"),
            actor=str(g.actor),
        )
    return Done("The post now has tracked links.", url_for("posts.show", post_id=done.post_id))


@form(blueprint, f"{OLD}/gone", back_to="not_wrapped.show")
def gone(sent: Sent, number: int) -> Done:
    """Remove a post that was deleted on the network from the list."""
    old = get_unwrapped(sent.session, number)
    address = url_for("not_wrapped.show", account=old.account_id)
    drop_deleted(sent.session, old, sent.now)
    return Done("Removed from this list.", address)


def _confirmation(number: int, error: str | None = None, *, by_hand: bool = False) -> str:
    session = db_session()
    old = get_unwrapped(session, number)
    account = get_account(session, old.account_id)
    connected = account.id in connections(session)
    return render_template(
        "not_wrapped/replace.html",
        old=old,
        account=account,
        way="copy" if by_hand else way_of(account, old, connected),
        lost=LOST,
        place=network_of(account.network).post_address(old.network_id),
        error=error,
    )


def _page(account: Account | None = None, error: str | None = None) -> str:
    session = db_session()
    accounts, chosen = accounts_and_chosen()
    account = account or chosen
    days = chosen_range(request.args)
    after = row_id(request.args, "after", "Post")
    posts = list_unwrapped(
        session, account.id, PAGE + 1, after=after, since=days.since, until=days.end
    )
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
