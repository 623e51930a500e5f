"""Clicks as rows of an export: every field in words, by the rules as they are now."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, Select, func, select

from linktrack.audience.models import Account, Segment
from linktrack.clicks.keeping.interface import Clicks
from linktrack.clicks.keeping.opening import clicks_of
from linktrack.clicks.models import agents, referrers, sources
from linktrack.clicks.vocabulary import (
    HUMAN,
    REASONS,
    RECOGNISED_BY,
    attribution_name,
    unpack_country,
    unpack_language,
)
from linktrack.db import EPOCH, to_ms
from linktrack.links.catalog import Shortener
from linktrack.links.codes import Bearer
from linktrack.links.models import Link, LinkDestination
from linktrack.links.redirects.rules.models import LinkOption
from linktrack.portability.export.steps import STEP, Position, Row, Selection

CLICK_FIELDS: Final = (
    "seq",
    "clicked_at",
    "code",
    "destination",
    "account",
    "post",
    "segment",
    "attribution",
    "visitor",
    "referrer_host",
    "source",
    "medium",
    "device",
    "browser",
    "os",
    "country",
    "human",
    "reason",
    "rule",
    "installation",
    "recognised_by",
    "language",
    "option",
)

BY_AGENT: Final = frozenset({"no-agent", "preview", "bot"})
"""Reasons that the user agent gives; the rule that decided is kept with the agent."""


def click_rows(
    connection: Connection, shortener: Shortener, selection: Selection, position: Position
) -> tuple[Sequence[Row], Position | None]:
    """Read one step of clicks in order of `seq`: a filter that few fulfil makes no long one."""
    (after,) = position
    clicks = clicks_of(connection)
    upto = None if clicks.most_numbers is None else after + clicks.most_numbers
    found = connection.execute(_step(clicks, selection, after, upto)).all()
    following: Position | None = None
    if len(found) == STEP:
        following = (found[-1].seq,)
    elif upto is not None and upto < clicks.latest():
        following = (upto,)
    code_of = lru_cache(maxsize=STEP)(shortener.codes.compute)
    rows: list[Row] = []
    for row in found:
        reason = None if row.reason == HUMAN else REASONS[row.reason]
        attribution = attribution_name(row.attribution)
        code = row.code
        if attribution == "variant":
            code = code_of(Bearer(row.link_id, row.segment_id))
        elif attribution == "personal":
            code = code_of(Bearer(row.link_id, row.segment_id, row.follower_id))
        rows.append(
            {
                "seq": row.seq,
                "clicked_at": utc_milliseconds(row.clicked_at),
                "code": code,
                "destination": row.destination,
                "account": row.handle,
                "post": row.post_id,
                "segment": row.segment,
                "attribution": attribution,
                "visitor": None if row.visitor is None else f"{row.visitor % 2**64:016x}",
                "referrer_host": row.host,
                "source": row.source or None,
                "medium": row.medium,
                "device": row.device,
                "browser": row.browser,
                "os": row.os,
                "country": unpack_country(row.country),
                "human": reason is None,
                "reason": reason,
                "rule": (row.rule or reason) if reason in BY_AGENT else reason,
                "installation": shortener.codes.installation,
                "recognised_by": RECOGNISED_BY.get(row.attribution),
                "language": unpack_language(row.language),
                "option": row.option_id or None,
            }
        )
    return rows, following


def utc_milliseconds(milliseconds: int) -> str:
    """Return a moment as UTC, always with milliseconds: 2026-05-04T12:00:00.000Z."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    return f"{_minute(minutes)}{second:02}.{rest:03}Z"


@lru_cache(maxsize=STEP)
def _minute(minutes: int) -> str:
    """Return a minute since 1970 as UTC, up to where its seconds begin."""
    return f"{EPOCH.fromtimestamp(60 * minutes, EPOCH.tzinfo):%Y-%m-%dT%H:%M:}"


def _step(
    clicks: Clicks, selection: Selection, after: int, upto: int | None
) -> Select[tuple[object, ...]]:
    # The rows are chosen first, along the key, and dressed afterwards: left to itself a planner
    # may begin at another table and sort all clicks for every step.
    chosen = replace(
        selection.wanted,
        accounts=None if selection.account_id is None else (selection.account_id,),
        since=None if selection.since is None else to_ms(selection.since),
        until=None if selection.until is None else to_ms(selection.until),
        after=after,
        upto=upto,
    )
    click = clicks.table(chosen, limit=STEP, walk=selection.walk).c
    # Where the link led when it was clicked; before it was made here, where it leads now.
    led_to = (
        select(LinkDestination.destination)
        .where(LinkDestination.link_id == click.link_id, LinkDestination.since <= click.clicked_at)
        .order_by(LinkDestination.since.desc(), LinkDestination.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            click.seq,
            click.clicked_at,
            click.link_id,
            Link.code,
            func.coalesce(LinkOption.destination, led_to, Link.destination).label("destination"),
            Account.handle,
            Link.post_id,
            click.segment_id,
            Segment.name.label("segment"),
            click.follower_id,
            click.attribution,
            click.visitor,
            referrers.c.host,
            sources.c.name.label("source"),
            sources.c.medium,
            agents.c.device,
            agents.c.browser,
            agents.c.os,
            agents.c.rule,
            click.country,
            click.language,
            click.option_id,
            click.reason,
        )
        .join(Link, click.link_id == Link.id)
        .join(Account, Link.account_id == Account.id)
        .join(agents, click.agent_id == agents.c.id)
        .join(referrers, click.referrer_id == referrers.c.id)
        .join(sources, referrers.c.source_id == sources.c.id)
        .outerjoin(Segment, click.segment_id == Segment.id)
        .outerjoin(LinkOption, click.option_id == LinkOption.id)
        .order_by(click.seq)
    )
