"""Commands for the people that links promote, and for your own sites."""

from datetime import datetime

import click

from linktrack.cli.answers import Answer, Table, answering, rows_answer
from linktrack.cli.common import Commands, Work, range_options, writing


@click.group(cls=Commands)
def people() -> None:
    """Manage the people your links promote."""


@people.command()
@click.argument("name")
@click.option("--host", "hosts", multiple=True, help="Their site: links to it promote them.")
@click.option(
    "--mention", "mentions", multiple=True, help="Their @name: links in posts with it promote them."
)
def add(name: str, hosts: tuple[str, ...], mentions: tuple[str, ...]) -> None:
    """Add a person, or rules for an existing one; the rules match existing links too."""
    from linktrack.errors import NotFound
    from linktrack.links.people import add_person, add_rule, find_person

    with writing() as work:
        try:
            person = find_person(work.session, name) if hosts or mentions else None
        except NotFound:
            person = None
        told = "Added rules for" if person else "Added"
        person = person or add_person(work.session, name, work.now)
        for kind, values in (("host", hosts), ("mention", mentions)):
            for value in values:
                add_rule(work.session, person, kind, value, work.now)
        name = person.name
    click.echo(f"{told} {name}.")


@people.command("list")
@answering
def list_(work: Work) -> Answer:
    """List people with the clicks your links brought them."""
    return _people(work, None)


@people.command()
@click.argument("name")
@click.option("--remove-host", "hosts", multiple=True, help="Links to it no longer promote them.")
@click.option(
    "--remove-mention", "mentions", multiple=True, help="Posts with it no longer promote them."
)
def edit(name: str, hosts: tuple[str, ...], mentions: tuple[str, ...]) -> None:
    """Remove rules of a person; linktrack people add adds some."""
    from linktrack.links.people import find_person, remove_rule
    from linktrack.links.promotion import HOST, MENTION, check_host, check_mention

    if not hosts and not mentions:
        raise click.UsageError("Say which --remove-host or --remove-mention.")
    with writing() as work:
        person = find_person(work.session, name)
        for host in hosts:
            remove_rule(work.session, person, HOST, check_host(host), work.now)
        for mention in mentions:
            remove_rule(work.session, person, MENTION, check_mention(mention), work.now)
        number = len(person.rules)
    click.echo(f"{name} has {number} rule{'' if number == 1 else 's'} now.")


@people.command()
@click.argument("name")
def remove(name: str) -> None:
    """Delete a person; links and clicks stay."""
    from linktrack.links.people import find_person, remove_person

    with writing() as work:
        remove_person(work.session, find_person(work.session, name), work.now)
    click.echo(f"Deleted {name}.")


@people.command()
@click.argument("name")
@click.option(
    "--stop", is_flag=True, help="Turn the page off; turning it on again creates a new link."
)
def share(name: str, stop: bool) -> None:
    """Turn on a person's public thank-you page, and print its link."""
    from linktrack.links.people import find_person, page_address, share_page

    with writing() as work:
        person = find_person(work.session, name)
        share_page(work.session, person, work.now, is_public=not stop)
        address = page_address(work.installation.settings.base_url, work.installation.keys, person)
    click.echo(address or f"The page of {name} is off.")


@click.command("people")
@click.argument("handle", required=False)
@range_options
@answering
def report_people(work: Work, handle: str | None, since: str | None, until: str | None) -> Answer:
    """The clicks your links brought to the people they promote."""
    return _people(work, handle, work.moment(since), work.moment(until))


def _people(
    work: Work,
    handle: str | None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Answer:
    from linktrack.links.excerpts import excerpt
    from linktrack.reports.figures.words import per_thousand
    from linktrack.reports.links.kinds import people_json, people_report

    found = people_report(work.session, work.account(handle), since=since, until=until)
    promoted = Table(
        ("person", "links", "posts", "unique clicks", "clicks", "per 1,000 followers", "best post"),
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
    return Answer(people_json(found), promoted)


@click.group(cls=Commands)
def site() -> None:
    """Manage the list of your own sites."""


@site.command("add")
@click.argument("host")
def add_site(host: str) -> None:
    """Add one of your own sites; its subdomains count too."""
    from linktrack.links.people import add_own_site

    with writing() as work:
        host = add_own_site(work.session, host, work.now)
    click.echo(f"Links to {host} are your own.")


@site.command("list")
@answering
def list_sites(work: Work) -> Answer:
    """List your own sites."""
    from linktrack.clicks.conversions.sites import own_sites

    rows = [(site.host, site.click_ids) for site in own_sites(work.session)]
    return rows_answer(("host", "click_ids"), rows)


@site.command("edit")
@click.argument("host")
@click.option(
    "--click-ids/--no-click-ids",
    required=True,
    help="Whether readers come there with a click id, so that goals find their clicks.",
)
def edit_site(host: str, click_ids: bool) -> None:
    """Turn click ids on or off for one of your own sites."""
    from linktrack.clicks.conversions.sites import set_click_ids

    with writing() as work:
        host = set_click_ids(work.session, host, click_ids, work.now)
    click.echo(f"Readers come to {host} {'with' if click_ids else 'without'} a click id.")


@site.command("remove")
@click.argument("host")
def remove_site(host: str) -> None:
    """Remove one of your own sites."""
    from linktrack.links.people import remove_own_site

    with writing() as work:
        host = remove_own_site(work.session, host, work.now)
    click.echo(f"Links to {host} are other people's.")


@click.command("own")
@click.argument("handle")
@range_options
@answering
def report_own(work: Work, handle: str, since: str | None, until: str | None) -> Answer:
    """Links to your own sites compared with other links."""
    from linktrack.reports.figures.words import per_thousand
    from linktrack.reports.links.kinds import own_links_json, own_links_report

    account = work.account(handle)
    found = own_links_report(work.session, account, work.moment(since), work.moment(until))
    kinds = Table(
        ("links to", "links", "posts", "unique clicks", "clicks", "per 1,000 followers"),
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
    hint = [] if found.hosts else ["linktrack site add HOST adds one."]
    return Answer(own_links_json(found), found.sentence, *hint, kinds)
