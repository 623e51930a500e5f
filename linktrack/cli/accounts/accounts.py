"""Commands for accounts."""

import sys
from typing import TYPE_CHECKING

import click

from linktrack.cli.accounts.look import look
from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import (
    COMMAND_LINE,
    Commands,
    Work,
    installation,
    json_option,
    print_json,
    this_moment,
    writing,
)
from linktrack.networks.registry import names
from linktrack.networks.words import any_of

if TYPE_CHECKING:
    from linktrack.networks.credentials import Needs


@click.group(cls=Commands)
def account() -> None:
    """Manage social accounts and other audiences."""


account.add_command(look)


@account.command("add")
@click.argument("handle")
@click.option("--network", help=f"{any_of(names())}; else the one whose handles look like this.")
@click.option("--role", help="me, you or we.")
@click.option("--followers", type=int, help="How many followers it has now.")
def add(handle: str, network: str | None, role: str | None, followers: int | None) -> None:
    """Add an account."""
    from linktrack.audience.accounts import add_account
    from linktrack.audience.counts import record_count
    from linktrack.networks.handles import read_handle
    from linktrack.networks.registry import network_of

    if network is None:
        network, handle = read_handle(handle)
    with writing() as work:
        added = add_account(work.session, network, handle, role, work.now)
        if followers is not None:
            record_count(work.session, added, followers, work.now, "entered", now=work.now)
        handle, label = added.handle, network_of(added.network).label
    told = "" if followers is None else f" with {followers:,} followers"
    click.echo(f"Added {handle} on {label}{told}.")


@account.command("list")
@answering
def list_(work: Work) -> Answer:
    """List the accounts with their latest follower counts."""
    from linktrack.audience.account_lines import account_line_json, account_lines

    lines = account_lines(work.session)
    accounts = Table(
        ("network", "handle", "role", "followers", "counted at", "connected"),
        [
            (
                line.network,
                line.handle,
                line.role,
                line.followers,
                line.followers_at,
                "yes" if line.connected else "no",
            )
            for line in lines
        ],
    )
    return Answer([account_line_json(line) for line in lines], accounts)


@account.command()
@click.argument("handle")
@click.argument("new_handle")
def rename(handle: str, new_handle: str) -> None:
    """Rename an account; posts, links and counts stay with it."""
    from linktrack.audience.accounts import rename_account

    with writing() as work:
        found = work.account(handle)
        rename_account(work.session, found, new_handle, work.now)
        new_handle = found.handle
    click.echo(f"It is {new_handle} now.")


@account.command()
@click.argument("handle")
@click.argument("role", type=click.Choice(["me", "you", "we", "none"]))
def role(handle: str, role: str) -> None:
    """Set what an account is for: own words, sharing links, a private community, or neither."""
    from linktrack.audience.accounts import set_account_role

    with writing() as work:
        found = work.account(handle)
        set_account_role(work.session, found, None if role == "none" else role, work.now)
        handle = found.handle
    click.echo(f"{handle} has {'no role' if role == 'none' else f'the role {role}'} now.")


@account.command()
@click.argument("handle")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--clear", is_flag=True, help="Remove all UTM values.")
@json_option
def utm(handle: str, values: tuple[str, ...], clear: bool, as_json: bool) -> None:
    """Show or set the UTM values that are added to this account's new links.

    NAME is utm_source, utm_medium, utm_campaign, utm_term or utm_content. A VALUE may have fields,
    which each new link fills in: {account}, {network}, {date}, {month}, {tag} (its first) and
    {slug} (its code); {{ and }} are braces. New values replace the old ones; existing links stay as
    they are.
    """
    from linktrack.audience.utm import set_utm_values, utm_values

    chosen = dict(value.partition("=")[::2] for value in values)
    with writing() as work:
        found = work.account(handle)
        if chosen or clear:
            set_utm_values(work.session, found, chosen)
        added = dict(utm_values(work.session, found.id))
    if as_json:
        print_json(added)
    elif not added:
        click.echo("Nothing is added to this account's addresses.")
    for name, value in added.items() if not as_json else ():
        click.echo(f"{name}={value}")


