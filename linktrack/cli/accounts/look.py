"""The command for how the QR codes of an account look."""

from pathlib import Path

import click

from linktrack.cli.common import json_option, print_json, writing


@click.command()
@click.argument("handle")
@click.option("--colour", help="Of the codes, such as #0a3d62; '' is black again.")
@click.option("--background", help="Around them, clearly lighter; '' is white again.")
@click.option(
    "--logo",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A PNG or JPEG for the middle.",
)
@click.option("--no-logo", is_flag=True, help="Without a logo from now on.")
@json_option
def look(
    handle: str,
    *,
    colour: str | None,
    background: str | None,
    logo: Path | None,
    no_logo: bool,
    as_json: bool,
) -> None:
    """Show or change how the QR codes of this account's links look."""
    from linktrack.links.looks.encoding import read_file
    from linktrack.links.looks.qr_looks import look_json, set_look

    if logo is not None and no_logo:
        raise click.UsageError("Give --logo or --no-logo, not both.")
    file = b"" if no_logo else None if logo is None else read_file(logo)
    with writing() as work:
        account = work.account(handle)
        chosen = set_look(
            work.session, account, work.now, colour=colour, background=background, logo=file
        )
    answer = look_json(chosen)
    if as_json:
        print_json(answer)
    else:
        with_logo = "with" if answer["logo"] else "without"
        click.echo(f"{answer['colour']} on {answer['background']}, {with_logo} a logo")
