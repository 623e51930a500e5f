"""Commands for the nodes: the machines that serve one installation together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from linktrack.cli.answers import Answer, Table, answering
from linktrack.cli.common import Commands, Work, writing

if TYPE_CHECKING:
    from linktrack.upkeep.health.nodes import NodeJson


@click.group(cls=Commands)
def node() -> None:
    """List the machines that serve this installation, or remove one."""


@node.command("list")
@answering
def list_(work: Work) -> Answer:
    """List the nodes, and what waits in the journals of each."""
    from linktrack.upkeep.health.nodes import node_json, nodes_now

    nodes = nodes_now(work.session, work.installation.settings.journals)
    lines = [node_json(each, work.now) for each in nodes]
    return Answer({"data": lines}, node_table(lines))


@node.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a node that is gone for good; clicks in its journals were not counted."""
    from linktrack.clicks.nodes.telling import remove_node

    with writing() as work:
        folder = work.installation.settings.journals
        gone = remove_node(work.session, folder, name, work.now)
        click.echo(f"{gone.name} is removed.")


def node_table(nodes: "Sequence[NodeJson]") -> Table:
    """Return the nodes as a table."""
    columns = ("node", "state", "last seen", "clicks to load", "seconds behind", "lost clicks")
    return Table(
        (*columns, "version"),
        [
            (
                f"{node['name']} (here)" if node["here"] else node["name"],
                node["state"],
                node["seen_at"],
                node["clicks_to_load"],
                node["seconds_behind"],
                node["lost_clicks"],
                node["version"],
            )
            for node in nodes
        ],
    )
