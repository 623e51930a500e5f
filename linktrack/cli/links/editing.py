"""The command that changes links: one link's title, tags and note, or many links at once."""

from functools import partial
from typing import TYPE_CHECKING

import click

from linktrack.cli.common import Work, json_option, print_json, writing
from linktrack.cli.links.labels import describing
from linktrack.cli.links.limits import STATES, Wanted, limiting
from linktrack.cli.links.many import change_chosen

if TYPE_CHECKING:
    from linktrack.reports.links.link import LinkJson
    from linktrack.reports.links.listed import LinkSearch


@click.command()
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@describing
@click.option("--no-tags", is_flag=True, help="Remove all its tags.")
@limiting
@click.option("--count-anew", is_flag=True, help="Count the clicks it has left from 0.")
@click.option("--search", help="All links with this in code, destination, title, note or tags.")
@click.option("--tagged", metavar="TAG", help="All links with this tag.")
@click.option("--state", type=click.Choice(STATES), help="Only those.")
@click.option("--account", "handle", metavar="HANDLE", help="All links of this account.")
@click.option("--add-tag", "added", multiple=True, metavar="TAG", help="Repeatable.")
@click.option("--remove-tag", "removed", multiple=True, metavar="TAG", help="Repeatable.")
@click.option("--disable/--enable", "disabled", default=None, help="Whether they redirect.")
@click.option("--destination", metavar="ADDRESS", help="Lead all of them to this address.")
@click.option(
    "--replace",
    "replaced",
    nargs=2,
    metavar="OLD NEW",
    help="In destinations, replace a host (old.example) or how they begin (https://old.example/a).",
)
@click.option("--preview", is_flag=True, help="Show what would change; change nothing.")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
@json_option
def edit(
    codes: tuple[str, ...],
    title: str | None,
    tags: tuple[str, ...],
    note: str | None,
    *,
    no_tags: bool,
    limits: Wanted,
    count_anew: bool,
    search: str | None,
    tagged: str | None,
    state: str | None,
    handle: str | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    disabled: bool | None,
    destination: str | None,
    replaced: tuple[str, str] | None,
    preview: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Change a link's title, tags (all of them), note and limits, or many links at once.

    What you leave out stays. Many links are those with several CODEs, or all that --search,
    --tagged, --state and --account find together, up to 5,000: it shows what would change, and
    asks. linktrack link undo undoes it as a whole.
    """
    from linktrack.links.labels import describe
    from linktrack.links.many.changing import Wish
    from linktrack.reports.links.link import link_json

    if tags and no_tags:
        raise click.UsageError("Give --tag or --no-tags, not both.")
    describes = title is not None or note is not None or bool(tags) or no_tags
    describes = describes or count_anew or limits.is_any
    wish = Wish(
        add_tags=added,
        remove_tags=removed,
        disabled=disabled,
        destination=destination,
        replace=replaced,
    )
    changes = wish != Wish()
    finds = any(each is not None for each in (search, tagged, state, handle))
    if describes and (changes or finds or preview or len(codes) != 1):
        raise click.UsageError(
            "--title, --tag, --no-tags, --note and limits are for one CODE, alone."
        )
    if bool(codes) == finds:
        raise click.UsageError("Give CODEs, or one of --search, --tagged, --state and --account.")
    if changes:
        change_chosen(
            codes,
            partial(_search, search, tagged, state, handle) if finds else None,
            wish,
            preview=preview,
            yes=yes,
            as_json=as_json,
        )
    elif describes or (len(codes) == 1 and not preview):
        with writing() as work:
            link = work.link(codes[0])
            changed = tags if tags or no_tags else None
            describe(work.session, link, work.now, title=title, note=note, tags=changed)
            limits.set(work, link, anew=count_anew)
            answer = link_json(work.session, work.installation.shortener, link, work.now)
        _say(answer, as_json=as_json)
    else:
        raise click.UsageError("Say what to change: linktrack link edit --help lists it.")


def _search(
    search: str | None, tagged: str | None, state: str | None, handle: str | None, work: Work
) -> "LinkSearch":
    from linktrack.reports.links.listed import LinkSearch, state_named

    return LinkSearch(
        account_id=work.account_id(handle),
        search=search or "",
        tag=tagged,
        state=state_named(state or ""),
    )


def _say(answer: "LinkJson", *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        tagged = f" [{', '.join(answer['tags'])}]" if answer["tags"] else ""
        click.echo(f"{answer['code']}: {answer['title'] or 'no title'}{tagged}")
