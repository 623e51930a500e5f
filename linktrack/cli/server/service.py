"""Commands that run the service, and manage who can sign in."""

import os

import click

from linktrack.cli.answers import Answer, answering, rows_answer
from linktrack.cli.common import (
    Commands,
    Work,
    installation,
    json_option,
    print_json,
    this_moment,
    writing,
)


@click.command()
@click.option(
    "--bind",
    default="127.0.0.1:8000",
    show_default=True,
    help="HOST:PORT or unix:PATH to listen on.",
)
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Number of web processes.",
)
@click.option(
    "--server",
    default="gunicorn",
    show_default=True,
    type=click.Choice(["gunicorn", "granian"]),
    help="granian is quicker, and an extra: pip install 'linktrack[granian]'.",
)
def serve(bind: str, workers: int, server: str) -> None:
    """Run the service: short links, click counting and the owner pages."""
    from linktrack.installation import Installation
    from linktrack.service import greeting, serving_settings, share_memory
    from linktrack.settings import load_settings
    from linktrack.upkeep.upgrade import upgrade
    from linktrack.web.serving.listening import Bind

    if server == "granian":
        from linktrack.cli.server.granian_service import run
    else:
        from linktrack.service import run

    bind_to = Bind.parse(bind)
    settings = serving_settings(load_settings(), bind_to, "LINKTRACK_BASE_URL" in os.environ)
    bind_to.check_free()
    opened = Installation.open(settings)
    try:
        with opened.database.reachable():
            done = upgrade(opened, os.environ, this_moment())
            if done.backup is not None:
                click.echo(f"The database was from an older linktrack: backed up to {done.backup}.")
            opened.keep_up()
            text = greeting(opened)
            share_memory(opened)
    finally:
        opened.database.close()  # no connection may cross the fork
    run(settings, bind_to, workers, text)


@click.command()
@click.option("--follow", is_flag=True, help="Keep running, and load clicks as they come.")
@click.option("--parent", type=int, hidden=True)
@json_option
def load(follow: bool, parent: int | None, as_json: bool) -> None:
    """Load captured clicks into the database."""
    from linktrack import service

    with installation(existing=True) as opened:
        changed = follow and service.follow(opened, parent)
        progress = None if follow else service.make_loader(opened).load()
    if changed:
        service.begin_anew()
    if progress is None:
        return
    if as_json:
        print_json({"clicks": progress.clicks, "damaged_lines": progress.bad_lines})
    else:
        click.echo(f"{progress.clicks:,} clicks loaded, {progress.bad_lines} damaged lines.")


@click.command()
@json_option
def rebuild(as_json: bool) -> None:
    """Recompute all counts from the stored clicks; correct ones stay the same."""
    from linktrack.clicks.counts import rebuild

    with installation(existing=True) as opened:
        total = rebuild.rebuild_beside(opened.database.engine, opened.days())
    if as_json:
        print_json({"clicks": total})
    else:
        click.echo(f"All counts are recomputed from {total:,} clicks.")


@click.command()
@answering
def status(work: Work) -> Answer:
    """Show how many rows the database has, and what is not loaded yet."""
    from linktrack.upkeep.health.status import status_of

    found = status_of(work.session, work.installation.settings, work.now)
    said = [f"{name.replace('_', ' '):<16} {value:,}" for name, value in found.items()]
    return Answer(found, *said)


@click.group(cls=Commands)
def owner() -> None:
    """Manage who can sign in, and create one-time sign-in links."""


@owner.command()
@click.argument("name")
@click.option("--viewer", is_flag=True, help="Read only.")
def create(name: str, viewer: bool) -> None:
    """Add a person who can sign in."""
    from linktrack.owners.access import create_owner
    from linktrack.owners.viewers import set_role

    with writing() as work:
        added = create_owner(work.session, name, work.now)
        if viewer:
            set_role(work.session, added, "viewer", work.now)
    click.echo(f"Added {name}. Sign in with: linktrack owner link {name!r}")


@owner.command("remove")
@click.argument("name")
def remove_command(name: str) -> None:
    """Remove a person: sessions, password, links and tokens end; what they did stays."""
    from linktrack.owners.access import find_owner
    from linktrack.owners.leaving import remove_owner

    with writing() as work:
        tokens = remove_owner(work.session, find_owner(work.session, name), work.now)
    ended = f" {tokens} of their API tokens ended." if tokens else ""
    click.echo(f"Removed {name}: they can no longer sign in.{ended}")


@owner.command("list")
@answering
def list_owners_command(work: Work) -> Answer:
    """List who can sign in."""
    from linktrack.owners.viewers import list_owners

    lines = [
        (owner.name, owner.role, "yes" if owner.password_hash else "no")
        for owner in list_owners(work.session)
    ]
    return rows_answer(("name", "role", "password"), lines)


@owner.command()
@click.argument("name", required=False)
def password(name: str | None) -> None:
    """Set an owner's password (it asks for it), and sign them out everywhere."""
    from linktrack.owners.access import find_owner
    from linktrack.owners.passwords import hash_password, set_password
    from linktrack.owners.viewers import end_sessions

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
