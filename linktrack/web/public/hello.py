"""Hello: a public page on which a reader says whom they are one of, and takes it back."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from linktrack.audience import hello
from linktrack.audience.accounts import find_account
from linktrack.audience.models import Account, Segment
from linktrack.audience.segments import REST, rest_segment
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden
from linktrack.web.context import today

blueprint = Blueprint("hello", __name__, url_prefix="/hello")


@blueprint.get("/<account>")
@blueprint.get("/<account>/<invitation>")
def show(account: str, invitation: str | None = None) -> Response:
    """Say what the button does, whom it is for, and whether this browser has pressed it."""
    session = db_session()
    found = find_account(session, account)
    markers = installation().keys.markers()
    segment = None
    if invitation is not None:
        segment = hello.invited(session, markers, found, invitation)
    page = render_template(
        "hello/show.html",
        account=found,
        segment=segment,
        rest=REST,
        before=_before(found),
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
    """Remember in this browser, by a signed cookie, that its reader is one of a segment."""
    _refuse_other_sites()
    session = db_session()
    found = find_account(session, account)
    markers = installation().keys.markers()
    back = redirect(url_for("hello.show", account=account, invitation=invitation), 303)
    if _asks_not_to_be_tracked():
        return back
    before = _before(found)
    if invitation is not None:
        segment = hello.invited(session, markers, found, invitation)
    else:  # nobody names themselves into a segment: without an invitation they are anybody
        segment = before or rest_segment(session, found, now())
    hello.count_hello(session, today(), segment, before)
    session.commit()
    name = hello.cookie_name(found)
    back.set_cookie(
        name,
        markers.sign(name, str(segment.id)),
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
    """Take the cookie away again; what this browser clicks from now on names nobody."""
    _refuse_other_sites()
    session = db_session()
    found = find_account(session, account)
    hello.count_hello(session, today(), None, _before(found))
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


def _before(account: Account) -> Segment | None:
    markers, cookies = installation().keys.markers(), request.headers.get("Cookie", "")
    return hello.remembered(db_session(), markers, account, cookies)


def _asks_not_to_be_tracked() -> bool:
    return "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))


def _refuse_other_sites() -> None:
    """Take the button from our own page only: a press is a consent.

    There is no session here that could hold a token, and no cookie is to be set before the press.
    Browsers say where a form comes from (Fetch Metadata; Origin, Fetch standard); a program that
    says neither is no browser, and has no reader whose consent could be stolen.
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
