"""The command that draws a link's QR code."""

from pathlib import Path

import click

from linktrack.cli.common import reading


@click.command()
@click.argument("code")
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="FILE.svg, which scales, or FILE.png.",
)
@click.option("--colour", help="Of the code, such as #0a3d62; default: the account's.")
@click.option("--background", help="Around it, clearly lighter.")
@click.option("--no-logo", is_flag=True, help="Without the account's logo.")
@click.option("--size", type=int, help="Its width in pixels.")
@click.option("--margin", type=int, default=4, show_default=True, help="In modules, 2 to 20.")
def qr(
    code: str,
    *,
    output: Path,
    colour: str | None,
    background: str | None,
    no_logo: bool,
    size: int | None,
    margin: int,
) -> None:
    """Draw a link's QR code, in its account's look but for what you choose here."""
    from linktrack.charts.qr import TYPES, Drawing, qr_code
    from linktrack.errors import Unavailable
    from linktrack.links.looks.qr_looks import look_of

    form = output.suffix[1:].lower()
    if form not in TYPES:
        raise click.UsageError("Name a file that ends in .svg or .png.")
    with reading() as work:
        link = work.link(code)
        look = look_of(work.session, link.account_id).but(colour, background, logo=not no_logo)
        address = work.installation.shortener.short_url(link.code or "", link.domain)
    drawing = Drawing(look.colour, look.background, look.logo, margin, size)
    made = qr_code(address, form, drawing)
    try:
        output.write_bytes(made)
    except OSError as error:
        raise Unavailable(f"{output} cannot be written: {error.strerror}.") from error
    click.echo(f"{output} leads to {address}")
