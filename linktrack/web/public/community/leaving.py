"""The page on which a member leaves a community: one button, without signing in.

The address is the member's own, signed. The page names nobody: whoever has the address learns no
more than which community it is of.
"""

from flask import Blueprint, Response, make_response, render_template

from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.community.feed_addresses import member_of
from linktrack.community.members.leaving import leave
from linktrack.context import db_session, installation
from linktrack.db import now

blueprint = Blueprint("leaving", __name__, url_prefix="/leave")


@blueprint.get("/<token>")
def show(token: str) -> Response:
    """Ask whether the member wants to leave; opening the address changes nothing."""
    member = member_of(db_session(), installation().keys.markers(), "member", token)
    return _page(get_account(db_session(), member.account_id), token)


@blueprint.post("/<token>")
def go(token: str) -> Response:
    """Delete the member, with everything of theirs.

    Whoever knows the address may do so, and nobody else knows it: there is no other secret.
    """
    session, opened = db_session(), installation()
    member = member_of(session, opened.keys.markers(), "member", token)
    account = get_account(session, member.account_id)
    leave(session, member, opened.days(), now())
    session.commit()
    return _page(account, None)


def _page(account: Account, token: str | None) -> Response:
    response = make_response(render_template("leaving/show.html", account=account, token=token))
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
