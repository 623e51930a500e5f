"""The opt-in page, on which readers say which group they belong to, or withdraw that."""

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from linktrack.audience import hello
from linktrack.audience.accounts import find_account
from linktrack.audience.models import Account
from linktrack.audience.segments import REST, rest_segment
from linktrack.audience.sorting import newest_roster
from linktrack.context import client_network, db_session, installation
from linktrack.db import now
from linktrack.networks.registry import network_of
from linktrack.web.context import today
from linktrack.web.public.identity import sign_in_hint, why_not
from linktrack.web.public.strangers import asks_not_to_be_tracked, refuse_other_sites

blueprint = Blueprint("hello", __name__, url_prefix="/hello")


@blueprint.get("/<account>")
@blueprint.get("/<account>/<invitation>")
def show(account: str, invitation: str | None = None) -> Response:
    """Show what the button does, who it is for, and whether this browser has opted in."""
    return page(find_account(db_session(), account), invitation)


@blueprint.post("/<account>")
@blueprint.post("/<account>/<invitation>")
def say(account: str, invitation: str | None = None) -> AnyResponse:
    """Opt in: set a signed cookie that says this reader belongs to the segment."""
    refuse_other_sites()
    session = db_session()
    found = find_account(session, account)
    if asks_not_to_be_tracked():
        return back_to(account, invitation)
    before = _before(found)
    said = before
    if invitation is not None:
        segment = hello.invited(session, installation().keys.markers(), found, invitation)
        if before is None or before.segment.id != segment.id:
            said = hello.Said(segment)
    # Nobody names themselves into a segment: without an invitation they are anybody.
    said = said or hello.Said(rest_segment(session, found, now()))
    return remember(back_to(account, invitation), found, said)


def remember(answer: AnyResponse, account: Account, said: hello.Said) -> AnyResponse:
    """Count what was said, commit, and have the browser keep it in a signed cookie."""
    session = db_session()
    hello.count_hello(session, today(), client_network(), said, _before(account))
    session.commit()
    answer.set_cookie(
        hello.cookie_name(account),
        hello.cookie_value(installation().keys.markers(), account, said, today()),
        max_age=hello.LIFE,
        path="/",  # where short links are
        secure=installation().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return answer


@blueprint.post("/<account>/forget")
@blueprint.post("/<account>/<invitation>/forget")
def forget(account: str, invitation: str | None = None) -> AnyResponse:
    """Opt out: delete the cookie; later clicks of this browser are anonymous."""
    refuse_other_sites()
    session = db_session()
    found = find_account(session, account)
    hello.count_hello(session, today(), client_network(), None, _before(found))
    session.commit()
    back = back_to(account, invitation)
    back.delete_cookie(
        hello.cookie_name(found),
        path="/",
        secure=installation().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return back


def page(
    account: Account,
    invitation: str | None = None,
    *,
    error: str | None = None,
    stranger: str | None = None,
    status: int = 200,
) -> Response:
    """Return the opt-in page; `stranger` is the handle of somebody who turned out not to follow."""
    session = db_session()
    segment = None
    if invitation is not None:
        segment = hello.invited(session, installation().keys.markers(), account, invitation)
    named = invitation or None
    made = render_template(
        "hello/show.html",
        account=account,
        segment=segment,
        rest=REST,
        before=_before(account),
        asks_not_to_be_tracked=asks_not_to_be_tracked(),
        address=url_for("hello.say", account=account.handle, invitation=named),
        forget=url_for("hello.forget", account=account.handle, invitation=named),
        roster=newest_roster(session, account) if invitation is None else None,
        sign_in_hint=sign_in_hint(account.network),
        why_not=why_not(account.network) if network_of(account.network).has_follows else None,
        error=error,
        typed=request.form.get("typed", ""),
        stranger=stranger,
    )
    response = make_response(made, status)
    response.headers["Vary"] = "Cookie, Sec-GPC, DNT"
    return response


def back_to(account: str, invitation: str | None = None) -> AnyResponse:
    """Lead back to the page."""
    return redirect(url_for("hello.show", account=account, invitation=invitation), 303)


def _before(account: Account) -> hello.Said | None:
    markers, cookies = installation().keys.markers(), request.headers.get("Cookie", "")
    return hello.remembered(db_session(), markers, account, cookies)
