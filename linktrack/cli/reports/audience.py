"""Reports on how an audience behaves: real readers, half-life, when to post."""

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Work, range_options, window_option
from linktrack.cli.reports.narrowing import narrowing
from linktrack.errors import Invalid


@click.command()
@click.argument("handle")
@click.option(
    "--from", "since", metavar="DATE", help="A day in the period; default: the latest period."
)
@click.option("--to", "until", metavar="DATE", help="The end; must be in the same visitor period.")
@answering
def audience(work: Work, handle: str, since: str | None, until: str | None) -> Answer:
    """How many different people clicked in one visitor period, at least."""
    from linktrack.reports.people.audience import audience_json, audience_report

    found = audience_report(
        work.session,
        work.account(handle),
        period=work.installation.settings.visitor_period,
        timezone=work.installation.settings.timezone,
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
    )
    return Answer(audience_json(found), found.sentence)


@click.command()
@click.argument("handle")
@range_options
@answering
def coverage(work: Work, handle: str, since: str | None, until: str | None) -> Answer:
    """What share of the links in an account's own posts was wrapped."""
    from linktrack.reports.coverage import coverage_json, coverage_report

    account = work.account(handle)
    found = coverage_report(work.session, account, work.moment(since), work.moment(until))
    return Answer(coverage_json(found), found.sentence)


@click.command()
@click.argument("handles", nargs=-1, metavar="[HANDLE]...")
@window_option
@range_options
@answering
@narrowing("OF_POSTS")
def compare(
    work: Work, handles: tuple[str, ...], window: str, since: str | None, until: str | None
) -> Answer:
    """Compare accounts (all if none is named), and say what clearly differs."""
    from linktrack.audience.accounts import list_accounts
    from linktrack.reports.comparison import compare as compare_accounts
    from linktrack.reports.comparison import comparison_json, figure_in_words

    found = compare_accounts(
        work.session,
        [work.account(handle) for handle in dict.fromkeys(handles)] or list_accounts(work.session),
        window=window,
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
    )
    side_by_side = Table(
        ("account", "role", "posts", "still counting", "unmeasured", "per 1,000 followers",
         "likes, reposts … per 1,000", "people per post", "never clicked", "half-life"),
        [
            (
                line.account.handle,
                line.account.role,
                line.posts,
                line.unfinished,
                line.posts_unmeasured,
                *(figure_in_words(figure, line.rate(figure)) for figure in found.figures),
            )
            for line in found.accounts
        ],
    )  # fmt: skip
    differences = [difference.sentence for difference in found.differences]
    return Answer(comparison_json(found), side_by_side, *differences)


@click.command()
@click.argument("handle")
@window_option
@range_options
@answering
def growth(work: Work, handle: str, window: str, since: str | None, until: str | None) -> Answer:
    """Whether clicks grow as fast as followers."""
    from linktrack.reports.people.growth import growth_json, growth_report

    found = growth_report(
        work.session,
        work.account(handle),
        window=window,
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
    )
    return Answer(growth_json(found), found.sentence)


@click.command("half-life")
@click.argument("handle")
@click.option("--link", "code", metavar="CODE", help="Only this link.")
@range_options
@answering
@narrowing("OF_POSTS")
def half_life(
    work: Work, handle: str, code: str | None, since: str | None, until: str | None
) -> Answer:
    """How long posts keep getting clicks: until half, and 90%, of their clicks after the peak."""
    from linktrack.reports.timing.lifetimes import (
        at_least,
        life_of_code,
        lifetimes_json,
        lifetimes_report,
        link_life_json,
    )

    account = work.account(handle)
    if code is not None and work.is_narrowed:
        raise Invalid("The half-life of one link can't be filtered: leave out the filters.")
    if code is not None:
        codes = work.installation.shortener.codes
        life = life_of_code(work.session, codes, account, code, work.as_of)
        return Answer(link_life_json(life), life.sentence)
    found = lifetimes_report(
        work.session,
        account,
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
    )
    if not found.posts:
        return Answer(lifetimes_json(found), found.sentence)
    posts = Table(
        ("post", "clicks", "half-life", "nine tenths"),
        [
            (post.post_id, post.clicks, at_least(post.half), at_least(post.whole))
            for post in found.posts
        ],
    )
    return Answer(lifetimes_json(found), found.sentence, posts)


@click.command()
@click.argument("handle")
@window_option
@range_options
@answering
@narrowing("OF_POSTS")
def hours(work: Work, handle: str, window: str, since: str | None, until: str | None) -> Answer:
    """When to post: clicks per follower by weekday and hour, few posts pulled to the average."""
    from linktrack.reports.figures.words import per_thousand
    from linktrack.reports.timing.hours import hours_json, hours_report

    found = hours_report(
        work.session,
        work.account(handle),
        window=window,
        timezone=work.installation.settings.timezone,
        now=work.as_of,
        since=work.moment(since),
        until=work.moment(until),
    )
    if found.refused is not None:
        return Answer(hours_json(found), found.sentence)
    slots = [*found.weekdays.slots, *(slot for slot in found.hours.slots if slot.posts)]
    posted = Table(
        ("posted", "posts", "per 1,000 followers"),
        [(slot.name, slot.posts, per_thousand(slot.cpf)) for slot in slots],
    )
    return Answer(hours_json(found), found.sentence, posted)
