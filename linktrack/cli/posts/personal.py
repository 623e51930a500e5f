"""Commands for personal links."""

import click

from linktrack.cli.common import Commands, writing
from linktrack.errors import Invalid


@click.group(cls=Commands)
def personal() -> None:
    """Manage personal links, each for one follower who agreed to it.

    Off by default: set LINKTRACK_PERSONAL_LINKS=on to turn them on.
    """


@personal.command()
@click.argument("handle")
@click.argument("follower")
def agree(handle: str, follower: str) -> None:
    """Record that a follower agreed, by id or handle."""
    from linktrack.publishing import personal as links

    with writing() as work:
        found = links.find_follower(work.session, work.account(handle), follower)
        links.agree(work.session, found, work.now)
    click.echo(f"{follower} agreed to personal links.")


@personal.command()
@click.argument("handle")
@click.argument("follower")
def withdraw(handle: str, follower: str) -> None:
    """Withdraw an agreement; the follower's clicks become anonymous, earlier ones too."""
    from linktrack.community.letting_in.known import withdraw_agreement
    from linktrack.publishing import personal as links

    with writing() as work:
        found = links.find_follower(work.session, work.account(handle), follower)
        withdraw_agreement(work.session, found, work.now, work.installation.days())
    click.echo(f"{follower} no longer has personal links; those given out keep redirecting.")


@personal.command()
@click.argument("code")
@click.argument("follower")
def link(code: str, follower: str) -> None:
    """Print a link's personal address for one follower who agreed."""
    from linktrack.audience.accounts import get_account
    from linktrack.publishing import personal as links

    with writing() as work:
        if not work.installation.settings.personal_links:
            raise Invalid(
                "Personal links are off: LINKTRACK_PERSONAL_LINKS=on switches them on, for "
                "followers who agreed."
            )
        found = work.link(code)
        account = get_account(work.session, found.account_id)
        reader = links.find_follower(work.session, account, follower)
        told = links.personal_url(
            work.session, work.installation.shortener, found, reader, work.now
        )
    click.echo(told)
