"""Commands for notes on the time axis."""

import click

from linktrack.cli.common import (
    Commands,
    installation,
    json_option,
    parse_time,
    print_json,
    print_table,
    transaction,
)


@click.group(cls=Commands)
def note() -> None:
    """Notes for days, shown on every chart over time."""


@note.command()
@click.argument("text")
@click.option("--day", metavar="ISO", help="The day it is about; today by default.")
@click.option("--account", metavar="HANDLE", help="The account it is about; all by default.")
@json_option
def add(text: str, day: str | None, account: str | None, as_json: bool) -> None:
    """Write a note for a day."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.reports.diary.notes import add_note, note_json

    with transaction() as (opened, session):
        at = parse_time(day, opened) or now()
        about = None if account is None else find_account(session, account)
        local = at.astimezone(opened.settings.timezone).date()
        added = add_note(session, local, text, about, now())
        told = note_json(added, about)
    if as_json:
        print_json(told)
    else:
        click.echo(f"Noted for {told['day']}.")


@note.command("list")
@click.argument("handle", required=False)
@json_option
def list_(handle: str | None, as_json: bool) -> None:
    """List notes, the newest day first; with an account, its own and those of all accounts."""
    from linktrack.audience.accounts import accounts_by_number, find_account
    from linktrack.reports.diary.notes import list_notes, note_json

    with installation() as opened, opened.database.session() as session:
        account = None if handle is None else find_account(session, handle)
        accounts = accounts_by_number(session)
        found = [
            note_json(each, accounts.get(each.account_id or 0))
            for each in list_notes(session, account)
        ]
    if as_json:
        print_json(found)
        return
    print_table(
        ("number", "day", "account", "note"),
        [(each["id"], each["day"], each["account"], each["text"]) for each in found],
    )


@note.command()
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def remove(number: int) -> None:
    """Take a note away, by its number."""
    from linktrack.db import now
    from linktrack.reports.diary.notes import get_note, remove_note

    with transaction() as (_, session):
        remove_note(session, get_note(session, number), now())
    click.echo("The note is removed.")
