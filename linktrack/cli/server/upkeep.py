"""Commands that maintain an installation: backup, restore, upgrade, check-links."""

import os
import subprocess
from pathlib import Path

import click

from linktrack.cli.common import installation, json_option, print_json, tell, this_moment

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@json_option
def backup(file: Path, as_json: bool) -> None:
    """Back up the running installation to one file: database, keys, settings, journals.

    Visitor keys are not in it. Keep the file secret: it holds the installation's keys.
    """
    from linktrack.upkeep.backup import back_up

    with installation(existing=True) as opened:
        done = back_up(opened, file, os.environ, this_moment())
        tell(opened, f"Made a backup, {done.file.name}.")
    if as_json:
        print_json({"file": str(file), "bytes": done.size, "journals": done.journals})
    else:
        waiting = f", with {done.journals} journals that wait to be loaded" if done.journals else ""
        click.echo(f"{file}: {done.size:,} bytes{waiting}.")
        if opened.settings.clicks:
            click.echo("Single clicks are on ClickHouse, and not in it: back them up there.")


@click.command()
@click.argument("file", type=FILE)
@json_option
def restore(file: Path, as_json: bool) -> None:
    """Restore a backup into an empty data folder and database, and load its journals."""
    from linktrack import background
    from linktrack.installation import Installation
    from linktrack.settings import load_settings
    from linktrack.upkeep import restore as restoring
    from linktrack.upkeep.health.status import status_of

    done = restoring.restore(load_settings(), file, os.environ)
    opened = Installation.open()
    opened.database.migrate()
    with opened.database.reachable():
        opened.keep_up()
        progress = background.make_loader(opened).load()
        tell(opened, restoring.RESTORED.format(file.name))
        with opened.database.session() as session:
            found = status_of(session, opened.settings, this_moment())
    opened.database.close()
    if as_json:
        print_json(
            {
                "made_at": done.manifest.made_at,
                "links": found["links"],
                "clicks": found["clicks"],
                "replayed": progress.clicks,
                "settings": done.different,
            }
        )
        return
    clicks = found["clicks"] or 0
    click.echo(
        f"The backup of {done.manifest.made_at[:19]} is restored: {found['links']:,} links, "
        f"{clicks:,} clicks, of which {progress.clicks:,} came from journals."
    )
    if done.different:
        click.echo("It was made with these settings, which are different here:")
        for name, value in done.different.items():
            click.echo(f"  {name}={value}")


@click.command()
@click.option("--backup", "file", type=FILE, help="Where to put the backup; default: DATA/backups.")
@click.option("--restart", metavar="UNIT", help="Restart this systemd unit afterwards.")
def upgrade(file: Path | None, restart: str | None) -> None:
    """Back up, migrate the database to this version, and restart the service."""
    from linktrack.clicks.loading.backfill import count_added
    from linktrack.installation import Installation
    from linktrack.upkeep.upgrade import upgrade as bring_up

    opened = Installation.open()
    try:
        with opened.database.reachable():
            done = bring_up(opened, os.environ, this_moment(), file)
            opened.keep_up()
            # A service of the version before may be running: the new one's loader counts again.
            count_added(opened.database.engine, opened.days(), last=False)
            if done.changed:
                tell(opened, "Upgraded the database.")
    finally:
        opened.database.close()
    if done.backup is not None:
        click.echo(f"Backed up to {done.backup}.")
    click.echo("The database is up to date." if done.changed else "The database was up to date.")
    if restart is None:
        click.echo("Restart the service now: systemctl restart linktrack (or however you run it).")
        return
    ended = subprocess.run(["systemctl", "restart", restart], check=False)  # noqa: S603, S607
    if ended.returncode != 0:
        raise click.ClickException(f"systemctl could not restart {restart}: do it by hand.")
    click.echo(f"{restart} is restarted.")


@click.command("check-links")
@click.option(
    "--most",
    default=500,
    show_default=True,
    type=click.IntRange(1),
    help="Most follows in one run.",
)
@json_option
def check_links(most: int, as_json: bool) -> None:
    """Check that the destinations of links that are still clicked work.

    Skips those checked within the last seven days. The service does this by itself.
    """
    from linktrack.upkeep import link_checks

    with installation(existing=True) as opened:
        visiting = link_checks.visitor_for(opened.settings.base_url)
        visited = link_checks.check_links(opened.database, this_moment(), visiting, most)
        with opened.database.session() as session:
            dead = link_checks.dead_links(session, this_moment(), 1000)
            lines = [
                {
                    "code": item.link.code,
                    "destination": item.link.destination,
                    "problem": item.check.problem,
                    "clicks": item.clicks,
                }
                for item in dead
            ]
    if as_json:
        print_json({"visited": visited, "dead": lines})
        return
    click.echo(f"{visited:,} destinations were checked; {len(lines):,} are broken.")
    for line in lines:
        click.echo("{code}: {problem} {destination}".format_map(line))
