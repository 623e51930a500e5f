"""Webhooks: adding, testing and removing them, and what was sent to them.

Reading them needs the scope `write` too: an address often holds a secret of its receiver.
"""

from collections.abc import Mapping

from flask import Response, g, jsonify

from linktrack.api import program_shapes as shapes
from linktrack.api.access import named_account, reaches_all
from linktrack.api.operations import operation, sent
from linktrack.api.read import stored
from linktrack.audience.accounts import accounts_by_number
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Forbidden
from linktrack.webhooks.catalog import (
    add_webhook,
    deliveries_of,
    get_webhook,
    list_webhooks,
    remove_webhook,
    send_test,
)
from linktrack.webhooks.models import Delivery, Webhook

WEBHOOK = "/webhooks/<int:number>"


@operation("GET", "/webhooks", scope="write", answers={200: shapes.WebhookList})
def read_webhooks() -> Response:
    """List the webhooks that the token reaches, never their secrets."""
    found = [
        each
        for each in list_webhooks(db_session())
        if g.token.account_id in (None, each.account_id)
    ]
    accounts = accounts_by_number(db_session())
    return jsonify({"data": [_told(each, accounts) for each in found]})


@operation(
    "POST",
    "/webhooks",
    scope="write",
    body=shapes.NewWebhook,
    answers={201: shapes.MadeWebhook},
    problems=(404,),
    shows_secret=True,
)
def create_webhook() -> tuple[Response, int]:
    """Tell an address what happens from now on; the secret that signs it is told this once."""
    fields, session, opened = sent(), db_session(), installation()
    handle = fields.optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        reaches_all()
    added, secret = add_webhook(
        session,
        opened.keys.sealing(),
        fields.text("url"),
        fields.texts("events"),
        None if account is None else account.id,
        now(),
        opened.settings.webhook_networks,
    )
    session.commit()
    return jsonify(_told(added, accounts_by_number(session)) | {"secret": secret}), 201


@operation(
    "GET",
    f"{WEBHOOK}/deliveries",
    scope="write",
    answers={200: shapes.DeliveryList},
    problems=(404,),
)
def read_deliveries(number: int) -> Response:
    """Return what was sent to a webhook, what it answered, and what is sent again when."""
    found = deliveries_of(db_session(), _numbered(number))
    return jsonify({"data": [_delivery(each) for each in found]})


@operation(
    "POST",
    f"{WEBHOOK}/test",
    scope="write",
    answers={201: shapes.Delivery},
    problems=(404,),
)
def create_test(number: int) -> tuple[Response, int]:
    """Send a webhook a test, within seconds; its deliveries say what was answered."""
    session = db_session()
    delivery = send_test(session, _numbered(number), now())
    session.commit()
    return jsonify(_delivery(delivery)), 201


@operation("DELETE", WEBHOOK, scope="write", answers={204: None}, problems=(404,))
def delete_webhook(number: int) -> Response:
    """Tell a webhook nothing more, and forget what was sent to it."""
    session = db_session()
    remove_webhook(session, _numbered(number), now())
    session.commit()
    return Response(status=204)


def _numbered(number: int) -> Webhook:
    """Return a webhook, as far as the token reaches: one of all accounts needs a token of all."""
    webhook = get_webhook(db_session(), stored(number))
    if g.token.account_id not in (None, webhook.account_id):
        raise Forbidden("This token is for one account, and this webhook is told of others.")
    return webhook


def _told(webhook: Webhook, accounts: Mapping[int, Account]) -> dict[str, object]:
    number = webhook.account_id
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events.split(),
        "account": None if number is None else accounts[number].handle,
        "created_at": utc(webhook.created_at),
    }


def _delivery(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "event": delivery.event,
        "created_at": utc(delivery.created_at),
        "attempts": delivery.attempts,
        "delivered_at": None if delivery.delivered_at is None else utc(delivery.delivered_at),
        "next_at": None if delivery.next_at is None else utc(delivery.next_at),
        "answer": delivery.answer,
    }
