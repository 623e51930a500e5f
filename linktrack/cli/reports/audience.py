"""Reports on how an audience behaves: who is there, how posts live, when to post."""

import click

from linktrack.cli.common import (
    installation,
    json_option,
    parse_time,
    print_json,
    print_table,
    range_options,
    window_option,
)


@click.command()
@click.argument("handle")
@click.option("--from", "since", metavar="DATE", help="A day of the period; the last one else.")
@click.option("--to", "until", metavar="DATE", help="The end, which must lie in the same period.")
@json_option
def audience(handle: str, since: str | None, until: str | None, as_json: bool) -> None:
    """How many different people click at all: at least so many, in one visitor period."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.reports.people.audience import audience_json, audience_report

    with installation() as opened, opened.database.session() as session:
        found = audience_report(
            session,
            find_account(session, handle),
            period=opened.settings.visitor_period,
            timezone=opened.settings.timezone,
            now=now(),
            since=parse_time(since, opened),
            until=parse_time(until, opened),
        )
    if as_json:
        print_json(audience_json(found))
        return
    click.echo(found.sentence)


@click.command()
@click.argument("handle")
@range_options
@json_option
def coverage(handle: str, since: str | None, until: str | None, as_json: bool) -> None:
    """Which part of the links that an account posted, in its own words, was wrapped."""
    from linktrack.audience.accounts import find_account
    from linktrack.reports.coverage import coverage_json, coverage_report

    with installation() as opened, opened.database.session() as session:
        found = coverage_report(
            session,
            find_account(session, handle),
            parse_time(since, opened),
            parse_time(until, opened),
        )
    if as_json:
        print_json(coverage_json(found))
        return
    click.echo(found.sentence)


@click.command()
@click.argument("handles", nargs=-1, metavar="[HANDLE]...")
@window_option
@range_options
@json_option
def compare(
    handles: tuple[str, ...], window: str, since: str | None, until: str | None, as_json: bool
) -> None:
    """Accounts side by side (all of them where none is named), with what surely differs."""
    from linktrack.audience.accounts import find_account, list_accounts
    from linktrack.db import now
    from linktrack.reports.comparison import compare as compare_accounts
    from linktrack.reports.comparison import comparison_json, figure_in_words

    with installation() as opened, opened.database.session() as session:
        named = [find_account(session, handle) for handle in dict.fromkeys(handles)]
        found = compare_accounts(
            session,
            named or list_accounts(session),
            window=window,
            now=now(),
            since=parse_time(since, opened),
            until=parse_time(until, opened),
        )
    if as_json:
        print_json(comparison_json(found))
        return
    print_table(
        ("account", "role", "posts", "per 1,000 followers", "people per post", "never clicked",
         "half-life"),
        [
            (
                line.account.handle,
                line.account.role,
                line.posts,
                *(figure_in_words(figure, line.rate(figure)) for figure in found.figures),
            )
            for line in found.accounts
        ],
    )  # fmt: skip
    for difference in found.differences:
        click.echo(difference.sentence)


@click.command()
@click.argument("handle")
@window_option
@range_options
@json_option
def growth(handle: str, window: str, since: str | None, until: str | None, as_json: bool) -> None:
    """Whether clicking grows as fast as following."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.reports.people.growth import growth_json, growth_report

    with installation() as opened, opened.database.session() as session:
        found = growth_report(
            session,
            find_account(session, handle),
            window=window,
            now=now(),
            since=parse_time(since, opened),
            until=parse_time(until, opened),
        )
    if as_json:
        print_json(growth_json(found))
        return
    click.echo(found.sentence)


@click.command("half-life")
@click.argument("handle")
@click.option("--link", "code", metavar="CODE", help="Of this link alone.")
@range_options
@json_option
def half_life(
    handle: str, code: str | None, since: str | None, until: str | None, as_json: bool
) -> None:
    """How long an account's posts live: half of the clicks after the peak, and nearly all."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.reports.timing.lifetimes import (
        at_least,
        life_of_code,
        lifetimes_json,
        lifetimes_report,
        link_life_json,
    )

    with installation() as opened, opened.database.session() as session:
        account = find_account(session, handle)
        if code is not None:
            life = life_of_code(session, opened.shortener.codes, account, code, now())
            if as_json:
                print_json(link_life_json(life))
            else:
                click.echo(life.sentence)
            return
        found = lifetimes_report(
            session,
            account,
            now=now(),
            since=parse_time(since, opened),
            until=parse_time(until, opened),
        )
    if as_json:
        print_json(lifetimes_json(found))
        return
    click.echo(found.sentence)
    if found.posts:
        print_table(
            ("post", "clicks", "half-life", "nine tenths"),
            [
                (post.post_id, post.clicks, at_least(post.half), at_least(post.whole))
                for post in found.posts
            ],
        )


@click.command()
@click.argument("handle")
@window_option
@range_options
@json_option
def hours(handle: str, window: str, since: str | None, until: str | None, as_json: bool) -> None:
    """When to post: clicks per follower by weekday and hour, luck taken out."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.reports.figures.words import per_thousand
    from linktrack.reports.timing.hours import hours_json, hours_report

    with installation() as opened, opened.database.session() as session:
        found = hours_report(
            session,
            find_account(session, handle),
            window=window,
            timezone=opened.settings.timezone,
            now=now(),
            since=parse_time(since, opened),
            until=parse_time(until, opened),
        )
    if as_json:
        print_json(hours_json(found))
        return
    click.echo(found.sentence)
    if found.refused is None:
        slots = [*found.weekdays.slots, *(slot for slot in found.hours.slots if slot.posts)]
        print_table(
            ("posted", "posts", "per 1,000 followers"),
            [(slot.name, slot.posts, per_thousand(slot.cpf)) for slot in slots],
        )
