"""Commands for goals: what clicks can become on your own sites."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Commands, Work, writing


@click.group(cls=Commands)
def goal() -> None:
    """Manage goals: what clicks can become on your own sites."""


days_option = click.option(
    "--days", type=click.IntRange(1, 30), help="It counts within this many days of the click."
)
currency_option = click.option("--currency", help="Of its value: three letters, such as EUR.")
value_option = click.option(
    "--value", type=click.IntRange(0), help="In the smallest unit of the currency, such as cents."
)
script_option = click.option(
    "--script/--no-script",
    "by_script",
    default=None,
    help="Whether pages of your sites may tell of it, or only programs with a token.",
)


@goal.command()
@click.argument("name")
@days_option
@currency_option
@value_option
@script_option
def add(
    name: str,
    days: int | None,
    currency: str | None,
    value: int | None,
    by_script: bool | None,
) -> None:
    """Add a goal, such as sign-up; it counts within 7 days of a click."""
    from linktrack.clicks.conversions.declaring import DAYS, Terms, add_goal

    terms = Terms(days or DAYS, currency, value, by_script is not False)
    with writing() as work:
        added = add_goal(work.session, name, terms, work.now)
        name = added.name
    click.echo(f"Added the goal {name}.")


@goal.command("list")
@answering
def list_(work: Work) -> Answer:
    """List goals, and when each counts."""
    from linktrack.clicks.conversions.declaring import goal_json, list_goals

    found = [goal_json(each) for each in list_goals(work.session)]
    header = ("goal", "days", "value", "currency", "told by pages")
    rows = [
        (
            each["name"],
            each["days"],
            each["value"],
            each["currency"],
            "yes" if each["by_script"] else "no",
        )
        for each in found
    ]
    return Answer(found, Table(header, rows))


@goal.command()
@click.argument("name")
@days_option
@currency_option
@value_option
@script_option
def edit(
    name: str,
    days: int | None,
    currency: str | None,
    value: int | None,
    by_script: bool | None,
) -> None:
    """Change when a goal counts, or what it is worth; what you leave out stays."""
    from linktrack.clicks.conversions.declaring import Terms, edit_goal, get_goal, terms_of

    with writing() as work:
        found = get_goal(work.session, name)
        before = terms_of(found)
        terms = Terms(
            days or before.days,
            before.currency if currency is None else currency,
            before.value if value is None else value,
            before.by_script if by_script is None else by_script,
        )
        edit_goal(work.session, found, terms, work.now)
    click.echo(f"Changed the goal {name}.")


@goal.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a goal, with all that was counted of it."""
    from linktrack.clicks.conversions.declaring import get_goal, remove_goal

    with writing() as work:
        remove_goal(work.session, get_goal(work.session, name), work.now)
    click.echo(f"Removed the goal {name}.")


@goal.command()
@click.argument("name")
@click.argument("click_id", metavar="LT_CLICK")
@value_option
def tell(name: str, click_id: str, value: int | None) -> None:
    """Tell that a click has become something: LT_CLICK is from the address it came with."""
    from linktrack.clicks.click_ids import ClickIds
    from linktrack.clicks.conversions.declaring import get_goal
    from linktrack.clicks.conversions.reaching import reach_goal

    with writing() as work:
        opened = work.installation
        is_new = reach_goal(
            work.session,
            get_goal(work.session, name),
            click_id,
            ids=ClickIds(opened.keys.click_ids()),
            days=opened.days(),
            now=work.now,
            value=value,
        )
    click.echo("Counted." if is_new else "This click had reached it already.")
