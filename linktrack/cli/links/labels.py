"""Commands that make and list links."""

from collections.abc import Callable

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Work, json_option, print_json, writing
from linktrack.cli.links.limits import STATES, Wanted, limiting
from linktrack.cli.links.many import make_from_table

title_option = click.option("--title", help="What to call it; '' shows the page's own title.")
note_option = click.option("--note", help="A note for yourself and your team; '' removes it.")
tags_option = click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; repeatable.")


def describing(command: Callable[..., None]) -> Callable[..., None]:
    """Add --title, --tag and --note."""
    return title_option(tags_option(note_option(command)))


@click.command()
@click.argument("handle", required=False)
@click.argument("destination", required=False)
@click.option("--slug", help="A custom short code.")
@click.option("--domain", metavar="HOST", help="Its domain; else the one of the account's links.")
@describing
@click.option("--file", metavar="FILE", help="Make a link of each row of a table; - reads it here.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "ndjson"]),
    default="csv",
    show_default=True,
    help="How to print the table with its short links.",
)
@click.option("--preview", is_flag=True, help="Say what is wrong with the table; make nothing.")
@limiting
@json_option
def add(
    handle: str | None,
    destination: str | None,
    slug: str | None,
    domain: str | None,
    title: str | None,
    tags: tuple[str, ...],
    note: str | None,
    *,
    limits: Wanted,
    file: str | None,
    kind: str,
    preview: bool,
    as_json: bool,
) -> None:
    """Make a link without a post, for a poster or a profile; with --file, many.

    FILE has one address on each line, or a table whose first line names its columns: address, and
    any of slug, title, tags, note and account. Links of rows without an account belong to HANDLE.
    If any row is wrong, no link is made.
    """
    if file is not None:
        if destination is not None or slug or title or note or tags or limits.is_any:
            raise click.UsageError("With --file, everything but HANDLE is in the table.")
        make_from_table(handle, file, kind=kind, preview=preview, as_json=as_json)
        return
    if handle is None or destination is None or preview:
        raise click.UsageError("Give HANDLE and DESTINATION, or a table with --file.")
    from linktrack.links.catalog import add_lone_link
    from linktrack.links.labels import describe
    from linktrack.reports.links.link import link_json

    with writing() as work:
        link = add_lone_link(
            work.session,
            work.installation.shortener,
            account_id=work.account(handle).id,
            written=destination,
            at=work.now,
            slug=slug,
            tags=tags,
            on=domain,
        )
        describe(work.session, link, work.now, title=title, note=note, tags=tags)
        limits.set(work, link)
        answer = link_json(work.session, work.installation.shortener, link, work.now)
    if as_json:
        print_json(answer)
    else:
        click.echo(answer["short_url"])


@click.command("list")
@click.argument("handle", required=False)
@click.option("--search", default="", help="In code, destination, title, note and tags.")
@click.option("--tag", metavar="TAG", help="Only links with this tag.")
@click.option(
    "--state",
    type=click.Choice(STATES),
    help="Only those.",
)
@click.option(
    "--sort", type=click.Choice(["newest", "clicks"]), default="newest", show_default=True
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@answering
def list_links(
    work: Work,
    handle: str | None,
    search: str,
    tag: str | None,
    state: str | None,
    sort: str,
    limit: int,
) -> Answer:
    """List links with their clicks of all time."""
    from linktrack.reports.links.listed import (
        LinkSearch,
        link_rows,
        links_page,
        order_named,
        state_named,
    )

    wanted = LinkSearch(
        account_id=work.account_id(handle),
        search=search,
        tag=tag,
        state=state_named(state or ""),
        order=order_named(sort),
    )
    shortener = work.installation.shortener
    found = links_page(work.session, shortener, wanted, None, limit, at=work.now)
    rows = link_rows(found, shortener, work.handles())
    return Answer(
        rows,
        Table(
            ["short link", "destination", "title", "tags", "account", "clicks", "unique clicks"],
            [
                (
                    row["short_url"],
                    row["destination"],
                    row["title"] or row["page_title"],
                    ", ".join(row["tags"]),
                    row["account"],
                    row["clicks"],
                    row["unique_clicks"],
                )
                for row in rows
            ],
        ),
    )
