"""Commands that manage who can sign in."""

import click

from linktrack.cli.answers import Answer, Table, answering, rows_answer
from linktrack.cli.common import Commands, Work, json_option, print_json, writing

accounts_option = click.option(
    "--account",
    "handles",
    multiple=True,
    metavar="HANDLE",
    help="A viewer sees only these accounts; repeatable.",
)
ONLY_VIEWERS = "Owners see all accounts: --account is for viewers."


@click.group(cls=Commands)
def owner() -> None:
    """Manage who can sign in, and create one-time sign-in links."""


@owner.command()
@click.argument("name")
@click.option("--viewer", is_flag=True, help="Read only.")
@accounts_option
def create(name: str, viewer: bool, handles: tuple[str, ...]) -> None:
    """Add a person who can sign in."""
    from linktrack.owners.access import create_owner
    from linktrack.owners.viewers import set_role

    if handles and not viewer:
        raise click.UsageError(ONLY_VIEWERS)
    with writing() as work:
        added = create_owner(work.session, name, work.now)
        if viewer:
            chosen = [work.account(handle).id for handle in handles]
            set_role(work.session, added, "viewer", work.now, chosen)
    click.echo(f"Added {name}. Sign in with: linktrack owner link {name!r}")


@owner.command()
@click.argument("name")
@click.argument("role", type=click.Choice(["owner", "viewer"]))
@accounts_option
def role(name: str, role: str, handles: tuple[str, ...]) -> None:
    """Make a person an owner, or a viewer of all accounts or of some.

    Owners do everything; viewers change nothing, and API tokens that they made end.
    """
    from linktrack.owners.access import find_owner
    from linktrack.owners.viewers import set_role

    if handles and role != "viewer":
        raise click.UsageError(ONLY_VIEWERS)
    with writing() as work:
        found = find_owner(work.session, name)
        chosen = [work.account(handle) for handle in handles]
        ids = [account.id for account in chosen]
        tokens = set_role(work.session, found, role, work.now, ids)
        of = f" of {', '.join(account.handle for account in chosen)}" if chosen else ""
    ended = f" {tokens} of their API tokens ended." if tokens else ""
    click.echo(f"{name} is {'an' if role == 'owner' else 'a'} {role}{of} now.{ended}")


@owner.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
def remove_command(name: str, yes: bool) -> None:
    """Remove a person: whatever lets them in ends; what they did stays."""
    from linktrack.owners.access import find_owner
    from linktrack.owners.leaving import remove_owner

    if not yes:
        click.confirm(
            f"Remove {name}? They are signed out, and their tokens end", abort=True, err=True
        )
    with writing() as work:
        tokens = remove_owner(work.session, find_owner(work.session, name), work.now)
    ended = f" {tokens} of their API tokens ended." if tokens else ""
    click.echo(f"Removed {name}: they can no longer sign in.{ended}")


@owner.command("list")
@answering
def list_owners_command(work: Work) -> Answer:
    """List who can sign in, by what, and which accounts they see."""
    from linktrack.audience.accounts import accounts_by_number
    from linktrack.owners.signing_in.codes import with_codes
    from linktrack.owners.signing_in.passkeys import passkey_numbers
    from linktrack.owners.viewers import limits, list_owners

    keys, codes = passkey_numbers(work.session), with_codes(work.session)
    accounts, limited = accounts_by_number(work.session), limits(work.session)
    lines = [
        (
            owner.name,
            owner.role,
            "yes" if owner.password_hash else "no",
            "yes" if owner.id in codes else "no",
            keys.get(owner.id, 0),
            sorted(accounts[number].handle for number in limited.get(owner.id, ()))
            if owner.limited
            else None,
        )
        for owner in list_owners(work.session)
    ]
    fields = ("name", "role", "password", "codes", "passkeys", "accounts")
    shown = [
        (*line, "all" if accounts is None else ", ".join(accounts) or "none")
        for *line, accounts in lines
    ]
    return Answer([dict(zip(fields, line, strict=True)) for line in lines], Table(fields, shown))


