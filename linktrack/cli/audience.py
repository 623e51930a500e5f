"""Commands for accounts."""

import click

from linktrack.cli.common import (
    Commands,
    installation,
    json_option,
    print_json,
    print_table,
    transaction,
)


@click.group(cls=Commands)
def account() -> None:
    """Social accounts and other audiences."""


@account.command("add")
@click.argument("handle")
@click.option("--network", required=True, help="x, bluesky, mastodon or other.")
@click.option("--role", help="me, you or we.")
@click.option("--followers", type=int, help="How many followers it has now.")
def add(handle: str, network: str, role: str | None, followers: int | None) -> None:
    """Add an account."""
    from linktrack.audience.accounts import add_account
    from linktrack.audience.counts import record_count
    from linktrack.db import now

    with transaction() as (_, session):
        moment = now()
        added = add_account(session, network, handle, role, moment)
        if followers is not None:
            record_count(session, added, followers, moment, "entered", now=moment)
        handle = added.handle
    told = "" if followers is None else f" with {followers:,} followers"
    click.echo(f"Added {handle}{told}.")


@account.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the accounts, with their last follower counts."""
    from linktrack.reports.accounts import account_lines

    with installation() as opened, opened.database.session() as session:
        lines = account_lines(session)
    if as_json:
        print_json([line.as_json() for line in lines])
        return
    print_table(
        ("network", "handle", "role", "followers", "counted at"),
        [
            (
                line.network,
                line.handle,
                line.role,
                line.followers,
                line.followers_at and f"{line.followers_at:%Y-%m-%d}",
            )
            for line in lines
        ],
    )


@account.command()
@click.argument("handle")
@click.argument("new_handle")
def rename(handle: str, new_handle: str) -> None:
    """Give an account its new handle; posts, links and counts stay with it."""
    from linktrack.audience.accounts import find_account, rename_account

    with transaction() as (_, session):
        found = find_account(session, handle)
        rename_account(session, found, new_handle)
        new_handle = found.handle
    click.echo(f"It is {new_handle} now.")


@account.command()
@click.argument("handle")
@click.argument("role", type=click.Choice(["me", "you", "we", "none"]))
def role(handle: str, role: str) -> None:
    """Say what an account is for: own words, sharing links, a private community, or neither."""
    from linktrack.audience.accounts import find_account, set_account_role

    with transaction() as (_, session):
        found = find_account(session, handle)
        set_account_role(session, found, None if role == "none" else role)
        handle = found.handle
    click.echo(f"{handle} has {'no role' if role == 'none' else f'the role {role}'} now.")


@account.command()
@click.argument("handle")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--clear", is_flag=True, help="Add nothing any more.")
@json_option
def utm(handle: str, values: tuple[str, ...], clear: bool, as_json: bool) -> None:
    """Show, or choose, what wrapping adds to this account's addresses.

    NAME is utm_source, utm_medium, utm_campaign, utm_term or utm_content. What is chosen replaces
    what was; links that are there already stay as they are.
    """
    from linktrack.audience.accounts import find_account
    from linktrack.audience.utm import set_utm_values, utm_values

    chosen = dict(value.partition("=")[::2] for value in values)
    with transaction() as (_, session):
        found = find_account(session, handle)
        if chosen or clear:
            set_utm_values(session, found, chosen)
        added = dict(utm_values(session, found.id))
    if as_json:
        print_json(added)
    elif not added:
        click.echo("Nothing is added to this account's addresses.")
    for name, value in added.items() if not as_json else ():
        click.echo(f"{name}={value}")


@account.command("remove")
@click.argument("handle")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(handle: str, yes: bool) -> None:
    """Leave an account out of lists and reports; its links go on redirecting."""
    from linktrack.audience.accounts import find_account, remove_account
    from linktrack.db import now

    if not yes:
        click.confirm(
            f"Leave {handle} out of every list and report (its links go on redirecting)?",
            abort=True,
            err=True,
        )
    with transaction() as (_, session):
        found = find_account(session, handle)
        remove_account(session, found, now())
        handle = found.handle
    click.echo(f"{handle} is removed. Undo it with: linktrack account restore {handle}")


@account.command("restore")
@click.argument("handle")
def restore(handle: str) -> None:
    """Bring back an account that was removed, with all it had."""
    from linktrack.audience.accounts import bring_back, find_account
    from linktrack.db import now

    with transaction() as (_, session):
        found = find_account(session, handle, removed=True)
        bring_back(session, found, now())
        handle = found.handle
    click.echo(f"{handle} is back.")
