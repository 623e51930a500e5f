"""Webhooks: adding, testing and removing them, and their deliveries.

Listing them needs the scope `write` too: an address often contains its receiver's secret.
"""

from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

from flask import Response, g

from linktrack.api.access import named_account, require_all
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
    events_of,
    get_webhook,
    list_webhooks,
    remove_webhook,
    send_test,
)
from linktrack.webhooks.models import Delivery, EventName, Webhook

WEBHOOK = "/webhooks/<int:number>"


class WebhookJson(TypedDict):
    """An address that receives events; `account` is null if it receives those of all accounts."""

    id: int
    url: str
    events: list[EventName]
    account: str | None
    created_at: str


def _json(webhook: Webhook, accounts: Mapping[int, Account]) -> WebhookJson:
    number = webhook.account_id
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": events_of(webhook),
        "account": None if number is None else accounts[number].handle,
        "created_at": utc(webhook.created_at),
    }


class DeliveryJson(TypedDict):
    """One delivery: the event, the answer, and when it is retried (null: never)."""

    id: int
    event: str
    created_at: str
    attempts: int
    delivered_at: str | None
    next_at: str | None
    answer: str | None


def _delivery(delivery: Delivery) -> DeliveryJson:
    return {
        "id": delivery.id,
        "event": delivery.event,
        "created_at": utc(delivery.created_at),
        "attempts": delivery.attempts,
        "delivered_at": None if delivery.delivered_at is None else utc(delivery.delivered_at),
        "next_at": None if delivery.next_at is None else utc(delivery.next_at),
        "answer": delivery.answer,
    }


class WebhookListJson(TypedDict):
    """The webhooks, oldest first."""

    data: list[WebhookJson]


@operation("GET", "/webhooks", scope="write")
def read_webhooks() -> WebhookListJson:
    """List the webhooks that the token has access to, never their secrets."""
    found = [
        each
        for each in list_webhooks(db_session())
        if g.token.account_id in (None, each.account_id)
    ]
    accounts = accounts_by_number(db_session())
    return {"data": [_json(each, accounts) for each in found]}


class NewWebhook(TypedDict):
    """A new webhook; without `events` it receives all of them."""

    url: str
    events: NotRequired[list[EventName]]
    account: NotRequired[str | None]


class MadeWebhookJson(WebhookJson):
    """A webhook with its signing secret, which is shown only once."""

    secret: str


@operation("POST", "/webhooks", scope="write", body=NewWebhook, problems=(404,), shows_secret=True)
def create_webhook() -> tuple[MadeWebhookJson, Literal[201]]:
    """Add a webhook for events from now on; its signing secret is shown only once."""
    fields, session, opened = sent(), db_session(), installation()
    handle = fields.optional_text("account")
    account = None if handle is None else named_account(handle)
    if account is None:
        require_all()
    added, secret = add_webhook(
        session,
        opened.keys.sealing(),
        fields.text("url"),
        fields.texts("events"),
        None if account is None else account.id,
        now=now(),
        allowed=opened.settings.webhook_networks,
    )
    session.commit()
    return {**_json(added, accounts_by_number(session)), "secret": secret}, 201


class DeliveryListJson(TypedDict):
    """The last 50 deliveries of a webhook, newest first."""

    data: list[DeliveryJson]


@operation("GET", f"{WEBHOOK}/deliveries", scope="write", problems=(404,))
def read_deliveries(number: int) -> DeliveryListJson:
    """List a webhook's deliveries: what was sent, what it answered, and when it is retried."""
    found = deliveries_of(db_session(), _numbered(number))
    return {"data": [_delivery(each) for each in found]}


@operation("POST", f"{WEBHOOK}/test", scope="write", problems=(404,))
def create_test(number: int) -> tuple[DeliveryJson, Literal[201]]:
    """Send a test event to a webhook within seconds; its deliveries show the answer."""
    session = db_session()
    delivery = send_test(session, _numbered(number), now())
    session.commit()
    return _delivery(delivery), 201


@operation("DELETE", WEBHOOK, scope="write", answers={204: None}, problems=(404,))
def delete_webhook(number: int) -> Response:
    """Remove a webhook and its deliveries."""
    session = db_session()
    remove_webhook(session, _numbered(number), now())
    session.commit()
    return Response(status=204)


def _numbered(number: int) -> Webhook:
    """Return a webhook, if the token has access: one for all accounts needs a token for all."""
    webhook = get_webhook(db_session(), stored(number))
    if g.token.account_id not in (None, webhook.account_id):
        raise Forbidden("This token is for one account, and this webhook gets events of others.")
    return webhook
