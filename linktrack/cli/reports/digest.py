"""The digest on the command line: printed or mailed."""

import click

from linktrack.cli.common import json_option, print_json, reading


@click.command()
@click.argument("handle", required=False)
@click.option("--all", "everybody", is_flag=True, help="All accounts.")
@click.option(
    "--period", default="week", show_default=True, help="week, month or day: the last complete one."
)
@click.option("--names", "with_names", is_flag=True, help="Also name who came and who left.")
@click.option("--mail", "by_mail", is_flag=True, help="Email it instead (LINKTRACK_SMTP_URL).")
@json_option
def digest(
    handle: str | None, everybody: bool, period: str, with_names: bool, by_mail: bool, as_json: bool
) -> None:
    """Print or mail a summary of an account's last week, month or day, beside the one before."""
    from datetime import datetime

    from linktrack.audience.accounts import list_accounts
    from linktrack.errors import Invalid
    from linktrack.mail import send
    from linktrack.reports.digest import as_letter, digest_json, digests

    if (handle is None) == (not everybody):
        raise click.UsageError("Name one account, or all of them with --all.")
    if by_mail and as_json:
        raise click.UsageError("Emails are text: choose --mail or --json.")
    if with_names and as_json:
        raise click.UsageError("Names as JSON: linktrack followers moves HANDLE --json.")
    with reading() as work:
        timezone, mail = work.installation.settings.timezone, work.installation.settings.mail
        if by_mail and mail is None:
            raise Invalid(
                "No mail server is set up: set LINKTRACK_SMTP_URL and LINKTRACK_MAIL_TO, or hand "
                "what linktrack digest prints to sendmail."
            )
        accounts = list_accounts(work.session) if handle is None else [work.account(handle)]
        today = datetime.now(timezone).date()
        found = digests(work.session, accounts, period, today, now=work.as_of, timezone=timezone)
        names = work.session if with_names else None
        title, words = as_letter(found, names) if found else ("", "")
    if as_json:
        print_json([digest_json(each) for each in found] if everybody else digest_json(found[0]))
        return
    if not found:
        click.echo("There are no accounts, so nothing was emailed." if by_mail else "", nl=by_mail)
    elif not by_mail or mail is None:
        click.echo(words, nl=False)
    else:
        send(mail, title, words)
        click.echo(f"Emailed to {', '.join(mail.recipients)}.")
