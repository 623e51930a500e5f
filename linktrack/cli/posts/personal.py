"""Commands for personal links."""

import click

from linktrack.cli.common import Commands, transaction
from linktrack.errors import Invalid


@click.group(cls=Commands)
def personal() -> None:
    """Links for one follower each, who agreed to it.

    Off by default: LINKTRACK_PERSONAL_LINKS=on switches them on.
    """


@personal.command()
@click.argument("handle")
@click.argument("follower")
def agree(handle: str, follower: str) -> None:
    """Record that a follower agreed, by id or handle."""
    from linktrack.audience.accounts import find_account
    from linktrack.db import now
    from linktrack.publishing import personal as links

    with transaction() as (_, session):
        found = links.find_follower(session, find_account(session, handle), follower)
        links.agree(session, found, now())
    click.echo(f"{follower} agreed to personal links.")


@personal.command()
@click.argument("handle")
@click.argument("follower")
def withdraw(handle: str, follower: str) -> None:
    """Take an agreement back: the follower's clicks become nobody's, earlier ones too."""
    from linktrack.audience.accounts import find_account
    from linktrack.publishing import personal as links

    with transaction() as (opened, session):
        found = links.find_follower(session, find_account(session, handle), follower)
        links.withdraw(session, found, opened.days())
    click.echo(f"{follower} has no personal links any more; those given out go on redirecting.")


@personal.command()
@click.argument("code")
@click.argument("follower")
def link(code: str, follower: str) -> None:
    """Print a link's address for one follower who agreed."""
    from linktrack.audience.accounts import get_account
    from linktrack.db import now
    from linktrack.links.catalog import get_link
    from linktrack.publishing import personal as links

    with transaction() as (opened, session):
        if not opened.settings.personal_links:
            raise Invalid(
                "Personal links are off: LINKTRACK_PERSONAL_LINKS=on switches them on, for "
                "followers who agreed."
            )
        found = get_link(session, opened.shortener.codes, code)
        account = get_account(session, found.account_id)
        reader = links.find_follower(session, account, follower)
        told = links.personal_url(session, opened.shortener, found, reader, now())
    click.echo(told)
