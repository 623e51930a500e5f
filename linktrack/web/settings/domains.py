"""Domains: what short links begin with, and what strangers see there."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from flask import render_template, request

from linktrack.audience.accounts import get_account, list_accounts
from linktrack.context import db_session, installation
from linktrack.links.domains.domains import add_domain, get_domain, move_domain, remove_domain
from linktrack.links.domains.faces import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    Face,
    set_default_account,
    set_face,
)
from linktrack.links.domains.listing import domain_lines
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, form

blueprint = owner_blueprint("domains", __name__)

DOMAIN: Final = f"/domains/<int(max={LARGEST_ID}):number>"


@blueprint.get("/domains")
def list_all() -> str:
    """Show all domains, and the form for a new one."""
    require_writer()
    return _page()


domain_form = partial(
    form,
    blueprint,
    back_to="domains.list_all",
    again=lambda error, number=None: _page(error.sentence, number),
)


@domain_form("/domains")
def add(sent: Sent) -> str:
    """Add a domain with codes of its own."""
    address = sent.text("address", "The address")
    added = add_domain(sent.session, _base_url(), address, sent.now)
    return f"{added.host} is added. Open {added.address}/ to see whether it leads here."


def _shown(number: int) -> dict[str, object]:
    lines = domain_lines(db_session(), _base_url())
    line: Mapping[str, object] = next((one for one in lines if one["id"] == number), {})
    return {name: value for name, value in line.items() if name not in ("links", "since")}


@domain_form(DOMAIN, edits=_shown)
def change(sent: Sent, number: int) -> str:
    """Change a domain's address, whose its links are, and what strangers see there."""
    domain = get_domain(sent.session, number, sent.now)
    if number:
        move_domain(
            sent.session, _base_url(), domain, sent.text("address", "The address"), sent.now
        )
    chosen = sent.row_id("account", "The account")
    account = None if chosen is None else get_account(sent.session, chosen)
    if domain.account_id != (account and account.id):
        set_default_account(sent.session, domain, account, sent.now)
    face = Face(
        front_title=sent.text("front_title", "The title"),
        front_text=sent.text("front_text", "The text"),
        front_address=sent.text("front_address", "The address"),
        missing_text=sent.text("missing_text", "The text"),
        missing_address=sent.text("missing_address", "The address"),
    )
    set_face(sent.session, _base_url(), domain, face, sent.now)
    return "Saved."


@domain_form(f"{DOMAIN}/remove")
def remove(sent: Sent, number: int) -> str:
    """Remove a domain that has no links."""
    domain = get_domain(sent.session, number, sent.now)
    host = domain.host
    remove_domain(sent.session, domain, sent.now)
    return f"{host} is removed."


def _base_url() -> str:
    return installation().settings.base_url


def _page(error: str | None = None, number: int | None = None) -> str:
    session = db_session()
    return render_template(
        "domains/list.html",
        domains=domain_lines(session, _base_url()),
        accounts=list_accounts(session),
        error=error,
        at=number,
        typed=request.form,
        longest_title=LONGEST_TITLE,
        longest_text=LONGEST_TEXT,
    )
