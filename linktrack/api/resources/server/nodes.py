"""Nodes: the machines that serve this installation."""

from typing import TypedDict

from linktrack.api.access import require_all
from linktrack.api.operations import operation
from linktrack.context import db_session, installation
from linktrack.db import now
from linktrack.upkeep.health.nodes import NodeJson, node_json, nodes_now


class NodeListJson(TypedDict):
    """All nodes, by name."""

    data: list[NodeJson]


@operation("GET", "/nodes", scope="read")
def read_nodes() -> NodeListJson:
    """List the machines that serve this installation, and what waits in the journals of each."""
    require_all()
    nodes = nodes_now(db_session(), installation().settings.journals)
    return {"data": [node_json(node, now()) for node in nodes]}