@owner.command()
@click.argument("name", required=False)
@click.option("--remove", is_flag=True, help="Take it away: only sign-in links sign them in then.")
def password(name: str | None, remove: bool) -> None:
    """Set an owner's password (it asks for it), and sign them out everywhere."""
    from linktrack.owners.access import find_owner
    from linktrack.owners.passwords import hash_password, remove_password, set_password
    from linktrack.owners.viewers import end_sessions

    if remove:
        with writing() as work:
            found = find_owner(work.session, name)
            remove_password(work.session, found, work.now)
        click.echo(f"{found.name} has no password now.")
        return
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    hashed = hash_password(typed)
    with writing() as work:
        found = find_owner(work.session, name)
        set_password(work.session, found, hashed, work.now)
        end_sessions(work.session, found, work.now)
        name = found.name
    click.echo(f"The password of {name} is set.")


@owner.command()
@click.argument("name", required=False)
@json_option
def link(name: str | None, as_json: bool) -> None:
    """Print a one-time sign-in address for an owner, valid for 15 minutes."""
    from linktrack.owners.access import find_owner, make_sign_in_link, sign_in_url

    with writing() as work:
        secret = make_sign_in_link(work.session, find_owner(work.session, name), work.now)
        url = sign_in_url(work.installation.settings.base_url, secret)
    if as_json:
        print_json({"url": url})
    else:
        click.echo(url)


@owner.command()
@click.argument("name", required=False)
@answering
def sessions(work: Work, name: str | None) -> Answer:
    """List the browsers where people are signed in: everybody's, or those of NAME."""
    from linktrack.owners.access import find_owner
    from linktrack.owners.viewers import list_owners, open_sessions

    people = list_owners(work.session) if name is None else [find_owner(work.session, name)]
    found = open_sessions(work.session, work.now)
    lines = [
        (
            person.name,
            one.device,
            one.place,
            one.way,
            one.created_at,
            one.expires_at,
            one.mark,
        )
        for person in people
        for one in found.get(person.id, [])
    ]
    return rows_answer(
        ("name", "device", "place", "way", "signed_in_at", "expires_at", "session"), lines
    )


@owner.command("sign-out")
@click.argument("name")
@click.option("--session", "mark", help="Only the one that linktrack owner sessions shows so.")
def sign_out(name: str, mark: str | None) -> None:
    """Sign a person out everywhere, or in one browser; links not used yet end, too."""
    from linktrack.owners.access import find_owner
    from linktrack.owners.viewers import end_session, end_sessions

    with writing() as work:
        found = find_owner(work.session, name)
        if mark is None:
            ended = end_sessions(work.session, found, work.now)
        else:
            end_session(work.session, found, mark, work.now)
            ended = 1
    click.echo(f"{name} is signed out of {ended} browser{'' if ended == 1 else 's'}.")


@owner.command("reset-codes")
@click.argument("name")
def reset_codes(name: str) -> None:
    """Turn off a person's one-time codes, for when they have lost their app."""
    from linktrack.owners.access import find_owner
    from linktrack.owners.signing_in.codes import turn_off_codes

    with writing() as work:
        was_on = turn_off_codes(work.session, find_owner(work.session, name), work.now)
    click.echo(f"{name} signs in without one-time codes{' now' if was_on else ', as before'}.")


@owner.command("remove-passkeys")
@click.argument("name")
def remove_all_passkeys(name: str) -> None:
    """Remove all passkeys of a person, for when they have lost a device."""
    from linktrack.owners.access import find_owner
    from linktrack.owners.signing_in.passkeys import remove_passkeys

    with writing() as work:
        number = remove_passkeys(work.session, find_owner(work.session, name), work.now)
    click.echo(f"Removed {number} passkey{'' if number == 1 else 's'} of {name}.")
