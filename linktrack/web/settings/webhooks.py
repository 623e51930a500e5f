"""Webhooks: which programs get events, whether they received them, and removing them."""

from typing import Final

from flask import g, render_template, request

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.errors import NotFound
from linktrack.web.context import current_owner, owner_blueprint
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, Shown, form
from linktrack.webhooks.catalog import (
    EVENTS,
    TEST,
    add_webhook,
    deliveries_of,
    get_webhook,
    host_of,
    last_deliveries,
    list_webhooks,
    remove_webhook,
    send_test,
)
from linktrack.webhooks.models import Webhook

blueprint = owner_blueprint("webhooks", __name__)

WEBHOOK: Final = f"/webhooks/<int(max={LARGEST_ID}):number>"


@blueprint.get("/webhooks")
def list_all() -> str:
    """Show all webhooks and the form for a new one."""
    return _page()


@form(
    blueprint,
    "/webhooks",
    back_to="webhooks.list_all",
    again=lambda error: _page(error=error.sentence),
)
def add(sent: Sent) -> Shown:
    """Add a webhook; its secret is shown only in this answer."""
    opened = installation()
    account = sent.account()
    added, secret = add_webhook(
        sent.session,
        opened.keys.sealing(),
        sent.text("url", "The address"),
        sent.all_of("events"),
        account.id if account else None,
        now=sent.now,
        allowed=opened.settings.webhook_networks,
    )
    return Shown(lambda: _page(made=added.id, secret=secret))


@blueprint.get(WEBHOOK)
def show(number: int) -> str:
    """Show one webhook: what was sent, the answers, and when deliveries are retried."""
    session = db_session()
    webhook = get_webhook(session, number)
    if not _is_seen(webhook):
        raise NotFound(f"There is no webhook number {number}.")
    return render_template(
        "webhooks/show.html",
        webhook=webhook,
        host=host_of(webhook),
        is_whole=_is_owner(),
        handles=_handles(),
        deliveries=deliveries_of(session, webhook),
        events=EVENTS | {TEST: "a test"},
    )


@form(blueprint, f"{WEBHOOK}/test", back_to="webhooks.show")
def test(sent: Sent, number: int) -> str:
    """Send a test event to a webhook."""
    send_test(sent.session, get_webhook(sent.session, number), sent.now)
    return "A test is on its way: reload this page in a few seconds to see the response."


@form(blueprint, f"{WEBHOOK}/remove", back_to="webhooks.list_all")
def remove(sent: Sent, number: int) -> str:
    """Remove a webhook and its deliveries."""
    webhook = get_webhook(sent.session, number)
    host = host_of(webhook)
    remove_webhook(sent.session, webhook, sent.now)
    return f"The webhook to {host} is removed and gets no more events."


def _page(error: str | None = None, made: int | None = None, secret: str | None = None) -> str:
    session = db_session()
    webhooks = [each for each in list_webhooks(session) if _is_seen(each)]
    return render_template(
        "webhooks/list.html",
        webhooks=webhooks,
        hosts={each.id: host_of(each) for each in webhooks},
        is_whole=_is_owner(),
        last=last_deliveries(session),
        accounts=list_accounts(session),
        handles=_handles(),
        events=EVENTS,
        ticked=request.form.getlist("events") if error else tuple(EVENTS),
        error=error,
        made=made,
        secret=secret,
        typed=request.form if error else {},
    )


def _is_seen(webhook: Webhook) -> bool:
    """Whether the signed-in person may see the webhook's accounts."""
    shown = g.get("shown_accounts")
    return shown is None or webhook.account_id in shown


def _is_owner() -> bool:
    """Whether full addresses are shown: they often hold a secret, which viewers must not see."""
    owner = current_owner()
    return owner is not None and owner.role == "owner"


def _handles() -> dict[int, str]:
    session = db_session()
    accounts = (*list_accounts(session), *list_accounts(session, removed=True))
    return {account.id: account.handle for account in accounts}
