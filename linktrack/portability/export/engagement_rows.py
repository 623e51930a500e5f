"""Engagement as rows of an export: a row for each post and kind, as of its last reading."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account, Follower
from linktrack.calendar.times import utc
from linktrack.engagement.models import Engagement, NetworkPost
from linktrack.engagement.storing import last_counts
from linktrack.engagement.vocabulary import KIND_OF, KINDS, NAMED, Kind
from linktrack.links.catalog import Shortener
from linktrack.portability.export.steps import Position, Row, Selection

STEP: Final = 300  # posts read at a time, each with six kinds at most
ENGAGEMENT_FIELDS: Final = (
    "id",
    "account",
    "network",
    "network_id",
    "post",
    "posted_at",
    "read_at",
    "gone_at",
    "kind",
    "count",
    "followers",
)


def engagement_rows(
    connection: Connection, _shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of posts as they stand on their networks, chosen by when they were posted.

    A post that was never read, and a kind of which its network tells nothing, has no row.
    """
    query = (
        select(NetworkPost, Account.handle, Account.network)
        .join(Account, NetworkPost.account_id == Account.id)
        .where(NetworkPost.id > position[0])
        .order_by(NetworkPost.id)
        .limit(STEP)
    )
    if selection.since is not None:
        query = query.where(NetworkPost.posted_at >= selection.since)
    if selection.until is not None:
        query = query.where(NetworkPost.posted_at < selection.until)
    if selection.account_id is not None:
        query = query.where(NetworkPost.account_id == selection.account_id)
    found = connection.execute(query).all()
    numbers = [row.id for row in found]
    with Session(connection) as session:
        counts = last_counts(session, numbers)
    named = _named(connection, numbers)
    rows: list[Row] = []
    for row in found:
        for kind in KINDS:
            count = counts[row.id].get(kind)
            is_named = row.names_read_at is not None and kind in NAMED
            if count is None and not named[row.id, kind]:
                continue
            rows.append(
                {
                    "id": row.id,
                    "account": row.handle,
                    "network": row.network,
                    "network_id": row.network_id,
                    "post": row.post_id,
                    "posted_at": utc(row.posted_at),
                    "read_at": utc(row.read_at),
                    "gone_at": utc(row.gone_at),
                    "kind": kind,
                    "count": count,
                    "followers": named[row.id, kind] if is_named else None,
                }
            )
    return rows, (found[-1].id,) if found else None


def _named(connection: Connection, numbers: Sequence[int]) -> dict[tuple[int, Kind], list[str]]:
    """Return the network's ids of the followers who are named, by post and kind."""
    query = (
        select(Engagement.network_post_id, Engagement.kind, Follower.network_id)
        .join(Follower, Follower.id == Engagement.follower_id)
        .where(Engagement.network_post_id.in_(numbers))
        .order_by(Engagement.network_post_id, Engagement.kind, Engagement.follower_id)
    )
    named: defaultdict[tuple[int, Kind], list[str]] = defaultdict(list)
    for number, kind, name in connection.execute(query):
        named[number, KIND_OF[kind]].append(name)
    return named
