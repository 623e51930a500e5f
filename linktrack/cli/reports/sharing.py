"""Commands that share an account's report under an address of its own."""

import click

from linktrack.cli.answers import Answer, answering, rows_answer
from linktrack.cli.common import NUMBER, Commands, Work, json_option, local, print_json, writing


@click.group(cls=Commands)
def shared() -> None:
    """Share an account's posts and their figures under a secret address."""


@shared.command()
@click.argument("handle")
@click.option(
    "--days", type=int, default=30, show_default=True, help="For how long the address works."
)
@json_option
def add(handle: str, days: int, as_json: bool) -> None:
    """Make an address that shows an account's posts to whoever has it; it is shown only once."""
    from linktrack.calendar.times import utc
    from linktrack.owners.sharing import find_shared, share_report

    with writing() as work:
        account = work.account(handle)
        secret = share_report(work.session, account.id, days, work.now)
        made = find_shared(work.session, secret, work.now)
        url = f"{work.installation.settings.base_url}/shared/{secret}"
        answer = {
            "id": made.id,
            "account": account.handle,
            "created_at": utc(made.created_at),
            "expires_at": utc(made.expires_at),
            "url": url,
        }
        until = local(made.expires_at)
    if as_json:
        print_json(answer)
    else:
        click.echo(url)
        click.echo(f"It works until {until}. It isn't shown again.", err=True)


@shared.command("list")
@answering
def list_(work: Work) -> Answer:
    """List the addresses that work, newest first; never the addresses themselves."""
    from linktrack.owners.sharing import list_shared

    handles = work.handles()
    return rows_answer(
        ["id", "account", "created_at", "expires_at"],
        [
            (each.id, handles.get(each.account_id), each.created_at, each.expires_at)
            for each in list_shared(work.session, work.now)
        ],
    )


@shared.command()
@click.argument("number", type=NUMBER)
def end(number: int) -> None:
    """End an address at once."""
    from linktrack.owners.sharing import revoke_shared

    with writing() as work:
        revoke_shared(work.session, number, work.now)
    click.echo("That address no longer shows anything.")
