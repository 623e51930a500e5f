"""Commands for experiments."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Commands, Work, writing


@click.group(cls=Commands)
def experiment() -> None:
    """Compare posts before and after a change, or two accounts."""


@experiment.command()
@click.argument("handle")
@click.argument("name")
@click.option(
    "--at", metavar="ISO", help="When the change happens, or the comparison starts; default: now."
)
@click.option(
    "--against",
    metavar="HANDLE",
    help="Compare with this account, instead of with the time before.",
)
@click.option(
    "--days", default=28, show_default=True, help="Length of each side in days, 7 to 365."
)
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
    from linktrack.reports.diary.experiments import Question, add_experiment

    with writing() as work:
        question = Question(
            name,
            work.moment(at) or work.now,
            work.account(against),
            days=days,
            window=window,
            hypothesis=hypothesis,
        )
        name = add_experiment(work.session, work.account(handle), question, work.now).name
    click.echo(f"Added the experiment {name}.")


@experiment.command("list")
@click.argument("handle", required=False)
@answering
def list_(work: Work, handle: str | None) -> Answer:
    """List experiments with their results so far, newest first."""
    from linktrack.audience.accounts import accounts_by_number
    from linktrack.reports.diary.experiment_report import experiment_json, experiment_reports
    from linktrack.reports.diary.experiments import list_experiments

    account = work.account(handle)
    accounts = accounts_by_number(work.session)
    wanted = list_experiments(work.session, account)
    found = experiment_reports(work.session, wanted, accounts, work.as_of)
    so_far = Table(
        ("experiment", "begins", "days", "so far"),
        [
            (
                report.experiment.name,
                report.experiment.at,
                report.experiment.days,
                report.sentence,
            )
            for report in found
        ],
    )
    return Answer([experiment_json(report) for report in found], so_far)


@experiment.command()
@click.argument("name")
def remove(name: str) -> None:
    """Delete an experiment; posts and clicks stay."""
    from linktrack.reports.diary.experiments import remove_experiment

    with writing() as work:
        remove_experiment(work.session, name, work.now)
    click.echo(f"Deleted the experiment {name}.")


@click.command("experiment")
@click.argument("handle")
@click.option("--name", help="The experiment's name; default: the newest.")
@answering
def experiment_of(work: Work, handle: str, name: str | None) -> Answer:
    """The result of an experiment, or how long until there is one."""
    from linktrack.audience.accounts import accounts_by_number
    from linktrack.reports.diary.experiment_report import experiment_json, experiment_report
    from linktrack.reports.diary.experiments import find_experiment
    from linktrack.reports.figures.words import per_thousand

    wanted = find_experiment(work.session, work.account(handle), name)
    found = experiment_report(work.session, wanted, accounts_by_number(work.session), work.as_of)
    said = [found.experiment.name]
    if found.experiment.hypothesis:
        said.append(f"Expected: {found.experiment.hypothesis}")
    said += [found.sentence, found.on_looking, *found.besides]
    sides = Table(
        (
            "side",
            "posts",
            "still counting",
            "unmeasured",
            "without count",
            "people",
            "per 1,000 followers",
        ),
        [
            (
                arm.label,
                arm.posts,
                arm.posts_counting,
                arm.posts_unmeasured,
                arm.posts_without_count,
                arm.unique_clicks,
                per_thousand(arm.cpf),
            )
            for arm in (found.before, found.after)
        ],
    )
    return Answer(experiment_json(found), *said, sides)
