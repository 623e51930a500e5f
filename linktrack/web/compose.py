"""Composing: a text goes in, the same text with short links comes out."""

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import list_accounts
from linktrack.audience.models import Account
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.links.people import list_people
from linktrack.links.posts import Wish, wrap_post
from linktrack.reports import queries
from linktrack.web.context import MENDABLE, UNPROCESSABLE, owner_blueprint
from linktrack.web.fields import chosen_account, moment, text

blueprint = owner_blueprint("compose")


@blueprint.get("/compose")
def show() -> str:
    """Show the empty form."""
    return _page()


@blueprint.post("/compose")
def wrap() -> Response | tuple[str, int]:
    """Wrap a text as a draft, as planned or as published, and lead to the post."""
    session = db_session()
    account = chosen_account(request.form)
    try:
        if account is None:
            raise Invalid("Choose the account the text is for.")
        post = wrap_post(session, installation().shortener, account, _wish(account), now())
        if post is None:
            raise Invalid(
                "There is no address in this text that could become a short link: nothing was made."
            )
    except MENDABLE as error:
        session.rollback()
        return _page(error.sentence), UNPROCESSABLE
    session.commit()
    flash(f"{len(post.links)} short link{'s' * (len(post.links) > 1)} made.")
    return redirect(url_for("posts.show", post_id=post.id), 303)


def _wish(account: Account) -> Wish:
    written = text(request.form, "text", "The text")
    if not written:
        raise Invalid("Write the text first.")
    posted_at = moment(request.form, "posted_at", "The time")
    return Wish(
        text=written,
        state=_state(posted_at),
        posted_at=posted_at,
        segments=_segments(account),
        slugs=tuple(text(request.form, "slugs", "The short code").split()),
        promotes=tuple(request.form.getlist("promotes")),
    )


def _state(posted_at: datetime | None) -> str:
    """Return the state by the button that was pressed; a draft with a time ahead is planned."""
    if request.form.get("state") == "published":
        return "published"
    return "scheduled" if posted_at is not None and posted_at > now() else "draft"


def _segments(account: Account) -> tuple[str, ...]:
    """Return the ticked segments; without scripts those of other accounts can be ticked too."""
    ticked = {name: request.form.getlist(name) for name in request.form if name[:8] == "segment-"}
    names = ticked.pop(f"segment-{account.id}", [])
    others = [name for chosen in ticked.values() for name in chosen]
    if others:
        raise Invalid(
            f"The segment {others[0][:100]!r} belongs to another account than {account.handle}: "
            "take its tick away."
        )
    return tuple(names)


def _page(error: str | None = None) -> str:
    accounts = list_accounts(db_session())
    if not accounts:
        return render_template("compose/no_accounts.html")
    values = request.form or request.args
    wanted = values.get("account", "")
    chosen = next((each for each in accounts if str(each.id) == wanted), None)
    chosen = chosen or next((each for each in accounts if each.role == "you"), accounts[0])
    return render_template(
        "compose/show.html",
        accounts=accounts,
        chosen=chosen,
        people=list_people(db_session()),
        segments=queries.segments_of(db_session(), [account.id for account in accounts]),
        ticked={(name, value) for name in request.form for value in request.form.getlist(name)},
        error=error,
        typed=request.form,
    )
