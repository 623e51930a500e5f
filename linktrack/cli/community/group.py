"""The group of commands for the community; each module beside it adds its own."""

import click

from linktrack.cli.common import Commands


@click.group(cls=Commands)
def community() -> None:
    """Manage an account's community: open it, and see who asks to join."""
