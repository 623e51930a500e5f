"""Commands for notifications: who gets which messages, by mail and by Apprise."""

import sys

import click

from linktrack.cli.answers import Answer, answering, rows_answer
from linktrack.cli.common import Commands, Work, json_option, print_json, writing


@click.group(cls=Commands)
def notify() -> None:
    """Manage who gets digests and alerts, by mail or by Apprise."""


@notify.command("add")
@click.argument("address", metavar="ADDRESS|-")
@click.option("--name", default="", help="What it is called; an Apprise address isn't shown again.")
@click.option(
    "--message", "messages", multiple=True, help="What it gets; default: all without names."
)
@click.option("--account", "handle", metavar="HANDLE", help="Only messages on this account.")
@click.option("--hour", default=7, show_default=True, help="At which hour digests are sent.")
@json_option
def add_recipient_command(
    address: str,
    name: str,
    messages: tuple[str, ...],
    handle: str | None,
    hour: int,
    as_json: bool,
) -> None:
    """Add a mail address or an Apprise address, such as ntfy://topic; - reads it from stdin.

    MESSAGE is alert.raised, digest.weekly, digest.monthly or digest.daily (which names people).
    """
    from linktrack.settings import load_settings
    from linktrack.webhooks.recipients import Wish, add_recipient, read_address

    written = sys.stdin.readline() if address == "-" else address
    # It takes a second, so before anything is locked.
    to = read_address(written, name, load_settings().webhook_networks)
    with writing() as work:
        wish = Wish(to, messages, work.account_id(handle), hour)
        added = add_recipient(work.session, work.installation.keys.sealing(), wish, work.now)
        work.session.flush()
        told = {"id": added.id, "to": added.url, "messages": added.events.split()}
    if as_json:
        print_json(told)
    else:
        click.echo(f"Added {told['to']} as number {told['id']}: try linktrack notify test.")


@notify.command("list")
@answering
def list_recipients_command(work: Work) -> Answer:
    """List who gets what, and how the last message went; never an Apprise address."""
    from linktrack.webhooks.catalog import last_deliveries
    from linktrack.webhooks.recipients import list_recipients

    handles, last = work.handles(), last_deliveries(work.session)
    lines = []
    for each in list_recipients(work.session):
        sent = last.get(each.id)
        account, hour = handles.get(each.account_id or 0), each.hour
        result = (
            (None, None, None) if sent is None else (sent.event, sent.delivered_at, sent.answer)
        )
        lines.append((each.id, each.url, each.events, account, hour, *result))
    fields = ("id", "to", "messages", "account", "hour", "last", "delivered_at", "answer")
    return rows_answer(fields, lines)


@notify.command("alerts")
@click.option("--account", "handle", metavar="HANDLE", help="Only those of this account.")
@click.option("--from", "since", metavar="TIME", help="Noticed since then; default: 30 days.")
@answering
def list_alerts_command(work: Work, handle: str | None, since: str | None) -> Answer:
    """List what was far beyond an account's usual, newest first."""
    from datetime import timedelta

    from linktrack.audience.accounts import accounts_by_number, list_accounts
    from linktrack.reports.alerts.episodes import alerts_since
    from linktrack.reports.alerts.words import alert_json

    chosen = list_accounts(work.session) if handle is None else [work.account(handle)]
    begin = work.moment(since) or work.now - timedelta(days=30)
    accounts, timezone = accounts_by_number(work.session), work.installation.settings.timezone
    found = alerts_since(work.session, begin, [each.id for each in chosen])
    shown = [alert_json(each, accounts[each.account_id], timezone) for each in found]
    lines = [f"{each['account']['handle']}: {each['sentence']}" for each in shown]
    return Answer(shown, *(lines or ["Nothing was beyond the usual."]))


@notify.command("test")
@click.argument("number", type=int, metavar="NUMBER")
def test_recipient_command(number: int) -> None:
    """Have the running service send a test; linktrack notify list shows how it went."""
    from linktrack.webhooks.catalog import send_test
    from linktrack.webhooks.recipients import get_recipient

    with writing() as work:
        send_test(work.session, get_recipient(work.session, number), work.now)
    click.echo("A test is on its way: linktrack notify list says how it went.")


@notify.command("remove")
@click.argument("number", type=int, metavar="NUMBER")
def remove_recipient_command(number: int) -> None:
    """Remove somebody who gets messages, and forget the address."""
    from linktrack.webhooks.catalog import remove_webhook
    from linktrack.webhooks.recipients import get_recipient

    with writing() as work:
        recipient = get_recipient(work.session, number)
        name = recipient.url
        remove_webhook(work.session, recipient, work.now)
    click.echo(f"{name} gets no more messages.")
