"""The report of goals on the command line."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Work, range_options


@click.command()
@click.argument("handle")
@click.option(
    "--window",
    type=click.Choice(["24h", "7d", "30d", "all"]),
    default="7d",
    show_default=True,
    help="For how many days a post is counted.",
)
@range_options
@answering
def goals(work: Work, handle: str, window: str, since: str | None, until: str | None) -> Answer:
    """What clicks on links to your own sites became, per click and per follower."""
    from linktrack.reports.figures.words import per_thousand, percent
    from linktrack.reports.goals.report import goals_report
    from linktrack.reports.goals.shapes import goals_json, report_sentences

    found = goals_report(
        work.session,
        work.account(handle),
        window=window,
        days=work.installation.days(),
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
    )
    rows = [
        (
            figures.goal.name,
            figures.posts,
            figures.total.clicks,
            figures.total.reached,
            None
            if figures.per_click.value is None
            else percent(figures.per_click.value, figures.per_click.interval),
            per_thousand(figures.per_follower),
            figures.goal.currency and figures.total.value,
            figures.goal.currency,
        )
        for figures in found.goals
    ]
    header = ("goal", "posts", "clicks", "reached", "per click", "per 1,000 followers",
              "value", "currency")  # fmt: skip
    table = [Table(header, rows)] if rows else []
    return Answer(goals_json(found), *report_sentences(found), *table)
