"""Links, posts, follower counts and segments as rows of an export."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVarTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from linktrack.audience.models import Account, FollowerCount, Segment
from linktrack.calendar.times import utc
from linktrack.db import from_ms, to_ms
from linktrack.links.catalog import Shortener
from linktrack.links.hosts.models import Domain
from linktrack.links.labels import labels_of
from linktrack.links.models import Link, Post, UnwrappedAddress, UnwrappedPost
from linktrack.links.redirects.limiting import LinkLimits, limits_by_link
from linktrack.portability.export.steps import STEP, Position, Row, Selection

LINK_FIELDS: Final = (
    "id",
    "code",
    "domain",
    "short_url",
    "destination",
    "account",
    "post",
    "created_at",
    "disabled_at",
    "title",
    "tags",
    "note",
    "valid_from",
    "expires_at",
    "most_clicks",
    "used_clicks",
    "has_password",
    "ended_to",
)
POST_FIELDS: Final = (
    "id",
    "account",
    "state",
    "posted_at",
    "text",
    "written",
    "format",
    "links",
    "created_at",
    "measured_from",
)
NOT_WRAPPED_FIELDS: Final = (
    "id",
    "account",
    "network",
    "network_id",
    "posted_at",
    "repost",
    "partly_wrapped",
    "text",
    "addresses",
)
COUNT_FIELDS: Final = ("account", "network", "counted_at", "count", "source")
SEGMENT_FIELDS: Final = ("account", "position", "segment", "size")

Columns = TypeVarTuple("Columns")
Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


def link_rows(
    connection: Connection, shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of links in order of their numbers, chosen by when they were made."""
    query = select(Link, Account.handle, Domain.address).join(
        Account, Link.account_id == Account.id
    )
    query = query.outerjoin(Domain, Domain.id == Link.domain_id)
    query = query.where(*_chosen(selection, Link.created_at, Link.account_id))
    found = connection.execute(_step(query, Link.id, position)).all()
    labels = labels_of(connection, [row.id for row in found])
    limits = limits_by_link(connection, [row.id for row in found])
    rows: list[Row] = [
        {
            "id": row.id,
            "code": row.code,
            "domain": row.address and row.address.partition("://")[2],
            "short_url": f"{row.address or shortener.base_url}/{row.code or ''}",
            "destination": row.destination,
            "account": row.handle,
            "post": row.post_id,
            "created_at": utc(row.created_at),
            "disabled_at": utc(row.disabled_at),
            "title": labels[row.id].title,
            "tags": list(labels[row.id].tags),
            "note": labels[row.id].note,
            **_limits(limits[row.id]),
        }
        for row in found
    ]
    return rows, (found[-1].id,) if found else None


def _limits(limits: LinkLimits) -> Row:
    has_clicks = limits.most_clicks is not None
    return {
        "valid_from": utc(limits.valid_from),
        "expires_at": utc(limits.expires_at),
        "most_clicks": limits.most_clicks,
        "used_clicks": limits.used_clicks if has_clicks else None,
        "has_password": limits.has_password,
        "ended_to": limits.ended_to,
    }


