"""The public form on which anybody can suggest something to an account, if its owner wants it."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from linktrack.audience.accounts import find_account
from linktrack.audience.models import Account
from linktrack.community.communities import name_of
from linktrack.community.suggestions.boxes import check_form
from linktrack.community.suggestions.filling import LONGEST_ADDRESS, Filled, suggest
from linktrack.community.suggestions.storing import LONGEST
from linktrack.context import close_db_session, db_session, installation
from linktrack.db import now
from linktrack.errors import LinktrackError, NotFound, TooMany
from linktrack.mail import LONGEST_ADDRESS as LONGEST_MAIL
from linktrack.web.fields import text
from linktrack.web.public.strangers import (
    TRAP,
    count_stranger,
    is_trapped,
    refuse_other_sites,
)

blueprint = Blueprint("suggest", __name__, url_prefix="/suggest")


@blueprint.get("/<account>")
def show(account: str) -> Response:
    """Show the form; where it is off there is nothing."""
    return _page(_open(account))


@blueprint.get("/<account>/thanks")
def thanks(account: str) -> str:
    """Say that it has arrived."""
    again = url_for("suggest.show", account=account)
    return render_template("suggestions/thanks.html", account=_open(account), again=again)


@blueprint.post("/<account>")
def send(account: str) -> AnyResponse:
    """Store what was sent; sent twice it is one."""
    refuse_other_sites()
    found = _open(account)
    arrived = redirect(url_for("suggest.thanks", account=account), 303)
    if is_trapped():  # a program reads that all is well
        return arrived
    try:
        count_stranger("suggest")
        session = db_session()
        found = _open(account)
        filled = Filled(
            address=text(request.form, "address", "The address"),
            text=request.form.get("text", ""),
            handle=text(request.form, "handle", "Your handle"),
            mail=text(request.form, "mail", "The email address"),
            wants_word=request.form.get("wants_word") == "yes",
        )
        opened = installation()
        base_url = opened.settings.base_url
        suggest(session, opened.keys, found, filled, now(), base_url=base_url)
        session.commit()
    except NotFound:
        raise
    except LinktrackError as error:
        close_db_session()
        db_session(writes=False)
        return _page(_open(account), error)
    return arrived


def _open(account: str) -> Account:
    """Return an account whose form is on; raises `NotFound`."""
    found = find_account(db_session(), account)
    check_form(db_session(), found)
    return found


def _page(account: Account, error: LinktrackError | None = None) -> Response:
    response = make_response(
        render_template(
            "suggestions/form.html",
            account=account,
            address=url_for("suggest.send", account=name_of(db_session(), account)),
            error=None if error is None else error.sentence,
            typed=request.form,
            trap=TRAP,
            longest=LONGEST,
            longest_address=LONGEST_ADDRESS,
            longest_mail=LONGEST_MAIL,
            can_mail=installation().settings.mail is not None,
        )
    )
    if error is not None:
        response.status_code = 429 if isinstance(error, TooMany) else 422
    return response
