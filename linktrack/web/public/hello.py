"""The opt-in page, on which readers say which group they belong to, or withdraw that."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from linktrack.audience import hello
from linktrack.audience.accounts import find_account
from linktrack.audience.models import Account
from linktrack.audience.segments import REST, rest_segment
from linktrack.context import client_network, db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden
from linktrack.web.context import today

blueprint = Blueprint("hello", __name__, url_prefix="/hello")


@blueprint.get("/<account>")
@blueprint.get("/<account>/<invitation>")
def show(account: str, invitation: str | None = None) -> Response:
    """Show what the button does, who it is for, and whether this browser has opted in."""
    session = db_session()
    found = find_account(session, account)
    markers = installation().keys.markers()
    segment = None
    if invitation is not None:
        segment = hello.invited(session, markers, found, invitation)
    before = _before(found)
    page = render_template(
        "hello/show.html",
        account=found,
        segment=segment,
        rest=REST,
        before=None if before is None else before.segment,
        asks_not_to_be_tracked=_asks_not_to_be_tracked(),
        address=url_for("hello.say", account=account, invitation=invitation),
        forget=url_for("hello.forget", account=account, invitation=invitation),
    )
    response = make_response(page)
    response.headers["Vary"] = "Cookie, Sec-GPC, DNT"
    return response


@blueprint.post("/<account>")
@blueprint.post("/<account>/<invitation>")
def say(account: str, invitation: str | None = None) -> AnyResponse:
    """Opt in: set a signed cookie that says this reader belongs to the segment."""
    _refuse_other_sites()
    session = db_session()
    found = find_account(session, account)
    markers = installation().keys.markers()
    back = redirect(url_for("hello.show", account=account, invitation=invitation), 303)
    if _asks_not_to_be_tracked():
        return back
    before = _before(found)
    said = before
    if invitation is not None:
        segment = hello.invited(session, markers, found, invitation)
        if before is None or before.segment.id != segment.id:
            said = hello.Said(segment)
    # Nobody names themselves into a segment: without an invitation they are anybody.
    said = said or hello.Said(rest_segment(session, found, now()))
    hello.count_hello(session, today(), client_network(), said, before)
    session.commit()
    back.set_cookie(
        hello.cookie_name(found),
        hello.cookie_value(markers, found, said, today()),
        max_age=hello.LIFE,
        path="/",  # where short links are
        secure=installation().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return back


@blueprint.post("/<account>/forget")
@blueprint.post("/<account>/<invitation>/forget")
def forget(account: str, invitation: str | None = None) -> AnyResponse:
    """Opt out: delete the cookie; later clicks of this browser are anonymous."""
    _refuse_other_sites()
    session = db_session()
    found = find_account(session, account)
    hello.count_hello(session, today(), client_network(), None, _before(found))
    session.commit()
    back = redirect(url_for("hello.show", account=account, invitation=invitation), 303)
    back.delete_cookie(
        hello.cookie_name(found),
        path="/",
        secure=installation().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return back


def _before(account: Account) -> hello.Said | None:
    markers, cookies = installation().keys.markers(), request.headers.get("Cookie", "")
    return hello.remembered(db_session(), markers, account, cookies)


def _asks_not_to_be_tracked() -> bool:
    return "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))


def _refuse_other_sites() -> None:
    """Accept the button from our own page only: pressing it is a consent.

    There is no session to hold a CSRF token, and no cookie may be set before consent.
    Browsers say where a form comes from (Fetch Metadata; Origin, Fetch standard). A program that
    sends neither is no browser, and has no reader whose consent could be forged.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    own = {request.host, urlsplit(installation().settings.base_url).netloc}
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and urlsplit(origin).netloc not in own
    if foreign:
        raise Forbidden("Press the button on this page itself: another site cannot do it for you.")