def post_rows(
    connection: Connection, _shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of posts in order of their numbers, chosen by when they were posted.

    Drafts without a time are exported only where no range is asked for.
    """
    query = select(Post, Account.handle).join(Account, Post.account_id == Account.id)
    query = query.where(*_chosen(selection, Post.posted_at, Post.account_id))
    found = connection.execute(_step(query, Post.id, position)).all()
    codes: defaultdict[int, list[str]] = defaultdict(list)
    if found:
        links = select(Link.post_id, Link.code).where(
            Link.post_id.between(found[0].id, found[-1].id)
        )
        for post_id, code in connection.execute(links.order_by(Link.id)):
            codes[post_id or 0].append(code or "")
    rows: list[Row] = [
        {
            "id": row.id,
            "account": row.handle,
            "state": row.state,
            "posted_at": utc(row.posted_at),
            "text": row.text,
            "written": row.written,
            "format": row.format,
            "links": codes[row.id],
            "created_at": utc(row.created_at),
            "measured_from": utc(row.measured_from),
        }
        for row in found
    ]
    return rows, (found[-1].id,) if found else None


def not_wrapped_rows(
    connection: Connection, _shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of what was published without a wrapped link, chosen by when it was posted.

    All of it: reposts, and posts without any link, too.
    """
    query = select(UnwrappedPost, Account.handle, Account.network).join(
        Account, UnwrappedPost.account_id == Account.id
    )
    query = query.where(*_chosen(selection, UnwrappedPost.posted_at, UnwrappedPost.account_id))
    found = connection.execute(_step(query, UnwrappedPost.id, position)).all()
    addresses: defaultdict[int, list[str]] = defaultdict(list)
    if found:
        inside = select(UnwrappedAddress.post_id, UnwrappedAddress.address).where(
            UnwrappedAddress.post_id.between(found[0].id, found[-1].id)
        )
        for post_id, address in connection.execute(
            inside.order_by(UnwrappedAddress.post_id, UnwrappedAddress.place)
        ):
            addresses[post_id].append(address)
    rows: list[Row] = [
        {
            "id": row.id,
            "account": row.handle,
            "network": row.network,
            "network_id": row.network_id,
            "posted_at": utc(row.posted_at),
            "repost": row.is_repost,
            "partly_wrapped": row.partly,
            "text": row.text,
            "addresses": addresses[row.id],
        }
        for row in found
    ]
    return rows, (found[-1].id,) if found else None


def count_rows(
    connection: Connection, _shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of follower counts, account by account, oldest first."""
    account_id, counted_at = position
    behind = or_(
        FollowerCount.account_id > account_id,
        and_(
            FollowerCount.account_id == account_id,
            FollowerCount.counted_at > from_ms(counted_at),
        ),
    )
    query = select(
        FollowerCount.account_id,
        FollowerCount.counted_at,
        FollowerCount.count.label("followers"),
        FollowerCount.source,
        Account.handle,
        Account.network,
    ).join(Account, FollowerCount.account_id == Account.id)
    found = connection.execute(
        query.where(behind, *_chosen(selection, FollowerCount.counted_at, FollowerCount.account_id))
        .order_by(FollowerCount.account_id, FollowerCount.counted_at)
        .limit(STEP)
    ).all()
    rows: list[Row] = [
        {
            "account": row.handle,
            "network": row.network,
            "counted_at": utc(row.counted_at),
            "count": row.followers,
            "source": row.source,
        }
        for row in found
    ]
    return rows, (found[-1].account_id, to_ms(found[-1].counted_at)) if found else None


def segment_rows(
    connection: Connection, _shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of segments, account by account, in their order."""
    account_id, number = position
    behind = or_(
        Segment.account_id > account_id,
        and_(Segment.account_id == account_id, Segment.position > number),
    )
    query = select(Segment, Account.handle).join(Account, Segment.account_id == Account.id)
    found = connection.execute(
        query.where(behind, *_chosen(selection, Segment.created_at, Segment.account_id))
        .order_by(Segment.account_id, Segment.position)
        .limit(STEP)
    ).all()
    rows: list[Row] = [
        {
            "account": row.handle,
            "position": row.position,
            "segment": row.name,
            "size": row.size,
        }
        for row in found
    ]
    return rows, (found[-1].account_id, found[-1].position) if found else None


def _step(
    query: Select[*Columns], number: InstrumentedAttribute[int], position: Position
) -> Select[*Columns]:
    """Return the query of the next step, in order of numbers."""
    return query.where(number > position[0]).order_by(number).limit(STEP)


def _chosen(
    selection: Selection, moment: Moment, account_id: InstrumentedAttribute[int]
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if selection.since is not None:
        conditions.append(moment >= selection.since)
    if selection.until is not None:
        conditions.append(moment < selection.until)
    if selection.account_id is not None:
        conditions.append(account_id == selection.account_id)
    return conditions
