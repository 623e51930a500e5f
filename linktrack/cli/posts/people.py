"""Commands for people whom links promote, and for the owner's own sites."""

import click

from linktrack.cli.common import (
    Commands,
    installation,
    json_option,
    parse_time,
    print_json,
    print_table,
    range_options,
    transaction,
)


@click.group(cls=Commands)
def people() -> None:
    """People whom your links promote."""


@people.command()
@click.argument("name")
@click.option("--host", "hosts", multiple=True, help="Links to this site promote them.")
@click.option("--mention", "mentions", multiple=True, help="So do links of posts with this @name.")
def add(name: str, hosts: tuple[str, ...], mentions: tuple[str, ...]) -> None:
    """Add a person, or rules for one that is here; links made before are found by them too."""
    from linktrack.db import now
    from linktrack.errors import NotFound
    from linktrack.links.people import add_person, add_rule, find_person

    with transaction() as (_, session):
        try:
            person = find_person(session, name) if hosts or mentions else None
        except NotFound:
            person = None
        told = "Added rules for" if person else "Added"
        person = person or add_person(session, name, now())
        for kind, values in (("host", hosts), ("mention", mentions)):
            for value in values:
                add_rule(session, person, kind, value)
        name = person.name
    click.echo(f"{told} {name}.")


@people.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List people with what your links sent them."""
    _print_people(None, as_json)


@people.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget a person; links and clicks stay."""
    from linktrack.links.people import find_person, remove_person

    with transaction() as (_, session):
        remove_person(session, find_person(session, name))
    click.echo(f"{name} is forgotten.")


@people.command()
@click.argument("name")
@click.option("--stop", is_flag=True, help="Close the page; opened again it has a new address.")
def share(name: str, stop: bool) -> None:
    """Open a page that thanks a person, and print its address: whoever has it can read it."""
    from linktrack.links.people import find_person, page_address, share_page

    with transaction() as (opened, session):
        person = find_person(session, name)
        share_page(session, person, is_public=not stop)
        address = page_address(opened.settings.base_url, opened.keys, person)
    click.echo(address or f"The page of {name} is closed.")


@click.command("people")
@click.argument("handle", required=False)
@json_option
def report_people(handle: str | None, as_json: bool) -> None:
    """What your links sent to the people they promote."""
    _print_people(handle, as_json)


def _print_people(handle: str | None, as_json: bool) -> None:
    from linktrack.audience.accounts import find_account
    from linktrack.links.posts import excerpt
    from linktrack.reports.figures.words import per_thousand
    from linktrack.reports.links.kinds import people_json, people_report

    with installation() as opened, opened.database.session() as session:
        account = None if handle is None else find_account(session, handle)
        found = people_report(session, account)
        answer = people_json(found)
    if as_json:
        print_json(answer)
        return
    print_table(
        ("person", "links", "posts", "people", "clicks", "per 1,000 followers", "best post"),
        [
            (
                person.name,
                line.links,
                line.posts,
                line.unique_clicks,
                line.clicks,
                per_thousand(line.cpf),
                line.best and excerpt(line.best.written, 40),
            )
            for person, line in found.people
        ],
    )


@click.group(cls=Commands)
def site() -> None:
    """Sites of your own, told from other people's."""


@site.command("add")
@click.argument("host")
def add_site(host: str) -> None:
    """Say that a site, and those below it, are your own."""
    from linktrack.links.people import add_own_site

    with transaction() as (_, session):
        host = add_own_site(session, host)
    click.echo(f"Links to {host} are your own.")


@site.command("list")
@json_option
def list_sites(as_json: bool) -> None:
    """List your own sites."""
    from linktrack.links.people import list_own_sites

    with installation() as opened, opened.database.session() as session:
        hosts = list(list_own_sites(session))
    if as_json:
        print_json([{"host": host} for host in hosts])
    else:
        print_table(("host",), [(host,) for host in hosts])


@site.command("remove")
@click.argument("host")
def remove_site(host: str) -> None:
    """Say that a site is not your own."""
    from linktrack.links.people import remove_own_site

    with transaction() as (_, session):
        host = remove_own_site(session, host)
    click.echo(f"Links to {host} are other people's.")


@click.command("own")
@click.argument("handle")
@range_options
@json_option
def report_own(handle: str, since: str | None, until: str | None, as_json: bool) -> None:
    """Links to your own sites beside other people's."""
    from linktrack.audience.accounts import find_account
    from linktrack.reports.figures.words import per_thousand
    from linktrack.reports.links.kinds import own_links_json, own_links_report

    with installation() as opened, opened.database.session() as session:
        found = own_links_report(
            session,
            find_account(session, handle),
            parse_time(since, opened),
            parse_time(until, opened),
        )
    if as_json:
        print_json(own_links_json(found))
        return
    click.echo(found.sentence)
    print_table(
        ("links to", "links", "posts", "people", "clicks", "per 1,000 followers"),
        [
            (
                name,
                line.links,
                line.posts,
                line.unique_clicks,
                line.clicks,
                per_thousand(line.cpf),
            )
            for name, line in (("own sites", found.own), ("other people's", found.others))
        ],
    )
