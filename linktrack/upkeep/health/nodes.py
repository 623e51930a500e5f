"""How the nodes of the installation are, for pages and programs, and which the owner should see."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict

from sqlalchemy.orm import Session

from linktrack.calendar.times import utc
from linktrack.clicks.nodes.seen import Node, State, all_nodes, with_other_keys
from linktrack.db import from_ms
from linktrack.keys import load_keys
from linktrack.settings import Settings
from linktrack.upkeep.health.status import Capture


class NodeJson(TypedDict):
    """A node: how it is, and what waits in its journals as far as it said.

    `here` is the node that answers. `lost_clicks` are all that it ever lost.
    """

    id: str
    name: str
    here: bool
    state: State
    version: str
    seen_at: str | None
    clicks_to_load: int
    bytes_to_load: int
    seconds_behind: float
    lost_clicks: int
    lost_at: str | None


def nodes_now(session: Session, folder: Path) -> Sequence[Node]:
    """Return all nodes; of this one, which has its journals in `folder`, what is true right now."""
    capture = Capture.read(session, folder)
    since = capture.backlog.since
    here = {
        "clicks_waiting": capture.backlog.clicks,
        "bytes_waiting": capture.backlog.bytes,
        "waiting_since": None if since is None else from_ms(since),
        "lost_clicks": capture.lost.count,
        "lost_at": capture.lost_at,
    }
    return [
        replace(node, **here) if node.is_here else node  # type: ignore[arg-type]  # by their names
        for node in all_nodes(session, folder)
    ]


def node_json(node: Node, now: datetime) -> NodeJson:
    """Return a node as programs see it."""
    return {
        "id": node.id,
        "name": node.name,
        "here": node.is_here,
        "state": node.state(now),
        "version": node.version,
        "seen_at": None if node.seen_at is None else utc(node.seen_at),
        "clicks_to_load": node.clicks_waiting,
        "bytes_to_load": node.bytes_waiting,
        "seconds_behind": node.seconds_behind(now),
        "lost_clicks": node.lost_clicks,
        "lost_at": None if node.lost_at is None else utc(node.lost_at),
    }


OTHER_KEYS: Final = (
    "This node has other keys than the node {}: links of versions and sign-ins of one fail on the "
    "other. Copy keys.json from one data folder into the other, and start again."
)


def node_troubles(session: Session, settings: Settings, now: datetime) -> Iterator[str]:
    """Yield what is the matter with the nodes, each in a sentence."""
    nodes = all_nodes(session, settings.journals)
    others = [node for node in nodes if not node.is_here]
    for node in others:
        if not node.is_missed(now) or node.seen_at is None:
            continue
        at = node.seen_at.astimezone(settings.timezone)
        said = f"The node {node.name} was last seen on {at.day} {at:%b %Y at %H:%M}"
        count = node.clicks_waiting
        clicks = f"{count:,} {'click waits' if count == 1 else 'clicks wait'} in its journals"
        then = f", and {clicks}" if node.bytes_waiting else ""
        yield f"{said}{then}: start it again, or remove it if it is gone for good."
    if others:
        stranger = with_other_keys(others, load_keys(settings.data).fingerprint, now)
        if stranger is not None:
            yield OTHER_KEYS.format(stranger.name)
    for name in namesakes(nodes, now):
        yield f"Several nodes are called {name}: give each a name with LINKTRACK_NODE."


def namesakes(nodes: Sequence[Node], now: datetime) -> Sequence[str]:
    """Return names that several running nodes have."""
    names = [node.name for node in nodes if node.state(now) == "running"]
    return sorted({name for name in names if names.count(name) > 1})
