"""Codes that people asked for and no link has: make links of them, or ignore them."""

from functools import partial
from typing import Final

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import list_accounts
from linktrack.clicks.unknown.likely import likely_links
from linktrack.clicks.unknown.listing import (
    MANY,
    SHOWN_DAYS,
    get_unknown,
    list_unknown,
    unknown_json,
)
from linktrack.clicks.unknown.making import lead_to, make_link, set_ignored, short_urls
from linktrack.clicks.unknown.models import KEPT_DAYS
from linktrack.context import db_session, installation
from linktrack.errors import Forbidden, Invalid, NotFound
from linktrack.web.context import current_owner, owner_blueprint, today
from linktrack.web.fields import LARGEST_ID, row_id, text
from linktrack.web.forms import MENDABLE, Done, Sent, form
from linktrack.web.table_files import is_table_wanted, table_file

blueprint = owner_blueprint("unknown_codes", __name__)

PAGE: Final = 50
STATES: Final = ("open", "ignored")
_NUMBER: Final = f"<int(max={LARGEST_ID}):number>"


@blueprint.get("/unknown-codes")
def list_all() -> str | Response:
    """Show codes that people asked for and no link has; those that most asked for first."""
    _require_all()
    session = db_session()
    state = text(request.args, "state", "The state") or "open"
    if state not in STATES:
        raise NotFound(f"Choose one of {', '.join(STATES)}.")
    skip = row_id(request.args, "after", "The page") or 0
    found = list_unknown(session, today(), ignored=state == "ignored", skip=skip, most=PAGE + 1)
    shown = found[:PAGE]
    shortener = installation().shortener
    likely = likely_links(session, shortener.codes, shown)
    urls = short_urls(session, shortener, shown)
    if is_table_wanted():
        rows = [unknown_json(each, likely.get(each.id), urls[each.id]) for each in shown]
        return table_file("unknown-codes", rows)
    return render_template(
        "unknown_codes/list.html",
        unknown=shown,
        likely=likely,
        urls=urls,
        state=state,
        skip=skip,
        more=skip + PAGE if len(found) > PAGE else None,
        shown_days=SHOWN_DAYS,
        many=MANY,
    )


@blueprint.get(f"/unknown-codes/{_NUMBER}")
def show(number: int) -> str:
    """Show a code that no link has, and what can be done with it."""
    return _page(number)


code_form = partial(form, blueprint, again=lambda error, number: _page(number, error.sentence))


@code_form(f"/unknown-codes/{_NUMBER}/link", back_to="unknown_codes.list_all")
def make(sent: Sent, number: int) -> Done:
    """Make the code a link to an address."""
    account = sent.account()
    if account is None:
        raise Invalid("Choose the account the link is for.")
    link = make_link(
        sent.session,
        installation().shortener,
        get_unknown(sent.session, number, today()),
        account_id=account.id,
        written=sent.text("destination", "The destination"),
        at=sent.now,
    )
    return Done(f"{link.shown} is a link now.", url_for("links.show", code=link.name))


@code_form(
    f"/unknown-codes/{_NUMBER}/lead",
    back_to="unknown_codes.list_all",
    mends=(*MENDABLE, NotFound),
)
def lead(sent: Sent, number: int) -> str:
    """Make the code a link to where another link leads."""
    code = sent.text("code", "The short code")
    unknown = get_unknown(sent.session, number, today())
    link = lead_to(sent.session, installation().shortener, unknown, code, sent.now)
    return f"{link.shown} is a link now: it leads to {link.destination}"


@form(blueprint, f"/unknown-codes/{_NUMBER}/ignore", back_to="unknown_codes.list_all")
def ignore(sent: Sent, number: int) -> str:
    """Ignore a code, or no longer."""
    unknown = get_unknown(sent.session, number, today())
    ignored = sent.says_yes("ignored")
    set_ignored(sent.session, unknown, ignored, sent.now)
    if ignored:
        return f"{unknown.code} is ignored: it is no longer listed or counted."
    return f"{unknown.code} is counted and listed again."


def _page(number: int, error: str | None = None) -> str:
    _require_all()
    session = db_session()
    unknown = get_unknown(session, number, today())
    shortener = installation().shortener
    return render_template(
        "unknown_codes/show.html",
        unknown=unknown,
        likely=likely_links(session, shortener.codes, [unknown]).get(unknown.id),
        accounts=list_accounts(session),
        short_url=short_urls(session, shortener, [unknown])[unknown.id],
        shown_days=SHOWN_DAYS,
        kept_days=KEPT_DAYS,
        error=error,
        typed=request.form,
    )


def _require_all() -> None:
    owner = current_owner()
    if owner is not None and owner.limited:
        raise Forbidden("Unknown codes belong to no account, and you see only some accounts.")