@account.command()
@click.argument("handle")
@click.argument("choice", required=False, metavar="[ours|destination]")
@json_option
def card(handle: str, choice: str | None, as_json: bool) -> None:
    """Show or set whose preview card networks show below posts with this account's links.

    With "ours", programs that fetch link previews get a page of linktrack's, so that taps on the
    card are counted; with "destination", they are redirected like people.
    """
    from linktrack.audience.cards import set_card

    with writing() as work:
        found = work.account(handle)
        if choice is not None:
            set_card(work.session, found, choice, work.now)
        chosen = found.card
    if as_json:
        print_json({"card": chosen})
    else:
        click.echo(chosen)


@account.command()
@click.argument("handle")
@click.argument("host", required=False, metavar="[HOST|first]")
@json_option
def domain(handle: str, host: str | None, as_json: bool) -> None:
    """Show or set the domain that new links of this account are on."""
    from linktrack.links.domains.domains import set_domain_of
    from linktrack.links.hosts.finding import domain_of_account, find_domain

    with writing() as work:
        found, base_url = work.account(handle), work.installation.settings.base_url
        if host is not None:
            first = host == "first"
            chosen = None if first else find_domain(work.session, base_url, host)
            set_domain_of(work.session, found, chosen, work.now)
        now = domain_of_account(work.session, found.id)
        address = base_url if now is None else now.address
    if as_json:
        print_json({"domain": address})
    else:
        click.echo(address)


@account.command("front-page")
@click.argument("handle")
@click.argument("choice", type=click.Choice(["on", "off"]))
def front_page(handle: str, choice: str) -> None:
    """Let strangers read this account's name on the front page, or not."""
    from linktrack.links.domains.faces import set_on_front_page

    with writing() as work:
        found = work.account(handle)
        set_on_front_page(work.session, found, choice == "on", work.now)
        handle = found.handle
    click.echo(f"The front page {'names' if choice == 'on' else 'does not name'} {handle}.")


@account.command("remove")
@click.argument("handle")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
def remove(handle: str, yes: bool) -> None:
    """Remove an account from lists and reports; its links keep working."""
    from linktrack.audience.accounts import remove_account

    if not yes:
        click.confirm(
            f"Leave {handle} out of every list and report (its links keep working)?",
            abort=True,
            err=True,
        )
    with writing() as work:
        found = work.account(handle)
        remove_account(work.session, found, work.now)
        handle = found.handle
    click.echo(f"{handle} is removed. Undo it with: linktrack account restore {handle}")


@account.command("restore")
@click.argument("handle")
def restore(handle: str) -> None:
    """Restore a removed account with everything it had."""
    from linktrack.audience.accounts import bring_back, find_account

    with writing() as work:
        found = find_account(work.session, handle, removed=True)
        bring_back(work.session, found, work.now)
        handle = found.handle
    click.echo(f"{handle} is back.")


@account.command("connect")
@click.argument("handle")
@click.option("--server", help="Address of the account's server, if it isn't the usual one.")
def connect_command(handle: str, server: str | None) -> None:
    """Connect an account to its network, so that linktrack can post for it.

    Asks for the credentials without showing them; from a pipe it reads them line by
    line, in the order in which it asks. They are stored encrypted, and never shown again.
    """
    from linktrack.audience.accounts import find_account, get_account
    from linktrack.audience.credentials import connect
    from linktrack.networks.signing_in import needs_of, sign_in
    from linktrack.owners.audit import acting

    with installation() as opened:
        with opened.database.session() as session:
            found = find_account(session, handle)
        typed = _read_secrets(needs_of(found.network))
        signed = sign_in(found.network, found.handle, typed, server)
        with opened.database.session(writes=True) as session:
            acting(session, COMMAND_LINE)
            connect(session, opened.keys, get_account(session, found.id), signed, this_moment())
            session.commit()
    click.echo(f"{found.handle} is connected.")


@account.command("disconnect")
@click.argument("handle")
def disconnect_command(handle: str) -> None:
    """Delete an account's credentials."""
    from linktrack.audience.credentials import disconnect

    with writing() as work:
        found = work.account(handle)
        was_connected = disconnect(work.session, found, work.now)
        handle = found.handle
    click.echo(f"{handle} {'is no longer' if was_connected else 'was not'} connected.")


def _read_secrets(needs: "Needs") -> dict[str, str]:
    """Ask for each secret without showing it; from a pipe, read one line for each."""
    if sys.stdin.isatty():
        click.echo(needs.where, err=True)
        return {
            secret.name: click.prompt(secret.label, hide_input=True, err=True)
            for secret in needs.secrets
        }
    lines = sys.stdin.read().splitlines()
    return dict(zip((secret.name for secret in needs.secrets), lines, strict=False))
