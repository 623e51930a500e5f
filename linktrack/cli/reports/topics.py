"""The report of topics on the command line."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Work, range_options, window_option
from linktrack.cli.reports.narrowing import narrowing


@click.command()
@click.argument("handle")
@window_option
@range_options
@answering
@narrowing("OF_POSTS")
def topics(work: Work, handle: str, window: str, since: str | None, until: str | None) -> Answer:
    """Clicks and engagement per follower by tag, and which clearly stand out."""
    from linktrack.reports.figures.words import per_thousand, times
    from linktrack.reports.links.topics import topics_json, topics_report

    found = topics_report(
        work.session,
        work.account(handle),
        window=window,
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
    )
    rows = [
        (
            topic.tag,
            topic.clicks.posts,
            per_thousand(topic.clicks.rate),
            times(topic.clicks.times),
            topic.clicks.verdict and f"clearly {topic.clicks.verdict}",
            per_thousand(topic.engagement.rate),
            times(topic.engagement.times),
            topic.engagement.verdict and f"clearly {topic.engagement.verdict}",
        )
        for topic in found.topics
    ]
    header = ("tag", "posts", "clicks per 1,000", "times as other posts", "usual",
              "engagement per 1,000", "times as other posts", "usual")  # fmt: skip
    return Answer(topics_json(found), *found.sentences, *([Table(header, rows)] if rows else []))
