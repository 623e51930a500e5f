"""Webhooks: which programs are told what happens, whether they heard it, and ending that."""

from typing import Final

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import NotFound
from linktrack.web.context import MENDABLE, UNPROCESSABLE, current_owner, owner_blueprint
from linktrack.web.fields import LARGEST_ID, chosen_account, text
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

blueprint = owner_blueprint("webhooks")

WEBHOOK: Final = f"/webhooks/<int(max={LARGEST_ID}):number>"


@blueprint.get("/webhooks")
def list_all() -> str:
    """Show all webhooks and the form for another."""
    return _page()


@blueprint.post("/webhooks")
def add() -> str | tuple[str, int]:
    """Add a webhook; its secret is on this one answer and nowhere else."""
    session, opened = db_session(), installation()
    try:
        account = chosen_account(request.form)
        added, secret = add_webhook(
            session,
            opened.keys.sealing(),
            text(request.form, "url", "The address"),
            request.form.getlist("events"),
            account.id if account else None,
            now(),
            opened.settings.webhook_networks,
        )
    except MENDABLE as error:
        session.rollback()
        return _page(error=error.sentence), UNPROCESSABLE
    session.commit()
    return _page(made=added.id, secret=secret)


@blueprint.get(WEBHOOK)
def show(number: int) -> str:
    """Show one webhook: what was sent, what was answered, and what is sent again when."""
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


@blueprint.post(f"{WEBHOOK}/test")
def test(number: int) -> Response:
    """Send a webhook a test."""
    send_test(db_session(), get_webhook(db_session(), number), now())
    db_session().commit()
    flash("The test is sent within seconds: reload this page to see what was answered.")
    return redirect(url_for("webhooks.show", number=number), 303)


@blueprint.post(f"{WEBHOOK}/remove")
def remove(number: int) -> Response:
    """Tell a webhook nothing more, and forget what was sent to it."""
    webhook = get_webhook(db_session(), number)
    host = host_of(webhook)
    remove_webhook(db_session(), webhook, now())
    db_session().commit()
    flash(f"The webhook to {host} is removed: it is told nothing more.")
    return redirect(url_for("webhooks.list_all"), 303)


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
    """Whether the accounts a viewer is limited to, if they are, include the webhook's."""
    shown = g.get("shown_accounts")
    return shown is None or webhook.account_id in shown


def _is_owner() -> bool:
    """Whether whole addresses are shown: they often hold a secret, which is no viewer's."""
    owner = current_owner()
    return owner is not None and owner.role == "owner"


def _handles() -> dict[int, str]:
    session = db_session()
    accounts = (*list_accounts(session), *list_accounts(session, removed=True))
    return {account.id: account.handle for account in accounts}
