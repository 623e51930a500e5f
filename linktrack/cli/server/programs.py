"""Commands for tokens and webhooks."""

import click

from linktrack.cli.answers import Answer, answering, rows_answer
from linktrack.cli.common import Commands, Work, json_option, print_json, writing


@click.group(cls=Commands)
def token() -> None:
    """Manage tokens for programs that use the JSON API."""


@token.command("create")
@click.argument("name")
@click.option("--scope", type=click.Choice(["read", "write", "wrap", "goals"]), required=True)
@click.option("--account", "handle", metavar="HANDLE", help="Limit the token to one account.")
@click.option("--expires", metavar="TIME", help="When it expires.")
@json_option
def create_token_command(
    name: str, scope: str, handle: str | None, expires: str | None, as_json: bool
) -> None:
    """Create a token; it is shown only now, and not stored."""
    from linktrack.owners.tokens import create_token

    with writing() as work:
        account_id = work.account_id(handle)
        secret = create_token(
            work.session, name, scope, account_id, work.now, expires_at=work.moment(expires)
        )
    if as_json:
        print_json({"name": name, "scope": scope, "token": secret})
    else:
        click.echo(secret)


@token.command("list")
@answering
def list_tokens_command(work: Work) -> Answer:
    """List the tokens, newest first, with their last use; never their secrets."""
    from linktrack.owners.tokens import list_tokens, state_of

    handles = work.handles()
    lines = [
        (
            token.name,
            token.scope,
            handles.get(token.account_id or 0),
            state_of(token, work.now),
            token.created_at,
            token.expires_at,
            token.last_used_at,
        )
        for token in list_tokens(work.session)
    ]
    return rows_answer(
        ("name", "scope", "account", "state", "created_at", "expires_at", "last_used_at"), lines
    )


@token.command("revoke")
@click.argument("name")
def revoke_token_command(name: str) -> None:
    """Revoke a token, at once and for good."""
    from linktrack.owners.tokens import find_token, revoke_token

    with writing() as work:
        revoke_token(work.session, find_token(work.session, name), work.now)
    click.echo(f"The token {name} is revoked.")


@click.group(cls=Commands)
def webhook() -> None:
    """Manage webhooks, which send events to other programs."""


@webhook.command("add")
@click.argument("url")
@click.option("--event", "events", multiple=True, help="Which events it gets; default: all.")
@click.option("--account", "handle", metavar="HANDLE", help="Only events of this account.")
@json_option
def add_webhook_command(
    url: str, events: tuple[str, ...], handle: str | None, as_json: bool
) -> None:
    """Add a webhook for events from now on; its secret is shown only now.

    EVENT is post.wrapped, post.failed, clicks.milestone, followers.jumped, alert.raised or
    digest.weekly.
    """
    from linktrack.webhooks.catalog import add_webhook

    with writing() as work:
        account_id = work.account_id(handle)
        added, secret = add_webhook(
            work.session,
            work.installation.keys.sealing(),
            url,
            events,
            account_id,
            now=work.now,
            allowed=work.installation.settings.webhook_networks,
        )
        told = {"id": added.id, "url": added.url, "events": added.events.split()}
    if as_json:
        print_json(told | {"secret": secret})
    else:
        click.echo(secret)


@webhook.command("list")
@answering
def list_webhooks_command(work: Work) -> Answer:
    """List the webhooks, never their secrets."""
    from linktrack.webhooks.catalog import list_webhooks

    handles = work.handles()
    lines = [
        (
            each.id,
            each.url,
            each.events,
            handles.get(each.account_id or 0),
            each.created_at,
        )
        for each in list_webhooks(work.session)
    ]
    return rows_answer(("id", "url", "events", "account", "created_at"), lines)


@webhook.command("deliveries")
@click.argument("number", type=int, metavar="WEBHOOK")
@answering
def list_deliveries_command(work: Work, number: int) -> Answer:
    """List a webhook's deliveries: what was sent, the answers, and when they are retried."""
    from linktrack.webhooks.catalog import deliveries_of, get_webhook

    lines = [
        (
            each.id,
            each.event,
            each.created_at,
            each.attempts,
            each.delivered_at,
            each.next_at,
            each.answer,
        )
        for each in deliveries_of(work.session, get_webhook(work.session, number))
    ]
    return rows_answer(
        ("id", "event", "created_at", "attempts", "delivered_at", "next_at", "answer"), lines
    )


@webhook.command("test")
@click.argument("number", type=int, metavar="WEBHOOK")
def test_webhook_command(number: int) -> None:
    """Have the running service send a test event; the webhook's deliveries show the answer."""
    from linktrack.webhooks.catalog import get_webhook, send_test

    with writing() as work:
        send_test(work.session, get_webhook(work.session, number), work.now)
    click.echo(f"A test is on its way: linktrack webhook deliveries {number} says how it went.")


@webhook.command("remove")
@click.argument("number", type=int, metavar="WEBHOOK")
def remove_webhook_command(number: int) -> None:
    """Remove a webhook and its deliveries."""
    from linktrack.webhooks.catalog import get_webhook, remove_webhook

    with writing() as work:
        remove_webhook(work.session, get_webhook(work.session, number), work.now)
    click.echo(f"Webhook {number} is removed.")
