"""Commands that let programs in."""

import click

from linktrack.cli.common import (
    Commands,
    installation,
    json_option,
    parse_time,
    print_json,
    print_rows,
    transaction,
)


@click.group(cls=Commands)
def token() -> None:
    """Tokens for programs that use the JSON API."""


@token.command("create")
@click.argument("name")
@click.option("--scope", type=click.Choice(["read", "write", "wrap"]), required=True)
@click.option("--account", "handle", metavar="HANDLE", help="Narrow the token to one account.")
@click.option("--expires", metavar="TIME", help="Let it end at this date or time.")
@json_option
def create_token_command(
    name: str, scope: str, handle: str | None, expires: str | None, as_json: bool
) -> None:
    """Make a token; it is shown this once and stored nowhere."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.owners.tokens import create_token

    with transaction() as (opened, session):
        account_id = None if handle is None else find_account(session, handle).id
        secret = create_token(session, name, scope, account_id, now(), parse_time(expires, opened))
    if as_json:
        print_json({"name": name, "scope": scope, "token": secret})
    else:
        click.echo(secret)


@token.command("list")
@json_option
def list_tokens_command(as_json: bool) -> None:
    """List the tokens, newest first, with when each was last used; never their secrets."""
    from linktrack.audience.accounts import list_accounts
    from linktrack.calendar.times import utc
    from linktrack.db import now
    from linktrack.owners.tokens import list_tokens, state_of

    with installation() as opened, opened.database.session() as session:
        handles: dict[int, str] = {account.id: account.handle for account in list_accounts(session)}
        lines = [
            (
                token.name,
                token.scope,
                handles.get(token.account_id or 0),
                state_of(token, now()),
                utc(token.created_at),
                token.expires_at and utc(token.expires_at),
                token.last_used_at and utc(token.last_used_at),
            )
            for token in list_tokens(session)
        ]
    header = ("name", "scope", "account", "state", "created_at", "expires_at", "last_used_at")
    print_rows(header, lines, as_json=as_json)


@token.command("revoke")
@click.argument("name")
def revoke_token_command(name: str) -> None:
    """End a token at once and for good."""
    from linktrack.db import now
    from linktrack.owners.tokens import find_token, revoke_token

    with transaction() as (_, session):
        revoke_token(session, find_token(session, name), now())
    click.echo(f"The token {name} is revoked.")


@click.group(cls=Commands)
def webhook() -> None:
    """Webhooks: other programs are told what happens."""


@webhook.command("add")
@click.argument("url")
@click.option("--event", "events", multiple=True, help="What it is told; default: everything.")
@click.option("--account", "handle", metavar="HANDLE", help="Only what is of this account.")
@json_option
def add_webhook_command(
    url: str, events: tuple[str, ...], handle: str | None, as_json: bool
) -> None:
    """Tell an address what happens from now on; its secret is shown this once.

    EVENT is post.wrapped, post.failed, clicks.milestone, followers.jumped or digest.weekly.
    """
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.webhooks.catalog import add_webhook

    with transaction() as (opened, session):
        account_id = None if handle is None else find_account(session, handle).id
        added, secret = add_webhook(
            session,
            opened.keys.sealing(),
            url,
            events,
            account_id,
            now(),
            opened.settings.webhook_networks,
        )
        told = {"id": added.id, "url": added.url, "events": added.events.split()}
    if as_json:
        print_json(told | {"secret": secret})
    else:
        click.echo(secret)


@webhook.command("list")
@json_option
def list_webhooks_command(as_json: bool) -> None:
    """List the webhooks, never their secrets."""
    from linktrack.audience.accounts import list_accounts
    from linktrack.calendar.times import utc
    from linktrack.webhooks.catalog import list_webhooks

    with installation() as opened, opened.database.session() as session:
        handles: dict[int, str] = {account.id: account.handle for account in list_accounts(session)}
        lines = [
            (
                each.id,
                each.url,
                each.events,
                handles.get(each.account_id or 0),
                utc(each.created_at),
            )
            for each in list_webhooks(session)
        ]
    header = ("id", "url", "events", "account", "created_at")
    print_rows(header, lines, as_json=as_json)


@webhook.command("deliveries")
@click.argument("number", type=int, metavar="WEBHOOK")
@json_option
def list_deliveries_command(number: int, as_json: bool) -> None:
    """Show what was sent to a webhook, what it answered, and what is tried again when."""
    from linktrack.calendar.times import utc
    from linktrack.webhooks.catalog import deliveries_of, get_webhook

    with installation() as opened, opened.database.session() as session:
        lines = [
            (
                each.id,
                each.event,
                utc(each.created_at),
                each.attempts,
                each.delivered_at and utc(each.delivered_at),
                each.next_at and utc(each.next_at),
                each.answer,
            )
            for each in deliveries_of(session, get_webhook(session, number))
        ]
    header = (
        "id", "event", "created_at", "attempts", "delivered_at", "next_at", "answer",
    )  # fmt: skip
    print_rows(header, lines, as_json=as_json)


@webhook.command("test")
@click.argument("number", type=int, metavar="WEBHOOK")
def test_webhook_command(number: int) -> None:
    """Let the running service send a webhook a test; its deliveries say what was answered."""
    from linktrack.db import now
    from linktrack.webhooks.catalog import get_webhook, send_test

    with transaction() as (_, session):
        send_test(session, get_webhook(session, number), now())
    click.echo(f"A test is on its way: linktrack webhook deliveries {number} says how it went.")


@webhook.command("remove")
@click.argument("number", type=int, metavar="WEBHOOK")
def remove_webhook_command(number: int) -> None:
    """Tell a webhook nothing more, and forget what was sent to it."""
    from linktrack.webhooks.catalog import get_webhook, remove_webhook

    with transaction() as (_, session):
        remove_webhook(session, get_webhook(session, number))
    click.echo(f"Webhook {number} is removed.")
