"""Health checks and metrics, for programs that monitor the service."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response

from linktrack.clicks.nodes.seen import Node
from linktrack.context import db_session, installation
from linktrack.db import now, to_ms
from linktrack.errors import Forbidden, LinktrackError
from linktrack.upkeep.health.nodes import nodes_now
from linktrack.upkeep.health.status import Capture, counted_clicks
from linktrack.web.public.watchers import may_see_details

blueprint = Blueprint("health", __name__)

LOSING: Final = timedelta(minutes=1)  # after the last lost click it is no longer going on


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer that this process is alive."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Answer whether clicks can be counted: the database is readable, the journals writable.

    Known links redirect even if it says no. Only `may_see_details` sees the reason.
    """
    try:
        with installation().database.reachable():
            capture = Capture.read(db_session(), installation().settings.journals)
    except LinktrackError as error:
        return _not_ready(f"{error.sentence}\n")
    at = capture.lost_at
    if at is None or not (_is_losing(at) or may_see_details()):
        return Response("ok\n", mimetype="text/plain")
    said = f"{capture.lost.count} clicks were lost, the last at {at:%Y-%m-%dT%H:%M:%SZ}.\n"
    if _is_losing(at):
        return _not_ready(f"Clicks are being lost: {said}")
    return Response(f"ok\n{said}", mimetype="text/plain")


def _not_ready(why: str) -> Response:
    said = why if may_see_details() else "not ready\n"
    return Response(said, status=503, mimetype="text/plain")


def _is_losing(at: datetime) -> bool:
    return abs(now() - at) < LOSING


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return metrics of this node, its database and all nodes for Prometheus (text format 0.0.4).

    Only for this machine, and for programs with a read token.
    """
    if not may_see_details():
        raise Forbidden(
            "Figures are for this machine, not through a proxy, and for programs with a token: "
            "linktrack token create NAME --scope read."
        )
    with installation().database.reachable():
        capture = Capture.read(db_session(), installation().settings.journals)
        counted = counted_clicks(db_session())
        nodes = nodes_now(db_session(), installation().settings.journals)
    waited = capture.backlog.seconds(to_ms(now()))
    lines = []
    for name, kind, meaning, value in (
        ("clicks_counted_total", "counter", "Clicks in the database.", counted),
        ("clicks_lost_total", "counter", "Clicks that could not be written.", capture.lost.count),
        ("lines_damaged_total", "counter", "Journal lines set aside.", capture.damaged_lines),
        ("backlog_clicks", "gauge", "Clicks that wait to be loaded.", capture.backlog.clicks),
        ("backlog_bytes", "gauge", "Journal bytes that wait to be loaded.", capture.backlog.bytes),
        ("backlog_seconds", "gauge", "How long the oldest of them has waited.", waited),
    ):
        lines += [
            f"# HELP linktrack_{name} {meaning}",
            f"# TYPE linktrack_{name} {kind}",
            f"linktrack_{name} {value}",
        ]
    lines += _of_nodes(nodes) if len(nodes) > 1 else ()
    return Response(
        "\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8"
    )


def _of_nodes(nodes: Sequence[Node]) -> Iterator[str]:
    """Yield the lines about every node as it last said, by its name and the head of its id."""
    at = now()
    for name, meaning, value_of in (
        ("up", "Whether a node is seen.", lambda node: int(node.state(at) == "running")),
        ("backlog_clicks", "Clicks that wait to be loaded.", lambda node: node.clicks_waiting),
        (
            "backlog_seconds",
            "How long the oldest waited.",
            lambda node: node.seconds_behind(at),
        ),
        ("clicks_lost", "Clicks that could not be written.", lambda node: node.lost_clicks),
    ):
        yield f"# HELP linktrack_node_{name} {meaning}"
        yield f"# TYPE linktrack_node_{name} gauge"
        for node in nodes:
            named = node.name.replace("\\", "\\\\").replace('"', '\\"')
            label = f'node="{named}",id="{node.id[:8]}"'
            yield f"linktrack_node_{name}{{{label}}} {value_of(node)}"
