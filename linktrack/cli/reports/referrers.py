"""The report of referrers by segment on the command line."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Work
from linktrack.cli.reports.narrowing import narrowing
from linktrack.errors import Invalid


@click.command()
@click.argument("handle")
@click.option("--from", "since", metavar="DATE", help="Clicks from this day on.")
@click.option("--to", "until", metavar="DATE", help="Clicks before this day.")
@click.option("--post", type=NUMBER, metavar="POST", help="Only those on this post.")
@click.option("--link", metavar="CODE", help="Only those on this link.")
@answering
@narrowing("BY_SOURCE")
def referrers(
    work: Work,
    handle: str,
    since: str | None,
    until: str | None,
    post: int | None,
    link: str | None,
) -> Answer:
    """Where clicks came from, by segment."""
    from linktrack.calendar.ranges import whole_days
    from linktrack.reports.sources.referrers import ONE_SUBJECT, referrers_json, referrers_report

    if work.is_narrowed and not (post is None and link is None):
        raise Invalid(ONE_SUBJECT)
    timezone = work.installation.settings.timezone
    first, end = whole_days(work.moment(since), work.moment(until), timezone)
    found = referrers_report(
        work.session,
        work.account(handle),
        timezone,
        since=first,
        until=end,
        post=None if post is None else work.post(post),
        link=None if link is None else work.link(link),
    )
    if work.left is not None:
        found = found.of(work.left.part)
    by_segment = Table(
        ("source", "medium", "host", "segment", "clicks", "people"),
        [
            (
                line.source or "direct or unknown",
                line.medium,
                line.host,
                line.segment or "we can't tell who",
                line.clicks,
                line.unique_clicks,
            )
            for line in found.lines
        ],
    )
    said = found.sentences or ["Nobody clicked in this time."]
    return Answer(referrers_json(found), *said, by_segment)
