"""Commands that bring in links, clicks, or a whole installation."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from linktrack.cli.common import (
    Commands,
    counting,
    installation,
    json_option,
    print_json,
    tell,
    this_moment,
)

if TYPE_CHECKING:
    from datetime import datetime

    from linktrack.ids import AccountId
    from linktrack.installation import Installation
    from linktrack.portability.clicks.importing import BrokenLine, ImportedClicks
    from linktrack.portability.links.importing import ImportedLinks

FILE = click.Path(path_type=Path)
CLICK_FORMATS = (
    "bitly-feed",
    "yourls-log",
    "shlink-visits",
    "goatcounter",
    "combined-log",
    "ndjson",
)
LINK_FORMATS = ("yourls", "bitly", "shlink", "kutt", "dub", "csv")


domain_option = click.option(
    "--domain", help="The short links' domain, such as bit.ly, if the files don't say."
)


@click.group("import", cls=Commands)
def import_() -> None:
    """Import links, clicks, or a whole installation."""


@import_.command("links")
@click.argument("form", metavar="FORMAT", type=click.Choice(LINK_FORMATS))
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--account", "handle", required=True, help="The account the links belong to.")
@domain_option
@json_option
def import_links_command(
    form: str, files: tuple[Path, ...], handle: str, domain: str | None, as_json: bool
) -> None:
    """Import another shortener's links; importing a file again adds only what is new.

    FORMAT is yourls (database dump, or JSON of its plugins), bitly, shlink (both: CSV or pages
    of the API), kutt (pages of the API), dub (CSV), or csv: any with a column of long addresses.
    Links keep their codes if those are free. Their old click totals are kept as
    imported, separate from clicks counted here.
    """
    from dataclasses import asdict

    from linktrack.portability.links.formats import LINK_FORMATS as READERS
    from linktrack.portability.links.importing import Reading, import_links

    with installation() as opened:
        account_id, parse_time = _how_to_read(opened, handle)
        with _progress(files) as progress:
            done = import_links(
                opened.database,
                opened.shortener,
                account_id,
                READERS[form],
                files,
                reading=Reading(parse_time, this_moment(), _domain(domain), progress),
            )
        tell(opened, f"Imported links for {handle} from {len(files)} files.")
    if as_json:
        print_json(asdict(done))
    else:
        _print_links(done)
    _judge(done.is_whole, done.broken, done.unread)


@import_.command("clicks")
@click.argument("form", metavar="FORMAT", type=click.Choice(CLICK_FORMATS))
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option("--account", "handle", required=True, help="The account the clicks belong to.")
@domain_option
@json_option
def import_clicks_command(
    form: str, files: tuple[Path, ...], handle: str, domain: str | None, as_json: bool
) -> None:
    """Import old clicks; importing a file again adds only what is new.

    FORMAT is bitly-feed (Bitly's public click feed), yourls-log (database dump), shlink-visits
    (pages of the API), goatcounter (CSV), combined-log (Apache, nginx), or ndjson (linktrack's own
    export). Import the links first: only bitly-feed and ndjson include destinations.
    """
    from dataclasses import asdict

    from linktrack.background import make_loader
    from linktrack.portability.clicks.formats import click_formats
    from linktrack.portability.clicks.importing import import_clicks
    from linktrack.portability.export.visitor_keys import import_key

    with installation() as opened:
        account_id, parse_time = _how_to_read(opened, handle)
        make_loader(opened).load()  # what was clicked just now may be in the files, too
        with _progress(files) as progress:
            done = import_clicks(
                opened.database,
                opened.shortener,
                account_id,
                click_formats(parse_time)[form],
                files,
                visitor_key=import_key(opened.settings.data, account_id),
                now=this_moment(),
                domain=_domain(domain),
                progress=progress,
            )
        opened.delete_old_clicks(this_moment())
        tell(opened, f"Imported clicks of {handle} from {len(files)} files.")
    if as_json:
        print_json(asdict(done))
    else:
        _print_clicks(done)
    _judge(done.is_whole, done.broken)


@import_.command("all")
@click.argument("file", metavar="FILE.zip", type=FILE)
@json_option
def import_all_command(file: Path, as_json: bool) -> None:
    """Restore an installation from a file of `linktrack export all`; this one must be empty."""
    from linktrack.portability.export.restore import import_all

    with installation() as opened:
        with counting("Importing") as progress:
            done = import_all(opened.database, file, progress)
        opened.keep_up()  # the time zone may have come with it
        timezone = opened.settings.timezone.key
    if as_json:
        print_json({"rows": dict(done.rows)})
        return
    click.echo(f"Restored {sum(done.rows.values()):,} rows of {len(done.rows)} tables.")
    click.echo(f"Its short links begin with {done.base_url}: set LINKTRACK_BASE_URL to that.")
    if opened.settings.clicks and done.rows.get("clicks"):
        click.echo("Its clicks are in the database now: linktrack clicks move --to clickhouse.")
    if done.timezone != timezone:
        click.echo(
            f"Its time zone is {done.timezone}: set LINKTRACK_TIMEZONE to that, or run "
            "linktrack rebuild."
        )


def _how_to_read(
    opened: "Installation", handle: str
) -> "tuple[AccountId, Callable[[str], datetime]]":
    """Return the account's number, and what reads a time: without an offset it is the owner's."""
    from linktrack.audience.accounts import find_account
    from linktrack.calendar.times import parse_moment

    with opened.database.session() as session:
        account_id = find_account(session, handle).id
    return account_id, partial(parse_moment, timezone=opened.settings.timezone)


@contextmanager
def _progress(files: tuple[Path, ...]) -> Iterator[Callable[[int], None]]:
    """Show a bar over the bytes of the files, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    length = sum(file.stat().st_size for file in files if file.is_file())
    with click.progressbar(length=length, label="Importing", file=sys.stderr) as bar:
        yield bar.update


def _domain(written: str | None) -> str | None:
    """Return a domain as links are known by; raises `Invalid` where it is none."""
    from linktrack.errors import Invalid
    from linktrack.portability.files.addresses import read_address

    if written is None:
        return None
    found = read_address(f"{written.rstrip('/')}/a")
    if found is None or found.domain is None or found.path != "a":
        raise Invalid(f"{written[:60]!r} is not a domain: write it like bit.ly.")
    return found.domain


def _judge(is_whole: bool, broken: int, unread: int = 0) -> None:
    """Fail where something was not understood, after all the rest was imported."""
    if is_whole:
        return
    what = [f"broken rows: {broken:,}"] if broken else []
    what += [f"links without their date, total or title: {unread:,}"] if unread else []
    raise click.ClickException(
        f"Not everything was understood ({', '.join(what)}), as listed above; everything else "
        f"was imported."
    )


def _print_clicks(done: "ImportedClicks") -> None:
    click.echo(f"Clicks added: {done.added:,}, already known: {done.known:,}.")
    if done.counted:
        click.echo(f"{done.counted:,} of {done.lines:,} lines were already counted live.")
    click.echo(f"Links made, each in a post of its own: {done.links:,}.")
    if done.disabled:
        click.echo(f"Of these links, disabled, since they led to no web page: {done.disabled:,}.")
    if done.codes_taken:
        named = ", ".join(done.taken) + (", …" if done.codes_taken > len(done.taken) else "")
        click.echo(f"Links that could not keep their short codes: {done.codes_taken:,} ({named}).")
    if done.measured:
        click.echo(f"Imported links that are measured now, and in reports: {done.measured:,}.")
    if done.lacking:
        click.echo(
            f"Links with fewer clicks here than their shortener counted, unmeasured as before: "
            f"{done.lacking:,}."
        )
    if done.unclear:
        click.echo(
            "Codes that two links have had, and which of them got the clicks; if that's wrong, "
            f"say --domain: {', '.join(done.unclear)}."
        )
    click.echo(
        f"Lines read: {done.lines:,}, of which no clicks {done.not_clicks:,}, "
        f"blank {done.blank:,}, broken {done.broken:,}."
    )
    _print_broken(done.broken, done.broken_lines)


def _print_links(done: "ImportedLinks") -> None:
    click.echo(
        f"Links added, each in a post of its own: {done.added:,}, already known: {done.known:,}."
    )
    click.echo(f"Clicks they had before, kept apart from counted ones: {done.clicks_before:,}.")
    if done.added:
        click.echo("Their posts are unmeasured, and in no rate, until you import their clicks too.")
    if done.aliases:
        click.echo(f"Other addresses of these links, which redirect too: {done.aliases:,}.")
    if done.disabled:
        click.echo(f"Of these links, disabled: {done.disabled:,}.")
    if done.differing:
        click.echo(f"Known links that the file describes differently: {done.differing:,}.")
    if done.codes_taken:
        click.echo(f"Links that could not keep their short codes: {done.codes_taken:,}.")
        for old, new in done.taken:
            click.echo(f"{old} is {new} now.")
        if done.codes_taken > len(done.taken):
            click.echo(f"… and {done.codes_taken - len(done.taken):,} more.")
    for notice in done.notices:
        click.echo(f"{notice.file}, line {notice.line}: {notice.why}.")
    _print_broken(done.broken, done.broken_lines)


def _print_broken(broken: int, named: "list[BrokenLine]") -> None:
    for line in named:
        click.echo(f"{line.file}, line {line.line}: {line.why}.")
    if broken > len(named):
        click.echo(f"… and {broken - len(named):,} more.")
