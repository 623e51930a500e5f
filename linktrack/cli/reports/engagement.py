"""Reports on what followers do with posts besides clicking."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import NUMBER, Work, range_options, window_option


@click.command()
@click.argument("handle")
@window_option
@range_options
@click.option("--limit", default=100, show_default=True, help="Posts per page, at most 100.")
@click.option("--after", type=NUMBER, metavar="ID", help="Continue after this post.")
@answering
def engagement(
    work: Work,
    handle: str,
    window: str,
    since: str | None,
    until: str | None,
    limit: int,
    after: int | None,
) -> Answer:
    """Likes, reposts, replies and quotes per follower, and by segment."""
    from linktrack.links.excerpts import excerpt
    from linktrack.reports.engagement.report import engagement_report
    from linktrack.reports.engagement.sentences import plural, sentences_of
    from linktrack.reports.engagement.shapes import engagement_json
    from linktrack.reports.figures.words import per_thousand

    found = engagement_report(
        work.session,
        work.account(handle),
        window=window,
        since=work.moment(since),
        until=work.moment(until),
        limit=limit,
        after=after,
        now=work.as_of,
    )
    total = found.total
    kinds = Table(
        ("kind", "posts", "count", "per 1,000 followers", "per 1,000 views"),
        [
            (
                plural(each.what),
                each.posts,
                each.count,
                per_thousand(each.rate),
                per_thousand(each.per_view),
            )
            for each in total.kinds
            if each.count is not None
        ],
    )
    people = Table(
        ("who did anything", "people, once per post", "followers, added up", "per 1,000 of them"),
        [
            (name, figure.people, figure.followers, per_thousand(figure.rate))
            for name, figure in (
                ("all followers", total.people),
                *((line.segment.name, line.figure) for line in total.segments),
            )
            if figure.people is not None
        ],
    )
    posts = Table(
        ("id", "posted at", "likes", "reposts", "replies", "quotes", "people", "clicked",
         "followers", "counted", "text"),
        [
            (
                line.number,
                line.posted_at,
                *(kind.count for kind in line.kinds[1:5]),
                line.people.people,
                None if line.clicks is None else line.clicks.people,
                line.followers,
                line.progress or line.state,
                excerpt(line.text or ""),
            )
            for line in found.posts
        ],
    )  # fmt: skip
    shown = [table for table in (kinds, people, posts) if table.rows]
    said = sentences_of(found)
    if found.after is not None:
        said.append(f"More posts: --after {found.after}.")
    return Answer(engagement_json(found), *said, *shown)


@click.command()
@click.argument("handle")
@click.option("--limit", default=100, show_default=True, help="People per page, at most 100.")
@click.option("--after", type=NUMBER, metavar="ID", help="Continue after this person.")
@answering
def regulars(work: Work, handle: str, limit: int, after: int | None) -> Answer:
    """Who did something in at least 3 of the last 4 weeks, by name, and how many stay."""
    from linktrack.reports.engagement.regulars import regulars_json, regulars_report

    found = regulars_report(
        work.session,
        work.account(handle),
        timezone=work.installation.settings.timezone,
        limit=limit,
        after=after,
        now=work.as_of,
    )
    people = Table(
        ("id", "person", "weeks", "engagements", "clicks", "follows since"),
        [
            (
                person.number,
                person.handle or person.network_id,
                person.weeks,
                person.engagements,
                person.clicks,
                person.follows_since,
            )
            for person in found.people
        ],
    )
    said = [found.sentence]
    if found.after is not None:
        said.append(f"More people: --after {found.after}.")
    return Answer(regulars_json(found), *said, *([people] if people.rows else []))
