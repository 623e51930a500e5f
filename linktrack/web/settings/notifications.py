"""Notifications: who gets which messages by mail and by Apprise, and whether they arrived."""

from datetime import timedelta
from functools import partial
from typing import Final

from flask import render_template, request

from linktrack.audience.accounts import list_accounts
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.errors import Invalid
from linktrack.reports.alerts.episodes import alerts_since
from linktrack.reports.alerts.words import TITLES, sentence_of
from linktrack.web.context import owner_blueprint, require_writer
from linktrack.web.fields import LARGEST_ID
from linktrack.web.forms import Sent, form
from linktrack.webhooks.catalog import (
    TEST,
    deliveries_of,
    last_deliveries,
    remove_webhook,
    send_test,
)
from linktrack.webhooks.recipients import (
    HOUR,
    MEANINGS,
    MESSAGES,
    USUAL,
    Wish,
    add_recipient,
    get_recipient,
    list_recipients,
    messages_of,
    read_address,
)
from linktrack.webhooks.ways import NO_SERVER

blueprint = owner_blueprint("notifications", __name__)
blueprint.before_request(require_writer)

SHOWN: Final = timedelta(days=30)
RECIPIENT: Final = f"/notifications/<int(max={LARGEST_ID}):number>"


@blueprint.get("/notifications")
def list_all() -> str:
    """Show the recipients, the alerts of late, and the form for a new recipient."""
    return _page()


recipient_form = partial(form, blueprint, back_to="notifications.list_all")


@recipient_form("/notifications", again=lambda error: _page(error=error.sentence))
def add(sent: Sent) -> str:
    """Add a mail address or an Apprise address."""
    opened = installation()
    # It takes a second, so before there is a session.
    address = read_address(
        sent.text("to", "The address"),
        sent.text("name", "The name"),
        opened.settings.webhook_networks,
    )
    if address.way == "mail" and opened.settings.mail is None:
        raise Invalid(NO_SERVER)
    account, hour = sent.account(), sent.whole("hour", "The hour")
    wish = Wish(
        address,
        sent.all_of("messages"),
        account.id if account else None,
        HOUR if hour is None else hour,
    )
    added = add_recipient(sent.session, opened.keys.sealing(), wish, sent.now)
    send_test(sent.session, added, sent.now)
    return f"Added {added.url}. A test is on its way: reload this page to see whether it arrived."


@blueprint.get(RECIPIENT)
def show(number: int) -> str:
    """Show what one of them was sent, and how it went."""
    session = db_session()
    recipient = get_recipient(session, number)
    return render_template(
        "notifications/show.html",
        recipient=recipient,
        chosen=messages_of(recipient),
        handles=_handles(),
        deliveries=deliveries_of(session, recipient),
        messages=MESSAGES | {TEST: "Test"},
    )


@recipient_form(f"{RECIPIENT}/test")
def test(sent: Sent, number: int) -> str:
    """Send a test."""
    recipient = get_recipient(sent.session, number)
    send_test(sent.session, recipient, sent.now)
    return f"A test to {recipient.url} is on its way: reload this page to see whether it arrived."


@recipient_form(f"{RECIPIENT}/remove")
def remove(sent: Sent, number: int) -> str:
    """Stop telling somebody, and forget the address."""
    recipient = get_recipient(sent.session, number)
    name = recipient.url
    remove_webhook(sent.session, recipient, sent.now)
    return f"{name} gets no more messages."


def _page(error: str | None = None) -> str:
    session, settings = db_session(), installation().settings
    recipients = list_recipients(session)
    accounts = {account.id: account for account in list_accounts(session)}
    return render_template(
        "notifications/list.html",
        recipients=recipients,
        chosen={each.id: messages_of(each) for each in recipients},
        last=last_deliveries(session),
        alerts=[
            (each, accounts[each.account_id], sentence_of(each, settings.timezone))
            for each in alerts_since(session, now() - SHOWN, list(accounts))
        ],
        titles=TITLES,
        accounts=list(accounts.values()),
        handles=_handles(),
        messages=MESSAGES,
        meanings=MEANINGS,
        mails=settings.mail is not None,
        zone=settings.timezone.key,
        hour=HOUR,
        ticked=request.form.getlist("messages") if error else USUAL,
        error=error,
        typed=request.form if error else {},
    )


def _handles() -> dict[int, str]:
    session = db_session()
    accounts = (*list_accounts(session), *list_accounts(session, removed=True))
    return {account.id: account.handle for account in accounts}
