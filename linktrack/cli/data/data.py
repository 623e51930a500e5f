"""Commands that take data out, and bring follower counts in."""

import sys
from pathlib import Path

import click

from linktrack.cli.answers import Answer, answering, rows_answer
from linktrack.cli.common import (
    Commands,
    Work,
    counting,
    installation,
    json_option,
    local,
    parse_time,
    print_json,
    tell,
    this_moment,
    writing,
)

FILE = click.Path(path_type=Path)
replace_option = click.option(
    "--replace", is_flag=True, help="Overwrite a different count recorded for the same time."
)


@click.group(cls=Commands)
def counts() -> None:
    """Record, import and list follower counts."""


# Unknown options are arguments here: -5 must be refused as a count, not as an option.
@counts.command("record", context_settings={"ignore_unknown_options": True})
@click.argument("handle")
@click.argument("count", type=int)
@click.option("--at", help="When the followers were counted (ISO); default: now.")
@replace_option
def record(handle: str, count: int, at: str | None, replace: bool) -> None:
    """Record how many followers an account had."""
    from linktrack.audience.counts import record_count

    with writing() as work:
        counted_at = work.moment(at) or work.now
        account = work.account(handle)
        done = record_count(
            work.session, account, count, counted_at, "entered", replace=replace, now=work.now
        )
        handle = account.handle
    told = "was already recorded" if done.unchanged else "is recorded"
    click.echo(f"{handle}: {count:,} followers on {local(counted_at)} {told}.")


@counts.command("import")
@click.argument("handle")
@click.argument("file", type=FILE)
@click.option("--column", metavar="NAME", help="The column with the counts, if it isn't clear.")
@replace_option
@json_option
def import_counts_command(
    handle: str, file: Path, column: str | None, replace: bool, as_json: bool
) -> None:
    """Import dated follower counts from a CSV file: all of them, or none."""
    from dataclasses import asdict

    from linktrack.portability.followers.counts_csv import import_counts

    with writing() as work:
        account = work.account(handle)
        done = import_counts(
            work.session,
            account,
            file,
            column=column,
            replace=replace,
            timezone=work.installation.settings.timezone,
            now=work.now,
        )
        handle = account.handle
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        f"{handle}: counts added {done.added:,}, already known {done.unchanged:,}, "
        f"replaced {done.replaced:,}; rows without a count {done.empty:,}."
    )
    if done.others:
        click.echo(f"Rows of other accounts, left out: {done.others:,}.")


@counts.command("list")
@click.argument("handle")
@answering
def list_counts_command(work: Work, handle: str) -> Answer:
    """List the follower counts of an account, oldest first."""
    from linktrack.audience.counts import list_counts

    lines = [
        (row.counted_at, row.count, row.source)
        for row in list_counts(work.session, work.account(handle).id)
    ]
    header = ("counted at", "followers", "source")
    return rows_answer(("counted_at", "count", "source"), lines, header)


@click.command()
@click.argument(
    "what",
    type=click.Choice(
        [
            *("clicks", "links", "posts", "not-wrapped", "counts", "followers", "segments"),
            *("engagement", "goals", "all"),
        ]
    ),
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["ndjson", "csv"]),
    default="ndjson",
    show_default=True,
)
@click.option("--from", "since", metavar="TIME", help="From this date or time on.")
@click.option("--to", "until", metavar="TIME", help="Before this date or time.")
@click.option("--output", type=FILE, help="Write to this file; default: standard output.")
@click.option("--account", "handle", help="Only what belongs to this account.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME=VALUE",
    help="Filter clicks by link, post, segment, attribution, recognised_by, source, medium, "
    "device, human or reason; all must match.",
)
def export(
    what: str,
    form: str,
    since: str | None,
    until: str | None,
    output: Path | None,
    handle: str | None,
    only: tuple[str, ...],
) -> None:
    """Export clicks, links, posts, what was not wrapped, counts, followers, segments, or all.

    A range selects clicks, counts and posts by their own times, links and segments by when they
    were made, followers by the first list with them. `all` writes one zip file, from which
    `linktrack import all` restores an equal installation; keep it secret. --only has the values of
    the fields themselves, - for what is not known: --only segment=-.
    """
    from linktrack.audience.accounts import find_account
    from linktrack.portability.export.click_filters import find_wanted, read_filters
    from linktrack.portability.export.exports import Selection, stream
    from linktrack.portability.files.output import print_blocks, save

    if what == "all":
        if output is None or since or until or handle or only or form != "ndjson":
            raise click.UsageError("export all takes --output FILE.zip, and nothing else.")
        _export_all(output)
        return
    with installation(existing=True) as opened:
        with opened.database.session() as session:
            account_id = None if handle is None else find_account(session, handle).id
            codes = opened.shortener.codes
            wanted = find_wanted(session, codes, read_filters(only), account_id)
        selection = Selection(
            since=parse_time(since, opened),
            until=parse_time(until, opened),
            account_id=account_id,
            wanted=wanted,
        )
        blocks = stream(opened.database.engine, opened.shortener, what, form, selection)
        if output is None:
            print_blocks(sys.stdout.buffer, blocks)
        else:
            save(output, blocks)


def _export_all(output: Path) -> None:
    from linktrack.background import make_loader
    from linktrack.portability.export.everything import export_all

    with installation(existing=True) as opened:
        make_loader(opened).load()  # clicks that wait in the journals belong to everything
        with counting("Exporting") as progress:
            counts = export_all(opened.database, output, this_moment(), progress)
    click.echo(
        f"{output} has {sum(counts.values()):,} rows of {len(counts)} tables. Keep it secret: "
        "the codes' secret is in it."
    )


@click.command()
@click.option("--remove", is_flag=True, help="Remove the demo accounts and all their data.")
@json_option
def demo(remove: bool, as_json: bool) -> None:
    """Create four demo accounts with two simulated years of followers, posts and clicks.

    They are called @demo_me, @demo_you, @demo-you.example.com and demo_we; your own accounts are
    not touched.
    """
    from dataclasses import asdict

    from linktrack.portability.demo.making import make_demo, served
    from linktrack.portability.demo.removing import remove_demo

    with installation() as opened:
        if remove:
            remove_demo(opened.database)
            tell(opened, "Removed the demonstration.")
            click.echo('{"removed": true}' if as_json else "Removed the demonstration.")
            return
        made = make_demo(opened.database, served(opened), this_moment())
        tell(opened, "Made the demonstration.")
    if as_json:
        print_json(asdict(made))
    else:
        click.echo(
            f"Created {made.accounts} demo accounts with {made.posts:,} posts, {made.clicks:,} "
            f"clicks and {made.followers:,} followers, all simulated. Remove them with linktrack "
            "demo --remove."
        )
