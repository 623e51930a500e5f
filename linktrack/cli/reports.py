"""Reports on the command line."""

import click

from linktrack.cli.common import (
    Commands,
    installation,
    json_option,
    parse_time,
    print_json,
    print_table,
)
from linktrack.cli.experiments import experiment_of
from linktrack.cli.people import report_own, report_people
from linktrack.cli.referrers import referrers


@click.group(cls=Commands)
def report() -> None:
    """Clicks against followers."""


@report.command()
@click.argument("handle")
@click.option("--window", default="7d", show_default=True, help="1h, 24h, 7d, 30d or all.")
@click.option("--from", "since", metavar="DATE", help="Posts from this time on.")
@click.option("--to", "until", metavar="DATE", help="Posts before this time.")
@click.option("--limit", default=100, show_default=True, help="Posts on this page, at most 100.")
@click.option("--after", type=int, metavar="POST", help="Begin behind this post.")
@json_option
def cpf(
    handle: str,
    window: str,
    since: str | None,
    until: str | None,
    limit: int,
    after: int | None,
    as_json: bool,
) -> None:
    """Clicks per follower: people who clicked, of the followers there were."""
    from linktrack.audience.accounts import find_account
    from linktrack.links.posts import excerpt
    from linktrack.reports.build import cpf_json, cpf_report, utc
    from linktrack.reports.words import per_thousand

    with installation() as opened, opened.database.session() as session:
        found = cpf_report(
            session,
            find_account(session, handle),
            window=window,
            since=parse_time(since, opened),
            until=parse_time(until, opened),
            limit=limit,
            after=after,
        )
    if as_json:
        print_json(cpf_json(found))
        return
    total = found.total
    click.echo(
        f"{found.account.handle}: {total.unique_clicks:,} people clicked in {total.posts:,} posts "
        f"(counted for {found.window}), {per_thousand(total.cpf)} per 1,000 followers"
    )
    if total.posts_without_count:
        click.echo(
            f"{total.posts_without_count:,} posts have no follower count and are left out: "
            f"linktrack counts record {found.account.handle} COUNT --at DATE"
        )
    print_table(
        ("post", "posted at", "people", "clicks", "followers", "per 1,000 followers", "text"),
        [
            (
                line.facts.id,
                utc(line.facts.posted_at),
                line.unique_clicks,
                line.clicks,
                line.facts.followers,
                per_thousand(line.cpf),
                excerpt(line.facts.written, 40),
            )
            for line in found.posts
        ],
    )


for command in (referrers, experiment_of, report_people, report_own):
    report.add_command(command)
