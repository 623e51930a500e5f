"""The digest on the command line, ready to be mailed."""

import click

from linktrack.cli.common import installation, json_option, print_json


@click.command()
@click.argument("handle", required=False)
@click.option("--all", "everybody", is_flag=True, help="All accounts, one after the other.")
@click.option("--period", default="week", show_default=True, help="week or month: the last whole.")
@json_option
def digest(handle: str | None, everybody: bool, period: str, as_json: bool) -> None:
    """Print an account's last week or month beside the one before it."""
    from datetime import datetime

    from linktrack.audience.accounts import find_account, list_accounts
    from linktrack.db import now
    from linktrack.reports.digest import digests

    if (handle is None) == (not everybody):
        raise click.UsageError("Name one account, or all of them with --all.")
    with installation() as opened, opened.database.session() as session:
        timezone = opened.settings.timezone
        accounts = list_accounts(session) if handle is None else [find_account(session, handle)]
        today = datetime.now(timezone).date()
        found = digests(session, accounts, period, today, now(), timezone)
    if as_json:
        print_json([each.as_json() for each in found] if everybody else found[0].as_json())
        return
    click.echo(f"\n{'-' * 72}\n\n".join(each.as_text() for each in found), nl=False)
