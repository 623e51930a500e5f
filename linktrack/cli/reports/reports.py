"""Reports on the command line."""

from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Commands, Work, range_options, window_option
from linktrack.cli.posts.people import report_own, report_people
from linktrack.cli.reports.audience import audience, compare, coverage, growth, half_life, hours
from linktrack.cli.reports.engagement import engagement, regulars
from linktrack.cli.reports.experiments import experiment_of
from linktrack.cli.reports.facets import days, devices, places
from linktrack.cli.reports.goals import goals
from linktrack.cli.reports.narrowing import narrowing
from linktrack.cli.reports.referrers import referrers
from linktrack.cli.reports.topics import topics

if TYPE_CHECKING:
    from linktrack.reports.people.ways import Ways


@click.group(cls=Commands)
def report() -> None:
    """Print reports: clicks per follower, segments, sources and more."""


@report.command()
@click.argument("handle")
@window_option
@range_options
@click.option("--limit", default=100, show_default=True, help="Posts per page, at most 100.")
@click.option("--after", type=NUMBER, metavar="POST", help="Continue after this post.")
@click.option(
    "--sort",
    default="newest",
    show_default=True,
    help="newest, or low (by the lower end of the interval).",
)
@answering
@narrowing("OF_RANKED_POSTS")
def cpf(
    work: Work,
    handle: str,
    window: str,
    since: str | None,
    until: str | None,
    limit: int,
    after: int | None,
    sort: str,
) -> Answer:
    """Clicks per follower: unique clicks, compared with followers at the time."""
    from linktrack.links.excerpts import excerpt
    from linktrack.reports.counting import set_apart, window_for
    from linktrack.reports.cpf import cpf_json, cpf_report
    from linktrack.reports.figures.words import WITHIN, counted, per_thousand

    found = cpf_report(
        work.session,
        work.account(handle),
        window=window,
        since=work.moment(since),
        until=work.moment(until),
        limit=limit,
        after=after,
        sort=sort,
        now=work.as_of,
    )
    total = found.total
    unit = "person who clicked" if total.posts == 1 else "unique click"
    units = "people who clicked" if total.posts == 1 else "unique clicks"
    clicked = (
        f"{found.account.handle}: {counted(total.unique_clicks, unit, units)} on "
        f"{counted(total.posts, 'post')} {WITHIN[found.window]}, {per_thousand(total.cpf)} per "
        "1,000 followers"
    )
    said = [clicked]
    said += set_apart(total.still_counting, total.posts_unmeasured)
    shorter = window_for(work.moment(since), window, work.as_of)
    if shorter != window and total.still_counting.posts:
        said.append(f"No post of these days has been counted for {window} yet: --window {shorter}.")
    if total.posts > 1:
        said.append(f"Median post: {per_thousand(total.median_cpf)} per 1,000 followers.")
    if total.unique_clicks:
        said.append("This includes people who don't follow; each counts once per post.")
    if total.posts_without_count:
        said.append(
            f"{counted(total.posts_without_count, 'post')} without a follower count left out: "
            f"linktrack counts record {found.account.handle} COUNT --at DATE"
        )
    posts = Table(
        (
            "post",
            "posted at",
            "people",
            "clicks",
            "followers",
            "per 1,000 followers",
            "counted",
            "usual",
            "text",
        ),
        [
            (
                line.facts.id,
                line.facts.posted_at,
                line.unique_clicks if line.is_measured else None,
                line.clicks if line.is_measured else None,
                line.facts.followers,
                per_thousand(line.cpf),
                line.progress or line.state,
                line.usual and f"clearly {line.usual}",
                excerpt(line.facts.written, 40),
            )
            for line in found.posts
        ],
    )
    return Answer(cpf_json(found), *said, posts)


