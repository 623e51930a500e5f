"""Requests to join: who asks, what they say of themselves, and what is known of them."""

from typing import Final

from flask import render_template, request

from linktrack.audience.accounts import get_account
from linktrack.community.asking.listing import (
    ON_A_PAGE,
    STATES,
    count_requests,
    find_request,
    list_requests,
    state_named,
)
from linktrack.community.contacts import read_mail
from linktrack.community.models import JoinRequest
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.web.community.chosen import chosen, profile_of
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID, row_id, text

blueprint = owner_blueprint("requests", __name__)

REQUEST: Final = f"/community/requests/<int(max={LARGEST_ID}):request_id>"

STATE_WORDS: Final = {
    "waiting": "Waiting",
    "later": "Later",
    "approved": "Let in",
    "declined": "Declined",
}


@blueprint.get("/community/requests")
def list_all() -> str:
    """Show who asks to join, the oldest request first; only to owners."""
    require_writer()
    found, session = chosen(), db_session()
    state = state_named(text(request.args, "state", "The state") or "waiting")
    after = row_id(request.args, "after", "The request")
    rows = list_requests(session, found.account, state, now(), after=after, limit=ON_A_PAGE + 1)
    return render_template(
        "community/requests.html",
        chosen=found,
        state=state,
        states=STATES,
        words=STATE_WORDS,
        counts=count_requests(session, found.account),
        rows=rows[:ON_A_PAGE],
        is_later_page=after is not None,
        more=rows[ON_A_PAGE - 1].request.id if len(rows) > ON_A_PAGE else None,
    )


@blueprint.get(REQUEST)
def show(request_id: int) -> str:
    """Show one request with all that is known; only to owners."""
    require_writer()
    return request_page(request_id)


def request_page(request_id: int, error: str | None = None) -> str:
    """Return the page of a request, with the error of a form of its; raises `NotFound`."""
    session = db_session()
    asked = find_request(session, request_id, now())
    return render_template(
        "community/request.html",
        asked=asked,
        account=get_account(session, asked.request.account_id),
        words=STATE_WORDS,
        mail=_mail(asked.request),
        profile=profile_of(asked.request),
        typed=request.form,
        error=error,
    )


def _mail(asking: JoinRequest) -> str | None:
    """Return the address, which may be all that they gave."""
    if asking.sealed_mail is None:
        return None
    try:
        return read_mail(installation().keys.sealing(), asking.sealed_mail)
    except Invalid as error:
        return error.sentence
