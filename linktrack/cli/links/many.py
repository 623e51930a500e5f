"""Commands on many links at once: made from a table, changed together, and undone."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

import click

from linktrack.cli.answers import Answer, answering, rows_answer
from linktrack.cli.common import NUMBER, Work, json_option, print_json, reading, writing

if TYPE_CHECKING:
    from linktrack.links.many.changing import Plan, Wish
    from linktrack.portability.links.new_links import LinkTable
    from linktrack.reports.links.listed import LinkSearch
    from linktrack.reports.links.many import LinksChangeJson, NewLinksJson

    Find: TypeAlias = Callable[[Work], LinkSearch]

SHOWN = 20
"""Links of a preview that are shown as text; --json has them all."""


def make_from_table(
    handle: str | None, file: str, *, kind: str, preview: bool, as_json: bool
) -> None:
    """Make a link of each row of a file, and print the table with its short links.

    With `preview` nothing is made. Raises `Invalid` where a row is wrong.
    """
    from linktrack.links.many.making import check_rows, judge_rows, make_links
    from linktrack.reports.links.many import new_links_json

    table = _read(file)
    if table.unread:
        click.echo(f"Columns that mean nothing here: {', '.join(table.unread)}.", err=True)
    with writing() as work:
        shortener = work.installation.shortener
        judged = judge_rows(work.session, shortener, table.rows, work.account(handle))
        made = None
        for each in judged:
            for problem in each.problems:
                click.echo(f"Row {each.row.number}: {problem}", err=True)
        if not preview:
            check_rows(judged)
            made = make_links(work.session, shortener, judged, work.now)
        answer = new_links_json(shortener, judged, made)
    if as_json:
        print_json(answer)
    else:
        _print_rows(answer, kind)
    if made is not None:
        click.echo(f"Undo: linktrack link undo {made.change.id}", err=True)


def _read(file: str) -> "LinkTable":
    from linktrack.portability.links.new_links import read_table, table_text

    if file != "-":
        return read_table(table_text(Path(file)))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        path.write_bytes(sys.stdin.buffer.read())
        return read_table(table_text(path))


def _print_rows(answer: "NewLinksJson", kind: str) -> None:
    from linktrack.portability.export.report_csv import report_csv

    if kind == "csv":
        rows: Sequence[dict[str, object]] = [
            {**row, "problems": " ".join(row["problems"])} for row in answer["rows"]
        ]
        click.echo(report_csv(rows).replace("\r\n", "\n"), nl=False)
    else:
        for row in answer["rows"]:
            click.echo(json.dumps(row, ensure_ascii=False))


def change_chosen(
    codes: Sequence[str],
    find: "Find | None",
    wish: "Wish",
    *,
    preview: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Change the links with these codes, or those that a search finds, after showing which."""
    from linktrack.links.many.changing import change_many
    from linktrack.reports.links.many import links_change_json

    with reading() as work:
        plan = _plan(work, codes, find, wish)
        told = links_change_json(work.installation.shortener, plan)
        seen = plan.version
    if not preview and told["changed"]:
        if not yes:
            _show(told)
            many = "" if told["changed"] == 1 else "s"
            click.confirm(f"Change {told['changed']:,} link{many}?", abort=True, err=True)
        with writing() as work:
            plan = _plan(work, codes, find, wish)
            change = change_many(work.session, plan, work.now, seen=seen)
            told = links_change_json(work.installation.shortener, plan, change)
    if as_json:
        print_json(told)
    elif told["change"] is None:
        _show(told)
    else:
        click.echo(_counts(told))
        click.echo(f"Undo: linktrack link undo {told['change']}")


def _plan(work: Work, codes: Sequence[str], find: "Find | None", wish: "Wish") -> "Plan":
    from linktrack.links.many.changing import MOST_CHANGED, plan_change
    from linktrack.links.many.choosing import links_with_codes
    from linktrack.reports.links.listed import found_links

    shortener = work.installation.shortener
    if find is None:
        chosen = links_with_codes(work.session, shortener, codes)
    else:
        chosen = found_links(work.session, shortener, find(work), MOST_CHANGED + 1, at=work.now)
    return plan_change(work.session, shortener, chosen, wish, work.now)


def _show(told: "LinksChangeJson") -> None:
    for step in told["links"][:SHOWN]:
        before, after = step["before"], step["after"]
        said = []
        if before["destination"] != after["destination"]:
            said.append(f"{before['destination']} → {after['destination']}")
        if before["tags"] != after["tags"]:
            said.append(f"tags: {', '.join(after['tags']) or 'none'}")
        if before["disabled"] != after["disabled"]:
            said.append("disabled" if after["disabled"] else "redirects again")
        click.echo(f"{step['code']}  {'; '.join(said)}", err=True)
    more = told["changed"] - min(len(told["links"]), SHOWN)
    if more:
        click.echo(f"… and {more:,} more; --preview --json lists them.", err=True)
    for refused in told["refused"][:SHOWN]:
        click.echo(f"{refused['code']}  stays as it is: {refused['problem']}", err=True)
    if told["besides"]:
        names = " ".join(told["besides"][:SHOWN])
        click.echo(f"Their rules, or what comes after their end, lead there too: {names}", err=True)
    click.echo(_counts(told), err=True)


def _counts(told: "LinksChangeJson") -> str:
    verb = "change" if told["change"] is None else "changed"
    rest = f"; {told['same']:,} {'is' if told['same'] == 1 else 'are'} so already"
    cannot = f"; {len(told['refused']):,} can't" if told["refused"] else ""
    return f"{told['changed']:,} {verb}{rest}{cannot}."


@click.command("changes")
@answering
def list_changes_command(work: Work) -> Answer:
    """List what was done to many links at once, newest first."""
    from linktrack.links.many.recording import list_changes

    handles = work.handles()
    return rows_answer(
        ("id", "at", "by", "account", "links", "what", "undone_at"),
        [
            (
                change.id,
                change.at,
                change.actor,
                handles.get(change.account_id or 0),
                links,
                change.what,
                change.undone_at,
            )
            for change, links in list_changes(work.session)
        ],
    )


@click.command()
@click.argument("number", type=NUMBER, metavar="CHANGE")
@json_option
def undo(number: int, as_json: bool) -> None:
    """Undo a change of many links as a whole, once: linktrack link changes shows its number.

    Links changed since are left alone, and named. Links that it made are disabled.
    """
    from linktrack.links.many.recording import get_change
    from linktrack.links.many.undoing import undo_change
    from linktrack.reports.links.many import undone_json

    with writing() as work:
        change = get_change(work.session, number)
        undone = undo_change(work.session, work.installation.shortener, change, work.now)
        answer = undone_json(undone)
    if as_json:
        print_json(answer)
        return
    restored = answer["restored"]
    click.echo(f"{restored:,} link{'' if restored == 1 else 's'} as before.")
    if answer["left"]:
        click.echo(f"Changed since, and left alone: {' '.join(answer['left'])}")
