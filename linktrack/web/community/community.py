"""The community's first page: what it is, opening it, and where people ask to join."""

from functools import partial
from typing import Final

from flask import Response, render_template, url_for

from linktrack.audience.accounts import get_account
from linktrack.audience.models import Account
from linktrack.charts.qr import TYPES, Drawing, qr_code
from linktrack.community.asking.listing import count_requests
from linktrack.community.asking.ways import proofs
from linktrack.community.communities import close_community, count_members, name_of, open_community
from linktrack.community.feed.bringing_in import count_entries
from linktrack.context import db_session, installation
from linktrack.errors import NotFound
from linktrack.links.looks.qr_looks import look_of
from linktrack.web.community.chosen import chosen
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("community", __name__)

OF_ACCOUNT: Final = f"/community/<int(max={LARGEST_ID}):account_id>"

INVITATION: Final = (
    "I\u2019m building a small community at {handle}, where we get to know each other. It\u2019s "
    "private, and I let everybody in by hand. Introduce yourself, and join us: {address}"
)


@blueprint.get("/community")
def show() -> str:
    """Show what a community is, and whether an account's is open."""
    return _page()


community_form = partial(
    form,
    blueprint,
    back_to=lambda account_id: url_for("community.show", account=account_id),
    again=lambda error, account_id: _page(account_id, error.sentence),
)


@community_form(f"{OF_ACCOUNT}/open")
def open_it(sent: Sent, account_id: int) -> str:
    """Let people ask to join; opening twice is the same."""
    account = get_account(sent.session, account_id)
    open_community(sent.session, account, sent.now)
    return f"The community of {account.handle} is open."


@community_form(f"{OF_ACCOUNT}/close")
def close(sent: Sent, account_id: int) -> str:
    """Take no more requests; closing twice is the same."""
    account = get_account(sent.session, account_id)
    close_community(sent.session, account, sent.now)
    return f"The community of {account.handle} takes no more requests. Its members stay."


def _page(account_id: int | None = None, error: str | None = None) -> str:
    found = chosen(account_id)
    address = _join_address(found.account)
    return render_template(
        "community/show.html",
        chosen=found,
        counts=count_requests(db_session(), found.account),
        members=count_members(db_session(), found.account),
        brought_in=count_entries(db_session(), found.account),
        join_address=address,
        join_text=INVITATION.format(handle=found.account.handle, address=address),
        can_ask=bool(proofs(found.account.network, installation().settings)),
        error=error,
    )


@blueprint.get(f"{OF_ACCOUNT}/qr.<form>")
def show_qr(account_id: int, form: str) -> Response:
    """Return the code that leads to where people ask to join, for posters and slides."""
    account = get_account(db_session(), account_id)
    if form not in TYPES:
        raise NotFound("QR codes are there as .svg and .png.")
    look = look_of(db_session(), account_id)
    drawing = Drawing(look.colour, look.background, look.logo)
    answer = Response(qr_code(_join_address(account), form, drawing), mimetype=TYPES[form])
    answer.headers["Content-Disposition"] = f'inline; filename="join.{form}"'
    return answer


def _join_address(account: Account) -> str:
    name = name_of(db_session(), account)
    return installation().settings.base_url + url_for("join.show", account=name)
