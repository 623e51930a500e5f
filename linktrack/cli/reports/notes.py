"""Commands for notes on the time axis."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Commands, Work, json_option, print_json, writing


@click.group(cls=Commands)
def note() -> None:
    """Add notes to days; charts show them."""


@note.command()
@click.argument("text")
@click.option("--day", metavar="ISO", help="The day it is about; default: today.")
@click.option("--account", metavar="HANDLE", help="The account it is about; default: all.")
@json_option
def add(text: str, day: str | None, account: str | None, as_json: bool) -> None:
    """Add a note to a day."""
    from linktrack.reports.diary.notes import add_note, note_json

    with writing() as work:
        at = work.moment(day) or work.now
        about = work.account(account)
        local = at.astimezone(work.installation.settings.timezone).date()
        added = add_note(work.session, local, text, about, work.now)
        told = note_json(added, about)
    if as_json:
        print_json(told)
    else:
        click.echo(f"Note added for {told['day']}.")


@note.command("list")
@click.argument("handle", required=False)
@answering
def list_(work: Work, handle: str | None) -> Answer:
    """List notes, newest day first; with an account, its own and those about all accounts."""
    from linktrack.audience.accounts import accounts_by_number
    from linktrack.reports.diary.notes import list_notes, note_json

    account = work.account(handle)
    accounts = accounts_by_number(work.session)
    found = [
        note_json(each, accounts.get(each.account_id or 0))
        for each in list_notes(work.session, account)
    ]
    notes = Table(
        ("number", "day", "account", "note"),
        [(each["id"], each["day"], each["account"], each["text"]) for each in found],
    )
    return Answer(found, notes)


@note.command()
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def remove(number: int) -> None:
    """Delete a note by its number."""
    from linktrack.reports.diary.notes import get_note, remove_note

    with writing() as work:
        remove_note(work.session, get_note(work.session, number), work.now)
    click.echo("Note deleted.")
