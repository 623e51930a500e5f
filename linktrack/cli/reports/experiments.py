"""Commands for experiments."""

import click

from linktrack.cli.common import (
    Commands,
    installation,
    json_option,
    parse_time,
    print_json,
    print_table,
    transaction,
)


@click.group(cls=Commands)
def experiment() -> None:
    """Questions put to your posts, named before the answer is known."""


@experiment.command()
@click.argument("handle")
@click.argument("name")
@click.option("--at", metavar="ISO", help="When the change comes, or the comparison begins; now.")
@click.option("--against", metavar="HANDLE", help="Another account, instead of the time before.")
@click.option("--days", default=28, show_default=True, help="How long each side is, 7 to 365.")
@click.option("--window", default="7d", show_default=True, help="1h, 24h, 7d or 30d.")
@click.option("--hypothesis", default="", help="What you expect, and why.")
def add(
    handle: str,
    name: str,
    at: str | None,
    against: str | None,
    days: int,
    window: str,
    hypothesis: str,
) -> None:
    """Compare an account's posts before and after a moment, or two accounts."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.reports.diary.experiments import Question, add_experiment

    with transaction() as (opened, session):
        moment = now()
        question = Question(
            name,
            parse_time(at, opened) or moment,
            None if against is None else find_account(session, against),
            days,
            window,
            hypothesis,
        )
        name = add_experiment(session, find_account(session, handle), question, moment).name
    click.echo(f"Added the experiment {name}.")


@experiment.command("list")
@click.argument("handle", required=False)
@json_option
def list_(handle: str | None, as_json: bool) -> None:
    """List experiments with what they have found so far, newest first."""
    from linktrack.audience.accounts import accounts_by_number, find_account
    from linktrack.db import now
    from linktrack.reports.diary.experiment_report import experiment_json, experiment_reports
    from linktrack.reports.diary.experiments import list_experiments

    with installation() as opened, opened.database.session() as session:
        account = None if handle is None else find_account(session, handle)
        accounts = accounts_by_number(session)
        found = experiment_reports(session, list_experiments(session, account), accounts, now())
    if as_json:
        print_json([experiment_json(report) for report in found])
        return
    print_table(
        ("experiment", "begins", "days", "so far"),
        [
            (
                report.experiment.name,
                f"{report.experiment.at:%Y-%m-%d}",
                report.experiment.days,
                report.sentence,
            )
            for report in found
        ],
    )


@experiment.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget an experiment; posts and clicks stay."""
    from linktrack.reports.diary.experiments import remove_experiment

    with transaction() as (_, session):
        remove_experiment(session, name)
    click.echo(f"The experiment {name} is forgotten.")


@click.command("experiment")
@click.argument("handle")
@click.option("--name", help="Which one; the account's newest by default.")
@json_option
def experiment_of(handle: str, name: str | None, as_json: bool) -> None:
    """What an experiment has found, and when it will know."""
    from linktrack.audience.accounts import accounts_by_number, find_account
    from linktrack.db import now
    from linktrack.reports.diary.experiment_report import experiment_json, experiment_report
    from linktrack.reports.diary.experiments import find_experiment
    from linktrack.reports.figures.words import per_thousand

    with installation() as opened, opened.database.session() as session:
        wanted = find_experiment(session, find_account(session, handle), name)
        accounts = accounts_by_number(session)
        found = experiment_report(session, wanted, accounts, now())
    if as_json:
        print_json(experiment_json(found))
        return
    click.echo(found.experiment.name)
    if found.experiment.hypothesis:
        click.echo(f"Expected: {found.experiment.hypothesis}")
    click.echo(found.sentence)
    click.echo(found.on_looking)
    for sentence in found.besides:
        click.echo(sentence)
    print_table(
        ("side", "posts", "still counting", "without count", "people", "per 1,000 followers"),
        [
            (
                arm.label,
                arm.posts,
                arm.posts_counting,
                arm.posts_without_count,
                arm.unique_clicks,
                per_thousand(arm.cpf),
            )
            for arm in (found.before, found.after)
        ],
    )
