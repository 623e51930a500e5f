"""Commands for following back: dry run, on, off, log, undo."""

from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import (
    NUMBER,
    Commands,
    Work,
    json_option,
    print_json,
    print_table,
    reading,
    writing,
)

if TYPE_CHECKING:
    from linktrack.audience.follow_back.plan import Plan


@click.group("follow-back", cls=Commands)
def follow_back() -> None:
    """Follow people back on the account with the role you; off until you turn it on."""


@follow_back.command("dry-run")
@click.argument("handle")
@click.option(
    "--after",
    "since",
    required=True,
    metavar="DATE",
    help="Only people who followed after this date or time.",
)
@click.option("--limit", default=20, show_default=True, help="Most follows within 24 hours.")
@json_option
def dry_run_command(handle: str, since: str, limit: int, as_json: bool) -> None:
    """Set whom to follow back, and preview it. Nobody is followed yet."""
    from linktrack.audience.follow_back.log import dry_run

    with writing() as work:
        moment = work.moment(since)
        plan = dry_run(work.session, work.account(handle), moment, limit, work.now)
    _print_plan(plan, as_json)


@follow_back.command()
@click.argument("handle")
@json_option
def status(handle: str, as_json: bool) -> None:
    """Show whether it is on, and whom it follows next."""
    from linktrack.audience.follow_back.log import status_json, status_of

    with reading() as work:
        found = status_of(work.session, work.account(handle), work.now)
    if as_json:
        print_json(status_json(found))
        return
    settings = found.settings
    if settings is None:
        click.echo("Following back was never set: begin with linktrack follow-back dry-run.")
        return
    click.echo(
        f"{'On' if settings.on_since else 'Off'}; {found.followed} of {settings.daily_limit} "
        "within the last 24 hours."
    )
    if settings.problem:
        click.echo(settings.problem)
    _print_plan(found.plan, as_json)


@follow_back.command()
@click.argument("handle")
def on(handle: str) -> None:
    """Turn it on, after a dry run; the running service does the following."""
    from linktrack.audience.follow_back.log import switch_on

    with writing() as work:
        account = work.account(handle)
        switch_on(work.session, account, work.now)
    click.echo(f"Following back is on for {account.handle}; linktrack serve does it.")


@follow_back.command()
@click.argument("handle")
def off(handle: str) -> None:
    """Turn it off; people it followed stay followed."""
    from linktrack.audience.follow_back.log import switch_off

    with writing() as work:
        account = work.account(handle)
        switch_off(work.session, account, work.now)
    click.echo(f"Following back is off for {account.handle}.")


@follow_back.command()
@click.argument("handle")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@answering
def log(work: Work, handle: str, limit: int) -> Answer:
    """List whom it followed, when and why, newest first."""
    from linktrack.audience.follow_back.log import follow_json, follow_log

    rows = follow_log(work.session, work.account(handle).id, limit)
    follows = Table(
        ("number", "who", "when", "state", "why"),
        [(row.id, row.handle, row.begun_at, row.state, row.why) for row in rows],
    )
    return Answer([follow_json(row) for row in rows], follows)


@follow_back.command()
@click.argument("handle")
@click.option(
    "--follow", "number", type=NUMBER, metavar="N", help="One follow, by its number in the log."
)
@click.option("--day", metavar="DATE", help="All follows made on this day.")
@click.option("--all", "everything", is_flag=True, help="All follows that linktrack made.")
@click.option("--number", "typed", type=int, metavar="N", help="Confirm the number, if over 20.")
def undo(
    handle: str, number: int | None, day: str | None, everything: bool, typed: int | None
) -> None:
    """Undo follows that linktrack made, and only those; the running service does it."""
    from linktrack.audience.follow_back.log import undo as take_back
    from linktrack.audience.follow_back.log import undoable
    from linktrack.calendar.ranges import DayRange

    if (number is not None) + (day is not None) + everything != 1:
        raise click.UsageError("Choose one of --follow, --day and --all.")
    with writing() as work:
        account = work.account(handle)
        timezone = work.installation.settings.timezone
        at = work.moment(day)
        on = None if at is None else at.astimezone(timezone).date()
        days = None if on is None else DayRange(on, on, timezone)
        numbers = undoable(
            work.session,
            account.id,
            number=number,
            since=None if days is None else days.since,
            until=None if days is None else days.end,
        )
        done = take_back(work.session, account, numbers, typed, work.now)
    click.echo(f"{done} will be taken back by linktrack serve within a few minutes.")


@follow_back.command()
@click.argument("handle")
@click.argument("people", nargs=-1, required=True, metavar="PERSON...")
def done(handle: str, people: tuple[str, ...]) -> None:
    """Say whom you have followed by hand: each by id, as the dry run's JSON has it."""
    from linktrack.audience.follow_back.log import done_by_hand

    with writing() as work:
        number = done_by_hand(work.session, work.account(handle), people, work.now)
    click.echo(f"{number} ticked off.")


def _print_plan(plan: "Plan", as_json: bool) -> None:
    from linktrack.audience.follow_back.plan import plan_json

    if as_json:
        print_json(plan_json(plan))
        return
    print_table(
        ("who", "id", "would be", "why"),
        [
            *((each.handle, each.network_id, "followed", each.why) for each in plan.now),
            *((each.handle, each.network_id, "skipped", each.skipped) for each in plan.skipped),
        ],
    )
    if plan.later:
        click.echo(f"{plan.later:,} more on the days after.")