@report.command()
@click.argument("handle")
@window_option
@range_options
@answering
@narrowing("OF_POSTS")
def segments(work: Work, handle: str, window: str, since: str | None, until: str | None) -> Answer:
    """Who clicked, by segment, as far as that is known."""
    from linktrack.reports.counting import set_apart
    from linktrack.reports.figures.words import per_thousand, times
    from linktrack.reports.people.segments import segments_json, segments_report
    from linktrack.reports.sentences import living, unattributed

    found = segments_report(
        work.session,
        work.account(handle),
        window=window,
        settings=work.installation.settings,
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
        with_ways=not work.is_narrowed,
    )
    said = [sentence for sentence in (unattributed(found), living(found)) if sentence]
    said += set_apart(found.still_counting, found.posts_unmeasured)
    if found.unknown_people:
        said.append(f"{found.unknown_people:,} followers are on no follower list.")
    by_segment = Table(
        (
            "segment",
            "people",
            "not judged",
            "sent to, summed over posts",
            "unique clicks",
            "per 1,000",
            "times as often",
        ),
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
    recognised = [
        f"{line.segment.name}: {hello.at_least:,} were recognised within 45 days, of at "
        f"most {hello.at_most:,} who said hello, {hello.by_network:,} by sign-in with the "
        f"network; {hello.unique_clicks:,} unique clicks on {hello.posts:,} posts."
        for line in found.lines
        if (hello := line.recognised) is not None
    ]
    answer = segments_json(found)
    overlaps = [
        (
            line["property"],
            line["people"],
            line["unknown"],
            ", ".join(
                f"{each['people']:,} {each['property']}"
                for each in line["overlaps"]
                if each["people"] is not None
            ),
        )
        for line in answer["properties"]
    ]
    header = ("of all followers", "people", "unknown", "of them also")
    by_property = [Table(header, overlaps)] if overlaps else []
    return Answer(answer, *said, by_segment, *by_property, *recognised, *_by_way(found.ways))


def _by_way(found: "Ways") -> list[str | Table]:
    """Return by which ways it is known who clicked, month by month; nothing without a click."""
    from linktrack.reports.figures.words import share
    from linktrack.reports.sentences import ways

    rows: list[tuple[object, ...]] = []
    for month in found.months:
        by = month.by
        told: tuple[object, ...] = (None,) * 6
        if by is not None:
            part = share(by.total, month.unique_clicks) if month.unique_clicks else None
            hellos = (by.hello_button, by.hello_network)
            told = (by.total, part, by.version, by.personal, *hellos)
        rows.append((f"{month.first:%Y-%m}", month.unique_clicks, *told))
    if not rows:
        return []
    header = ("month", "unique clicks", "known", "share", "by version", "by personal link",
              "by hello: button", "by hello: network")  # fmt: skip
    return [Table(header, rows), *ways(found)]


@report.command("followers")
@click.argument("handle")
@click.option("--from", "since", metavar="DATE", help="Follower lists from this time on.")
@click.option("--to", "until", metavar="DATE", help="Follower lists before this time.")
@click.option(
    "--event",
    "events",
    metavar="DATE",
    multiple=True,
    help="Show the cost of this day; repeatable.",
)
@answering
def followers_command(
    work: Work, handle: str, since: str | None, until: str | None, events: tuple[str, ...]
) -> Answer:
    """Followers gained, lost and regained, and the cost of events."""
    from linktrack.reports.figures.words import percent
    from linktrack.reports.people.followers import CHURN, followers_json, followers_report
    from linktrack.reports.sentences import costs_in_words, event_in_words

    moments = [work.moment(text) for text in events]
    found = followers_report(
        work.session,
        work.account(handle),
        work.installation.settings.timezone,
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
        events=moments,
    )
    nothing_yet = (
        "Nothing to compare yet: it takes two follower lists (linktrack followers import) or "
        "two follower counts."
    )
    days = Table(
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
    said = []
    if found.churn is not None and found.churn.share is not None:
        said.append(
            f"Of {found.churn.counts.gained:,} who came, {found.churn.counts.left:,} left again "
            f"within {CHURN.days} days: {percent(found.churn.share, found.churn.interval)}."
        )
    for event in found.events:
        said += [event_in_words(event), *costs_in_words(event)]
    jumps = [jump.sentence for jump in found.jumps]
    first = [] if found.days else [nothing_yet]
    return Answer(followers_json(found), *first, *jumps, days, *said)


for command in (
    audience,
    compare,
    coverage,
    engagement,
    growth,
    half_life,
    hours,
    referrers,
    places,
    devices,
    days,
    regulars,
    topics,
    goals,
    experiment_of,
    report_people,
    report_own,
):
    report.add_command(command)
