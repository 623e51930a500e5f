"""Opening and closing a community, and its settings."""

from typing import Literal

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Work, writing
from linktrack.cli.community.group import community


@community.command()
@click.argument("handle")
@answering
def show(work: Work, handle: str) -> Answer:
    """Show whether it is open, and its settings."""
    from linktrack.community.communities import community_json, get_community

    account = work.account(handle)
    found = get_community(work.session, account)
    rows = [
        ("open since", found.opened_at or "closed"),
        ("question", found.question),
        ("welcome", found.welcome),
        ("feed", found.feed),
        ("weekly best", str(found.weekly_best)),
        ("mails", "yes" if found.mails else "no"),
    ]
    return Answer(community_json(account, found), Table(("setting", "value"), rows))


@community.command("open")
@click.argument("handle")
def open_(handle: str) -> None:
    """Let people ask to join an account."""
    from linktrack.community.communities import open_community

    with writing() as work:
        account = work.account(handle)
        open_community(work.session, account, work.now)
        said = f"The community of {account.handle} is open."
    click.echo(said)


@community.command()
@click.argument("handle")
def close(handle: str) -> None:
    """Take no more requests; members stay."""
    from linktrack.community.communities import close_community

    with writing() as work:
        account = work.account(handle)
        close_community(work.session, account, work.now)
        said = f"The community of {account.handle} takes no more requests."
    click.echo(said)


@community.command("set")
@click.argument("handle")
@click.option("--question", metavar="TEXT", help="What introductions should answer.")
@click.option("--welcome", metavar="TEXT", help="What a new member reads.")
@click.option("--feed", type=click.Choice(["full", "weekly"]), help="What members get.")
@click.option("--weekly-best", type=int, metavar="N", help="Posts in a week's best.")
@click.option("--mails/--no-mails", default=None, help="Whether members get emails, too.")
def set_(
    handle: str,
    question: str | None,
    welcome: str | None,
    feed: Literal["full", "weekly"] | None,
    weekly_best: int | None,
    mails: bool | None,
) -> None:
    """Change its settings; what isn't named stays as it is."""
    from linktrack.community.communities import Choices, get_community, set_community

    with writing() as work:
        account = work.account(handle)
        found = get_community(work.session, account)
        choices = Choices(
            question=found.question if question is None else question,
            welcome=found.welcome if welcome is None else welcome,
            feed=feed or found.feed,
            weekly_best=found.weekly_best if weekly_best is None else weekly_best,
            mails=found.mails if mails is None else mails,
        )
        set_community(work.session, account, choices, work.now)
        said = f"Saved the settings of the community of {account.handle}."
    click.echo(said)
