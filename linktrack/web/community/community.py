"""The community's first page: what it is, opening it, and where people ask to join."""

from functools import partial
from typing import Final

from flask import render_template, url_for

from linktrack.audience.accounts import get_account
from linktrack.community.communities import close_community, open_community
from linktrack.web.community.chosen import chosen
from linktrack.web.context import owner_blueprint
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("community", __name__)

OF_ACCOUNT: Final = f"/community/<int(max={LARGEST_ID}):account_id>"


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
    return render_template("community/show.html", chosen=chosen(account_id), error=error)
