"""The report of referrers by segment on the command line."""

import click

from linktrack.cli.common import (
    NUMBER,
    installation,
    json_option,
    parse_time,
    print_json,
    print_table,
)


@click.command()
@click.argument("handle")
@click.option("--from", "since", metavar="DATE", help="Clicks from this day on.")
@click.option("--to", "until", metavar="DATE", help="Clicks before this day.")
@click.option("--post", type=NUMBER, metavar="POST", help="Only those on this post.")
@click.option("--link", metavar="CODE", help="Only those on this link.")
@json_option
def referrers(
    handle: str,
    since: str | None,
    until: str | None,
    post: int | None,
    link: str | None,
    as_json: bool,
) -> None:
    """Where clicks came from, by segment of those who clicked."""
    from linktrack.audience.accounts import find_account
    from linktrack.calendar.ranges import whole_days
    from linktrack.links.catalog import get_link
    from linktrack.links.posts import get_post
    from linktrack.reports.sources.referrers import referrers_json, referrers_report

    with installation() as opened, opened.database.session() as session:
        timezone = opened.settings.timezone
        first, end = whole_days(parse_time(since, opened), parse_time(until, opened), timezone)
        found = referrers_report(
            session,
            find_account(session, handle),
            timezone,
            since=first,
            until=end,
            post=None if post is None else get_post(session, post),
            link=None if link is None else get_link(session, opened.shortener.codes, link),
        )
    if as_json:
        print_json(referrers_json(found))
        return
    for sentence in found.sentences or ["Nobody clicked in this time."]:
        click.echo(sentence)
    print_table(
        ("source", "medium", "host", "segment", "clicks", "people"),
        [
            (
                line.source or "not said",
                line.medium,
                line.host,
                line.segment or "we can't tell who",
                line.clicks,
                line.unique_clicks,
            )
            for line in found.lines
        ],
    )
