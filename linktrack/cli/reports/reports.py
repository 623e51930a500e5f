"""Reports on the command line."""

import click

from linktrack.cli.common import (
    NUMBER,
    Commands,
    installation,
    json_option,
    parse_time,
    print_json,
    print_table,
    range_options,
    window_option,
)
from linktrack.cli.posts.people import report_own, report_people
from linktrack.cli.reports.audience import audience, compare, coverage, growth, half_life, hours
from linktrack.cli.reports.experiments import experiment_of
from linktrack.cli.reports.referrers import referrers


@click.group(cls=Commands)
def report() -> None:
    """Clicks against followers."""


@report.command()
@click.argument("handle")
@window_option
@range_options
@click.option("--limit", default=100, show_default=True, help="Posts on this page, at most 100.")
@click.option("--after", type=NUMBER, metavar="POST", help="Begin behind this post.")
@click.option("--sort", default="newest", show_default=True, help="newest, or low: surest first.")
@json_option
def cpf(
    handle: str,
    window: str,
    since: str | None,
    until: str | None,
    limit: int,
    after: int | None,
    sort: str,
    as_json: bool,
) -> None:
    """Clicks per follower: people who clicked, of the followers there were."""
    from linktrack.audience.accounts import find_account
    from linktrack.calendar.times import utc
    from linktrack.db import now
    from linktrack.links.posts import excerpt
    from linktrack.reports.cpf import cpf_json, cpf_report
    from linktrack.reports.figures.words import counted, per_thousand

    with installation() as opened, opened.database.session() as session:
        found = cpf_report(
            session,
            find_account(session, handle),
            window=window,
            since=parse_time(since, opened),
            until=parse_time(until, opened),
            limit=limit,
            after=after,
            sort=sort,
            now=now(),
        )
    if as_json:
        print_json(cpf_json(found))
        return
    total = found.total
    click.echo(
        f"{found.account.handle}: {counted(total.unique_clicks, 'person', 'people')} clicked on "
        f"{counted(total.posts, 'post')} (each counted once for each post, for {found.window}), "
        f"{per_thousand(total.cpf)} per 1,000 followers"
    )
    if total.posts > 1:
        click.echo(f"The middle post: {per_thousand(total.median_cpf)} per 1,000 followers.")
    if total.unique_clicks:
        click.echo("People who clicked need not be followers.")
    if total.posts_without_count:
        click.echo(
            f"{counted(total.posts_without_count, 'post')} without a follower count left out: "
            f"linktrack counts record {found.account.handle} COUNT --at DATE"
        )
    print_table(
        (
            "post",
            "posted at",
            "people",
            "clicks",
            "followers",
            "per 1,000 followers",
            "usual",
            "text",
        ),
        [
            (
                line.facts.id,
                utc(line.facts.posted_at),
                line.unique_clicks,
                line.clicks,
                line.facts.followers,
                per_thousand(line.cpf),
                line.usual and f"surely {line.usual}",
                excerpt(line.facts.written, 40),
            )
            for line in found.posts
        ],
    )


@report.command()
@click.argument("handle")
@window_option
@range_options
@json_option
def segments(handle: str, window: str, since: str | None, until: str | None, as_json: bool) -> None:
    """Who clicked, as far as it is known: by segment, and first for how many it is not."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.reports.figures.words import per_thousand, times
    from linktrack.reports.people.segments import segments_json, segments_report
    from linktrack.reports.sentences import living, unattributed

    with installation() as opened, opened.database.session() as session:
        found = segments_report(
            session,
            find_account(session, handle),
            window=window,
            settings=opened.settings,
            now=now(),
            since=parse_time(since, opened),
            until=parse_time(until, opened),
        )
    if as_json:
        print_json(segments_json(found))
        return
    for sentence in (unattributed(found), living(found)):
        if sentence:
            click.echo(sentence)
    if found.unknown_people:
        click.echo(f"{found.unknown_people:,} followers are on no follower list.")
    print_table(
        ("segment", "people", "not judged", "addressed", "clicked", "per 1,000", "times as often"),
        [
            (
                line.segment.name,
                line.segment.size,
                line.unjudged,
                line.addressed,
                line.unique_clicks,
                per_thousand(line.cpf),
                times(line.lift),
            )
            for line in found.lines
        ],
    )
    for line in found.lines:
        hello = line.recognised
        if hello is not None:
            click.echo(
                f"{line.segment.name}: {hello.at_least:,} were recognised within 45 days, of at "
                f"most {hello.at_most:,} who said hello; {hello.unique_clicks:,} clicks on "
                f"{hello.posts:,} posts."
            )


@report.command("followers")
@click.argument("handle")
@click.option("--from", "since", metavar="DATE", help="Follower lists from this time on.")
@click.option("--to", "until", metavar="DATE", help="Follower lists before this time.")
@click.option("--event", "events", metavar="DATE", multiple=True, help="Tell what this day cost.")
@json_option
def followers_command(
    handle: str, since: str | None, until: str | None, events: tuple[str, ...], as_json: bool
) -> None:
    """Who came, left and came back between follower lists; what an event cost."""
    from linktrack.audience.accounts import find_account
    from linktrack.reports.figures.words import percent
    from linktrack.reports.people.followers import CHURN, followers_json, followers_report
    from linktrack.reports.sentences import event_in_words

    with installation() as opened, opened.database.session() as session:
        moments = [moment for text in events if (moment := parse_time(text, opened))]
        found = followers_report(
            session,
            find_account(session, handle),
            opened.settings.timezone,
            since=parse_time(since, opened),
            until=parse_time(until, opened),
            events=moments,
        )
    if as_json:
        print_json(followers_json(found))
        return
    if not found.days:
        click.echo(
            "Nothing to compare yet: it takes two follower lists (linktrack followers import) or "
            "two follower counts."
        )
    print_table(
        ("day", "came", "came back", "left", "net", "known to days", "stands out"),
        [
            (
                f"{line.day}",
                line.gained,
                line.returned,
                line.lost,
                line.net,
                f"{line.precision_days:g}",
                "yes" if line.is_jump else "",
            )
            for line in found.days
        ],
    )
    if found.churn is not None and found.churn.share is not None:
        click.echo(
            f"Of {found.churn.counts.gained:,} who came, {found.churn.counts.left:,} left again "
            f"within {CHURN.days} days: {percent(found.churn.share, found.churn.interval)}."
        )
    for event in found.events:
        click.echo(event_in_words(event))


for command in (
    audience,
    compare,
    coverage,
    growth,
    half_life,
    hours,
    referrers,
    experiment_of,
    report_people,
    report_own,
):
    report.add_command(command)
