"""Commands about where single clicks are kept."""

import click

from linktrack.cli.common import installation, json_option, print_json


@click.group()
def clicks() -> None:
    """Move single clicks to ClickHouse, or back."""


@clicks.command()
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Choice(["clickhouse", "database"]),
    help="Where the clicks go; LINKTRACK_CLICKS names the ClickHouse in both directions.",
)
@json_option
def move(target: str, as_json: bool) -> None:
    """Move all single clicks; stop the service first, on every machine.

    It can be stopped and run again at any time. What the clicks come from is emptied once both have
    the same clicks of each link and day and the same first clicks. Counts stay as they are.
    """
    from linktrack.clicks.keeping.elsewhere import way_to
    from linktrack.clicks.keeping.moving import move_clicks
    from linktrack.errors import Invalid
    from linktrack.web.serving.alone import serve_alone

    with installation(existing=True) as opened:
        settings = opened.settings
        if not settings.clicks:
            raise Invalid("Say which ClickHouse with LINKTRACK_CLICKS, for this command too.")
        serve_alone(settings.data)

        def told(number: int) -> None:
            if not as_json:
                click.echo(f"{number:,} clicks are moved so far.", err=True)

        engine = opened.database.engine
        way = way_to(engine, settings, clickhouse=target == "clickhouse")
        number = move_clicks(engine, way, told)
    if as_json:
        print_json({"clicks": number, "to": target})
        return
    click.echo(f"All {number:,} clicks are moved.")
    if target == "database":
        click.echo("Now start the service without LINKTRACK_CLICKS.")
