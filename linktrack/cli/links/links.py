"""Commands that show single links, and change them."""

from datetime import datetime
from pathlib import Path

import click

from linktrack.cli.answers import Answer, answering
from linktrack.cli.common import Commands, Work, json_option, local, print_json, writing
from linktrack.cli.links.editing import edit
from linktrack.cli.links.labels import add, list_links
from linktrack.cli.links.limits import limits_in_words
from linktrack.cli.links.many import list_changes_command, undo
from linktrack.cli.links.qr import qr
from linktrack.cli.links.rules import rules
from linktrack.cli.links.unknown import unknown


@click.group(cls=Commands)
def link() -> None:
    """Make, list, describe, disable or redirect links, one or many."""


link.add_command(add)
link.add_command(edit)
link.add_command(list_links)
link.add_command(list_changes_command)
link.add_command(undo)
link.add_command(qr)
link.add_command(unknown)
link.add_command(rules)


@link.command()
@click.argument("code")
@answering
def show(work: Work, code: str) -> Answer:
    """Show a link's destination, past destinations and clicks."""
    from linktrack.reports.links.link import link_json

    found = link_json(work.session, work.installation.shortener, work.link(code), work.now)
    name = found["title"] or found["page_title"]
    said = [
        *([name] if name else []),
        f"{found['short_url']}  →  {found['destination']}",
        (
            f"{found['clicks']:,} clicks, {found['unique_clicks']:,} people who clicked, "
            f"{found['not_human']:,} filtered out"
        ),
    ]
    if found["tags"]:
        said.append(f"tags: {', '.join(found['tags'])}")
    if found["note"]:
        said.append(f"note: {found['note']}")
    said += limits_in_words(found)
    if found["disabled_at"]:
        said.append(f"disabled on {_shown(found['disabled_at'])}")
    for total in found["imported"]:
        before = f"before {_shown(total['before'])}, as {total['source']} counted"
        said.append(f"imported: {total['clicks']:,} clicks {before}")
    said += [f"  since {_shown(step['since'])}: {step['destination']}" for step in found["history"]]
    return Answer(found, *said)


def _shown(written: str) -> str:
    return local(datetime.fromisoformat(written))


@link.command()
@click.argument("code")
def disable(code: str) -> None:
    """Answer clicks on the link with "gone" from now on."""
    _set_disabled(code, disabled=True)
    click.echo(f"{code} is disabled. Undo: linktrack link enable {code}")


@link.command()
@click.argument("code")
def enable(code: str) -> None:
    """Enable a disabled link again."""
    _set_disabled(code, disabled=False)
    click.echo(f"{code} redirects again.")


def _set_disabled(code: str, disabled: bool) -> None:
    from linktrack.links.catalog import set_disabled

    with writing() as work:
        found = work.link(code)
        set_disabled(work.session, found, disabled, work.now)


@link.command()
@click.argument("code")
@click.argument("destination")
def redirect(code: str, destination: str) -> None:
    """Change a link's destination from now on; the history is kept."""
    from linktrack.links.catalog import change_destination

    with writing() as work:
        found = work.link(code)
        change_destination(work.session, work.installation.shortener, found, destination, work.now)
        told = found.destination
    click.echo(f"{code} leads to {told} now.")


@link.command()
@click.argument("code")
@click.option("--title", help="Show this instead of the page's title; '' restores the page's own.")
@click.option("--description", help="Show this instead of the page's description.")
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Show this PNG, JPEG or WebP instead of the page's picture.",
)
@click.option("--no-picture", is_flag=True, help="Show the page's own picture again.")
@click.option("--read", is_flag=True, help="Read the page again, within seconds of the service.")
@json_option
def card(
    code: str,
    title: str | None,
    description: str | None,
    *,
    picture: Path | None,
    no_picture: bool,
    read: bool,
    as_json: bool,
) -> None:
    """Show a link's preview card, or change its text and picture."""
    from linktrack.links.cards.cards import read_again, set_own_words
    from linktrack.links.looks.encoding import read_file
    from linktrack.links.looks.pictures import set_picture
    from linktrack.reports.links.link import card_json

    with writing() as work:
        found = work.link(code)
        set_own_words(work.session, found, title, description)
        if picture is not None:
            set_picture(work.session, found, read_file(picture), work.now)
        elif no_picture:
            set_picture(work.session, found, b"", work.now)
        if read:
            read_again(work.session, found)
        answer = card_json(work.session, work.installation.shortener, found)
    if as_json:
        print_json(answer)
        return
    for part in ("title", "description", "picture", "problem"):
        if answer[part]:
            click.echo(f"{part}: {answer[part]}")
    click.echo(f"read: {answer['read_at'] or 'not yet'}")


@link.command()
@click.argument("code")
@click.argument("choice", type=click.Choice(["on", "off"]))
def forward(code: str, choice: str) -> None:
    """Pass a click's query string on to the destination, or stop passing it on."""
    from linktrack.links.catalog import set_forwarding

    with writing() as work:
        found = work.link(code)
        set_forwarding(work.session, found, choice == "on", work.now)
    click.echo(f"{code}: query strings are {'' if choice == 'on' else 'not '}forwarded.")


@link.command()
@click.argument("code")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Remove them from the link.")
def promote(code: str, name: str, remove: bool) -> None:
    """Set whom the link promotes."""
    from linktrack.links.people import find_person, remove_promotion
    from linktrack.links.people import promote as promote_person

    with writing() as work:
        found = work.link(code)
        act = remove_promotion if remove else promote_person
        act(work.session, found, find_person(work.session, name), work.now)
    click.echo(f"{code} {'no longer ' if remove else ''}promotes {name}.")
