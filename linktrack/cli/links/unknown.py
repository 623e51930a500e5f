"""Commands about codes that people ask for and no link has."""

from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Commands, Work, json_option, print_json, writing

if TYPE_CHECKING:
    from datetime import date

    from linktrack.clicks.unknown.listing import UnknownCode
    from linktrack.links.models import Link


@click.group(cls=Commands)
def unknown() -> None:
    """See which codes people ask for that no link has, and make links of them."""


@unknown.command("list")
@click.option("--ignored", is_flag=True, help="Those that you ignore.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@answering
def list_codes(work: Work, ignored: bool, limit: int) -> Answer:
    """List them: how many people asked in the last 30 days, and which link they meant."""
    from linktrack.clicks.unknown.likely import likely_links
    from linktrack.clicks.unknown.listing import list_unknown, unknown_json
    from linktrack.clicks.unknown.making import short_urls

    shortener = work.installation.shortener
    found = list_unknown(work.session, _today(work), ignored=ignored, most=limit)
    likely = likely_links(work.session, shortener.codes, found)
    urls = short_urls(work.session, shortener, found)
    rows = [unknown_json(each, likely.get(each.id), urls[each.id]) for each in found]
    table = [
        (
            row["short_url"],
            row["people"],
            row["requests"],
            row["first_day"],
            row["last_day"],
            f"{row['probably']} ({row['why']})" if row["probably"] else "",
        )
        for row in rows
    ]
    header = ["short link", "people", "requests", "first", "last", "probably"]
    return Answer(rows, Table(header, table))


@unknown.command()
@click.argument("code")
@click.argument("handle")
@click.argument("destination")
@json_option
def make(code: str, handle: str, destination: str, as_json: bool) -> None:
    """Make a code that people asked for a link of an account."""
    from linktrack.clicks.unknown.making import make_link

    with writing() as work:
        made = make_link(
            work.session,
            work.installation.shortener,
            _unknown(work, code),
            account_id=work.account(handle).id,
            written=destination,
            at=work.now,
        )
        _tell(work, made, as_json)


@unknown.command()
@click.argument("code")
@click.argument("link")
@json_option
def lead(code: str, link: str, as_json: bool) -> None:
    """Make a code a link to where another link leads, with its title and tags."""
    from linktrack.clicks.unknown.making import lead_to

    with writing() as work:
        shortener = work.installation.shortener
        made = lead_to(work.session, shortener, _unknown(work, code), link, work.now)
        _tell(work, made, as_json)


@unknown.command()
@click.argument("code")
def ignore(code: str) -> None:
    """No longer list or count a code."""
    _set_ignored(code, ignored=True)
    click.echo(f"{code} is ignored. Undo: linktrack link unknown watch {code}")


@unknown.command()
@click.argument("code")
def watch(code: str) -> None:
    """List and count a code again that was ignored."""
    _set_ignored(code, ignored=False)
    click.echo(f"{code} is counted and listed again.")


def _set_ignored(code: str, ignored: bool) -> None:
    from linktrack.clicks.unknown.making import set_ignored

    with writing() as work:
        set_ignored(work.session, _unknown(work, code), ignored, work.now)


def _unknown(work: Work, code: str) -> "UnknownCode":
    from linktrack.clicks.unknown.listing import get_unknown
    from linktrack.clicks.unknown.making import number_of

    base_url = work.installation.settings.base_url
    return get_unknown(work.session, number_of(work.session, base_url, code), _today(work))


def _today(work: Work) -> "date":
    return work.now.astimezone(work.installation.settings.timezone).date()


def _tell(work: Work, made: "Link", as_json: bool) -> None:
    from linktrack.reports.links.link import link_json

    answer = link_json(work.session, work.installation.shortener, made, work.now)
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{answer['short_url']}  →  {answer['destination']}")
