"""Commands for the domains that short links begin with."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Commands, Work, writing


@click.group(cls=Commands)
def domain() -> None:
    """Manage the domains that short links begin with, and their front pages."""


@domain.command("list")
@answering
def list_(work: Work) -> Answer:
    """List the domains with their links, the first one first."""
    from linktrack.links.domains.listing import domain_lines

    lines = domain_lines(work.session, work.installation.settings.base_url)
    columns = ("address", "links", "account", "front page", "unknown links")
    rows = [
        (
            line["address"],
            line["links"],
            line["account"],
            line["front_address"] or line["front_title"],
            line["missing_address"] or line["missing_text"],
        )
        for line in lines
    ]
    return Answer({"data": lines}, Table(columns, rows))


@domain.command()
@click.argument("address")
def add(address: str) -> None:
    """Add a domain with codes of its own.

    ADDRESS is what its links begin with, such as https://go.example.org. Its name, and your proxy,
    should lead here: linktrack doctor looks.
    """
    from linktrack.links.domains.domains import add_domain

    with writing() as work:
        added = add_domain(work.session, _base(work), address, work.now)
        address = added.address
    click.echo(f"Added {address}. Look whether it leads here with: linktrack doctor")


@domain.command()
@click.argument("host", metavar="HOST|first")
@click.option("--address", help="What its links begin with from now on; posted ones go on.")
@click.option("--account", "handle", help="Whose its links are, where none is named; '' is nobody.")
@click.option("--title", "front_title", help="The front page's title; '' shows the host.")
@click.option("--text", "front_text", help="The front page's text; '' removes it.")
@click.option("--front", "front_address", help="Send strangers here instead; '' shows a page.")
@click.option("--missing-text", help="What unknown links say; '' says the usual.")
@click.option("--missing", "missing_address", help="Send unknown links here; '' shows a page.")
def edit(host: str, address: str | None, handle: str | None, **said: str | None) -> None:
    """Change a domain's address or account, or what strangers see there."""
    from dataclasses import replace

    from linktrack.links.domains.domains import move_domain
    from linktrack.links.domains.faces import face_of, set_default_account, set_face

    with writing() as work:
        found = work.domain(host)
        if address is not None:
            move_domain(work.session, _base(work), found, address, work.now)
        if handle is not None:
            account = work.account(handle or None)
            set_default_account(work.session, found, account, work.now)
        chosen = {name: value for name, value in said.items() if value is not None}
        if chosen:
            face = replace(face_of(found), **chosen)
            set_face(work.session, _base(work), found, face, work.now)
        name = found.host or _base(work)
    click.echo(f"{name} is changed.")


@domain.command()
@click.argument("host")
def remove(host: str) -> None:
    """Remove a domain that has no links."""
    from linktrack.links.domains.domains import remove_domain

    with writing() as work:
        remove_domain(work.session, work.domain(host), work.now)
    click.echo(f"{host} is removed.")


def _base(work: Work) -> str:
    return work.installation.settings.base_url
