"""Clicks for tests, and what is counted of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from world import NOON, World

from linktrack.clicks.facet_models import (
    account_agent_months,
    account_facet_days,
    account_facet_months,
    account_link_months,
    devices,
    link_facets,
)
from linktrack.clicks.models import (
    account_days,
    account_hours,
    account_referrer_days,
    account_referrer_months,
    account_referrer_years,
    account_visits,
    account_ways,
    agents,
    clicks,
    first_clicks,
    link_days,
    link_options_clicked,
    link_totals,
    post_hours,
    post_reasons,
    post_segments,
    post_sources,
    post_totals,
    referrers,
    sources,
    visitor_accounts,
)
from linktrack.clicks.records import ClickRecord, encode
from linktrack.clicks.vocabulary import ATTRIBUTIONS, FACETS, NO_VISITOR
from linktrack.db import to_ms
from linktrack.ids import LinkId, SegmentId
from linktrack.links.models import Post

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


DEVICE = FACETS.index("device")
HOUR = 3_600_000
START = to_ms(NOON)


TABLES = (
    post_segments,
    post_totals,
    post_sources,
    post_reasons,
    post_hours,
    link_days,
    link_totals,
    link_options_clicked,
    account_days,
    account_hours,
    account_referrer_days,
    account_referrer_months,
    account_referrer_years,
    account_ways,
    account_facet_days,
    account_facet_months,
    account_agent_months,
    account_link_months,
    link_facets,
    first_clicks,
    visitor_accounts,
    account_visits,
)


def counts(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Return every count of the database, sources and referrers by name."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with world.database.engine.connect() as connection:
        names: dict[str, dict[int, object]] = {
            "source_id": {
                row.id: (row.name, row.medium) for row in connection.execute(select(sources))
            },
            "device_id": {row.id: tuple(row)[1:] for row in connection.execute(select(devices))},
            "agent_id": {row.id: row.user_agent for row in connection.execute(select(agents))},
            "referrer_id": {row.id: row.referrer for row in connection.execute(select(referrers))},
        }
        for table in TABLES:
            rows = []
            for row in connection.execute(select(table)).mappings():
                values = [names.get(name, {}).get(value, value) for name, value in row.items()]
                if row.get("facet") == DEVICE:
                    place, number = list(row).index("value"), int(str(row["value"]))
                    values[place] = names["device_id"].get(number)
                rows.append(tuple(values))
            found[table.name] = sorted(rows, key=repr)
    return found


def forget_clicks(world: World) -> None:
    """Referrers stay: of two clicks in one millisecond their numbers tell which is the first."""
    with world.database.engine.begin() as connection:
        for table in (clicks, *TABLES, agents):
            connection.execute(delete(table))


def records_of(
    drawn: Sequence[tuple[int, int, int, int | None, str, str, int]], links: Sequence[LinkId]
) -> list[ClickRecord]:
    return [
        ClickRecord(
            clicked_at=START + hours * HOUR // 3,
            link_id=links[link],
            user_agent=agent or None,
            referrer=referrer or None,
            visitor=visitor,
            country=("US", "DE", None)[hours % 3],
            language=("en", "fil", None)[hours % 5 % 3],
            option=(None, 0, 7, 8)[(hours + link) % 4],
            flags=flags | (NO_VISITOR if visitor is None else 0),
            segment_id=SegmentId(segment) if segment else None,
            attribution=ATTRIBUTIONS[1 + hours % 4] if segment else None,
        )
        for hours, link, segment, visitor, agent, referrer, flags in drawn
    ]


def some_clicks(world: World) -> tuple[list[LinkId], list[int]]:
    """Make two posts with two links each; return link and segment numbers."""
    account = world.account()
    posts = [
        world.post(account, "http://one.com/ http://two.com/", NOON),
        world.post(account, "http://one.com/ http://three.com/", NOON + timedelta(days=1)),
    ]
    return [link.id for post in posts for link in post.links], [0, 1, 2]


def click(link_id: LinkId, second: int = 0) -> bytes:
    return encode(ClickRecord(START + second * 1000, link_id, FIREFOX, "//t.co", second % 7))


def people(
    world: World, post: Post, first: int, last: int, *, hours: float = 2, **more: object
) -> None:
    """Let visitors first..last click the post's first link once each, some a minute: no burst."""
    at = to_ms(post.posted_at or NOON) + int(hours * 3_600_000)
    fields: dict[str, object] = {"user_agent": FIREFOX, "referrer": None, **more}
    world.click(
        [
            ClickRecord(at + 10_000 * (number - first), post.links[0].id, visitor=number, **fields)  # type: ignore[arg-type]
            for number in range(first, last)
        ]
    )
    world.session.commit()


def visited(
    world: World, post: Post, visitors: Sequence[int | None], at: datetime | None = None
) -> None:
    """Let these visitors click the post's first link, a minute apart."""
    first = to_ms(at or post.posted_at or NOON)
    link = post.links[0].id
    world.click(
        [
            ClickRecord(first + 60_000 * i, link, FIREFOX, None, who)
            for i, who in enumerate(visitors)
        ]
    )
    world.session.commit()
