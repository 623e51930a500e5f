"""Commands that show and change the settings that are stored in the database."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Commands, Work, reading, writing
from linktrack.owners.stored_settings import SettingLine


@click.group(cls=Commands)
def setting() -> None:
    """Show and change settings. The environment wins over what is stored."""


def _json(line: SettingLine) -> dict[str, object]:
    return {
        "name": line.setting.name,
        "value": line.value or None,
        "source": line.source,
        "default": line.setting.default,
        "meaning": line.setting.meaning,
        "changeable": line.setting.label is not None,
    }


def _lines(work: Work) -> list[SettingLine]:
    from linktrack.owners.stored_settings import read_stored, setting_lines

    return setting_lines(work.installation.settings, read_stored(work.installation.database.engine))


@setting.command("list")
@answering
def list_settings(work: Work) -> Answer:
    """List every setting, its value, and where the value comes from."""
    lines = _lines(work)
    rows = [(line.setting.name, line.value or line.setting.default, line.source) for line in lines]
    return Answer([_json(line) for line in lines], Table(("setting", "value", "source"), rows))


@setting.command()
@click.argument("name")
@answering
def get(work: Work, name: str) -> Answer:
    """Print the value of one setting."""
    from linktrack.owners.stored_settings import setting_named

    wanted = setting_named(name)
    line = next(line for line in _lines(work) if line.setting is wanted)
    return Answer(_json(line), line.value or line.setting.default)


@setting.command("set")
@click.argument("name")
@click.argument("value")
@click.option("--yes", is_flag=True, help="Shorten for how long single clicks are kept.")
def set_(name: str, value: str, yes: bool) -> None:
    """Change a setting. The running service follows within seconds."""
    _change(name, value, confirmed=yes)


@setting.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Shorten for how long single clicks are kept.")
def unset(name: str, yes: bool) -> None:
    """Go back to a setting's default."""
    _change(name, "", confirmed=yes)


def _change(name: str, value: str, *, confirmed: bool) -> None:
    from linktrack.owners.stored_settings import change_settings, setting_named

    wanted = setting_named(name)
    with writing() as work:
        environment = work.installation.environment
        changed = change_settings(
            work.session, environment, {wanted.name: value}, work.now, confirmed=confirmed
        )
    if not changed:
        click.echo(f"{wanted.name} already had that value.")
    elif value.strip():
        click.echo(f"{wanted.name} is {value.strip()} now.")
    else:
        click.echo(f"{wanted.name} is back to its default.")
    _say_what_is_left()


def _say_what_is_left() -> None:
    """Say it if figures are still counted with another time zone."""
    from linktrack.clicks.counts.counted_by import changed_settings

    with reading() as work:
        changed = changed_settings(work.session.connection(), work.installation.days())
    for each in changed:
        click.echo(each.sentence)
