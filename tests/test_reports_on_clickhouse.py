"""What is read of single clicks is the same where they are kept on ClickHouse."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from audiences import follow
from clickhouses import Engine
from clicking import FIREFOX, START, some_clicks
from databases import Maker
from keepings import on_clickhouse
from sqlalchemy import select
from world import NOON, World

from linktrack.audience.models import Account, Consent, FollowPeriod
from linktrack.audience.segments import add_segment
from linktrack.calendar.ranges import DayRange
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import NO_LANGUAGES
from linktrack.db import to_ms
from linktrack.ids import FollowerId, SegmentId
from linktrack.links.models import Link, LinkLabel, Post
from linktrack.links.posts import Wish, wrap_post
from linktrack.owners.tokens import create_token
from linktrack.portability.clicks.overlap import Overlap
from linktrack.portability.export.click_filters import find_wanted
from linktrack.portability.export.exports import Selection, export_rows
from linktrack.reports.engagement.regular_queries import deeds_of
from linktrack.reports.links.of_token import Visited, click_groups, last_clicks, visits
from linktrack.reports.people.deeds import deeds_of as deeds_of_people
from linktrack.reports.people.move_queries import Wanted
from linktrack.reports.people.moves import moves_page
from linktrack.reports.people.segment_queries import recognised_since
from linktrack.reports.people.visit_queries import known_people
from linktrack.reports.sources.first_click import awaited
from linktrack.reports.sources.first_fetches import first_fetches
from linktrack.reports.sources.hosts import clicks_by_host
from linktrack.reports.sources.left_out import (
    left_out,
    links_of,
    of_accounts,
    of_links,
    proxy_is_not_trusted,
)
from linktrack.reports.sources.referrer_queries import link_origins
from linktrack.reports.timing.life_queries import spans_of_link
from linktrack.upkeep.health.freshness import latest_click

AGENTS: Final = (FIREFOX, FIREFOX, FIREFOX, "Twitterbot/1.0", "curl/8.0", "")
REFERRERS: Final = ("", "//t.co", "//t.co/abcDEF1234", "//example.org/page", "//bsky.app")
KNOWN: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"segment_id": SegmentId(1), "attribution": "variant"},
    {"segment_id": SegmentId(2), "attribution": "recognised"},
    {"follower_id": FollowerId(1), "visitor": 1_001, "attribution": "personal"},
    {"follower_id": FollowerId(2), "visitor": 1_002, "attribution": "personal"},
)
DAYS: Final = DayRange(date(2026, 1, 1), date(2026, 12, 31), ZoneInfo("UTC"))
FILTERS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"human": "false"},
    {"human": "true", "medium": "social"},
    {"attribution": "recognised", "recognised_by": "button"},
    {"reason": "preview", "human": "true"},
    {"source": "-", "device": "desktop"},
    {"segment": "-", "post": "1"},
)


@pytest.fixture(params=["alone", pytest.param("here", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """An installation that keeps its clicks on ClickHouse."""
    engine: Engine = request.getfixturevalue(f"clickhouse_{request.param}")
    databases: Maker = request.getfixturevalue("postgresql_databases")
    with on_clickhouse(tmp_path / "kept", databases, engine) as world:
        yield world
    engine.leave()


def filled(world: World) -> list[ClickRecord]:
    """Give an installation two posts, a draft and a link of a program, with clicks of all kinds."""
    links, _ = some_clicks(world)
    account = world.session.scalars(select(Account)).one()
    for name in ("close", "often"):
        add_segment(world.session, account, name, 100, NOON)
    people = follow(world, account, [{}, {}])
    for each in people:
        world.session.add(Consent(follower_id=each.id, agreed_at=NOON))
    period = world.session.scalars(select(FollowPeriod)).first()
    assert period is not None
    period.ended_after, period.ended_by = NOON + timedelta(days=2), NOON + timedelta(days=3)
    wish = Wish("http://four.com/", state="draft")
    draft = wrap_post(world.session, world.shortener, account, wish, NOON)
    assert draft is not None
    links += [link.id for link in draft.links]
    create_token(world.session, "a program", "write", account.id, NOON)
    world.session.add(LinkLabel(link_id=links[0], token_id=1))
    world.session.commit()
    chance = random.Random(5)
    records = [
        ClickRecord(
            clicked_at=START + chance.randrange(0, 400_000_000, 777),
            link_id=chance.choice(links),
            user_agent=chance.choice(AGENTS) or None,
            referrer=chance.choice(REFERRERS) or None,
            country=chance.choice(["US", "DE", None]),
            language=chance.choice(["en", "fil", None]),
            **{"visitor": chance.choice([None, *range(1, 40)]), **chance.choice(KNOWN)},
        )
        for _ in range(300)
    ]
    burst = [
        ClickRecord(START + 7_000 + n, links[0], FIREFOX, None, n, NO_LANGUAGES)
        for n in range(1, 30)
    ]
    world.click([*records, *burst])
    return records


def answers(world: World, records: list[ClickRecord]) -> dict[str, Any]:
    """Return what reports, exports and imports read, without the numbers of clicks."""
    session = world.session
    session.rollback()
    account = session.scalars(select(Account)).one()
    links = session.scalars(select(Link.id).order_by(Link.id)).all()
    post = session.scalars(select(Post).order_by(Post.id)).first()
    assert post is not None
    every, of_post = of_accounts(session, [account.id], DAYS), of_links(links_of(post_id=post.id))
    end = NOON + timedelta(days=9)
    visited = Visited(token_id=1, humans_only=True, since=NOON, until=end)
    people = [FollowerId(1), FollowerId(2)]
    deeds = deeds_of(session, account.id, NOON, end)
    recognised = recognised_since(
        session, [SegmentId(1), SegmentId(2)], NOON, lambda _: NOON.date()
    )
    found: dict[str, Any] = {
        "all": left_out(session, every, 1),
        "others": left_out(session, replace(every, accounts=[account.id]), 1, "preview"),
        "post": left_out(session, of_post, 1, None, 1),
        "proxy": proxy_is_not_trusted(session),
        "hosts": clicks_by_host(session, of_post),
        "origins": link_origins(session, links, NOON + timedelta(hours=9), end),
        "visits": visits(session, visited, limit=20, offset=3),
        "groups": sorted(map(repr, click_groups(session, links[0], NOON))),
        "last": sorted(last_clicks(session, links).items()),
        "known": sorted(known_people(session, account.id, START, START + 10**8, to_ms(end))),
        "recognised": sorted(recognised.items()),
        "regulars": sorted((number, sorted(each.clicked)) for number, each in deeds.items()),
        "deeds": sorted(deeds_of_people(session, account, people).items()),
        "who left": moves_page(session, account, Wanted(way="left")).summary,
        "awaited": awaited(session, links),
        "fetched": [each.at for each in first_fetches(session, [account.id], end)],
        "spans": spans_of_link(session, links[0], 600_000),
        "none": clicks_by_host(session, of_links(links_of(link_id=9_999))),
        "exports": [exported(world, asked, account.id) for asked in FILTERS],
        "is empty": latest_click(session) == 0,
    }
    session.rollback()
    with world.database.engine.connect() as connection:
        overlap = Overlap(connection)
        found["in a log"] = overlap.of_log(connection, records)
        found["in an export"] = overlap.of_export(connection, records)
    return found


def exported(world: World, asked: dict[str, str], account_id: int) -> list[dict[str, Any]]:
    """Return the rows of an export without their numbers, which rise."""
    wanted = find_wanted(world.session, world.shortener.codes, asked, account_id)
    world.session.rollback()
    selection = Selection(until=NOON + timedelta(days=9), account_id=account_id, wanted=wanted)
    rows = list(export_rows(world.database.engine, world.shortener, "clicks", selection))
    numbers = [row["seq"] for row in rows]
    assert numbers == sorted(numbers)  # type: ignore[type-var]
    return [row | {"seq": 0, "installation": "", "code": ""} for row in rows]


def test_reports_exports_and_imports_read_the_same(kept: World, sqlite_world: World) -> None:
    """As if the clicks were in the SQL database."""
    found, wanted = (answers(world, filled(world)) for world in (kept, sqlite_world))
    for name, answer in wanted.items():
        assert plain(kept, found[name]) == plain(sqlite_world, answer), name
        assert answer or name in ("none", "proxy", "is empty"), name
    assert wanted["all"].bursts and wanted["visits"][0] and wanted["who left"].leavers.clicked


def plain(world: World, answer: object) -> str:
    """Return an answer as text that says which link, and not by what code."""
    said = repr(answer)
    for link in world.session.scalars(select(Link)):
        said = said.replace(repr(link.code), f"link {link.id}")
    world.session.rollback()
    return said
