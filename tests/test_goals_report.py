"""The report of goals: rates per click and per follower, equal to a recount."""

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest
from browser import Browser, read
from clicking import FIREFOX
from lanes import lane
from sqlalchemy import insert
from world import NOON, World

from linktrack.audience.counts import record_count
from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.calendar.days import Days
from linktrack.clicks.conversions.declaring import Terms, add_goal
from linktrack.clicks.conversions.models import GoalReached
from linktrack.clicks.records import ClickRecord
from linktrack.clicks.vocabulary import CLICK_ID, HEAD
from linktrack.db import now, to_ms
from linktrack.errors import Invalid
from linktrack.ids import LinkId, SegmentId
from linktrack.links.catalog import add_lone_link
from linktrack.owners.tokens import create_token
from linktrack.portability.export.exports import Selection, export_rows
from linktrack.reports.figures.statistics.rates import ratio_of_sums, wilson
from linktrack.reports.goals.report import GoalsReport, goals_report
from linktrack.reports.goals.shapes import goals_json

DAY = timedelta(days=1)
SHOP = "https://shop.example.com/"

LATER = NOON + 60 * DAY
"""When everything is over that was posted within the first weeks."""


def report(world: World, account: Account, window: str = "7d", **chosen: object) -> GoalsReport:
    world.session.rollback()
    days = Days(world.settings.timezone)
    asked = {"now": LATER, **chosen}
    return goals_report(world.session, account, window=window, days=days, **asked)  # type: ignore[arg-type]


def reach(world: World, goal_id: int, link_id: int, day: date, **more: int | None) -> None:
    """Store that a click of that day reached a goal."""
    number = next(NUMBERS)
    row = {
        "goal_id": goal_id, "click": number, "link_id": link_id, "segment_id": 0,
        "attribution": 0, "clicked_day": day.toordinal(), "reached_day": day.toordinal(),
        "value": None, **more,
    }  # fmt: skip
    world.session.execute(insert(GoalReached).values(row))
    world.session.commit()


NUMBERS = iter(range(1, 1_000_000))


def a_click(
    link_id: int, at: int, segment: int | None = None, flags: int = CLICK_ID
) -> ClickRecord:
    way = None if segment is None else "variant"
    return ClickRecord(at, LinkId(link_id), FIREFOX, None, next(NUMBERS), flags,
                       segment_id=None if segment is None else SegmentId(segment),
                       attribution=way)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_rates_equal_a_recount(world: World, seed: int) -> None:
    """Of single clicks and goals, by post, segment and month, within a post's days."""
    chance = Random(seed)
    account = world.account()
    record_count(world.session, account, 2_000, NOON - DAY, "entered", now=NOON)
    segment = add_segment(world.session, account, "friends", 20, NOON)
    goal = add_goal(world.session, "order", Terms(days=7, currency="EUR"), NOON)
    world.session.commit()
    posts = [
        world.post(
            account, f"Buy https://shop.example.com/{number}", NOON + chance.randrange(50) * DAY
        )
        for number in range(12)
    ]
    clicked: Counter[tuple[int, int, int]] = Counter()
    reached: Counter[tuple[int, int, int]] = Counter()
    worth: Counter[int] = Counter()
    records = []
    for post in posts:
        assert post.posted_at is not None
        for _ in range(chance.randrange(40)):
            at = post.posted_at + chance.random() * 10 * DAY
            who = chance.choice([None, segment.id])
            carries = chance.random() < 0.8
            flags = (CLICK_ID if carries else 0) | (HEAD if chance.random() < 0.1 else 0)
            records.append(a_click(post.links[0].id, to_ms(at), who, flags))
            key = (post.id, (at.date() - post.posted_at.date()).days, who or 0)
            if flags == CLICK_ID:
                clicked[key] += 1
                if chance.random() < 0.3:
                    value = chance.randrange(5_000)
                    reach(
                        world,
                        goal.id,
                        post.links[0].id,
                        at.date(),
                        segment_id=who or 0,
                        value=value,
                    )
                    reached[key] += 1
                    worth[post.id] += value if key[1] <= 7 else 0
    world.click(records)
    (figures,) = report(world, account).goals
    complete = [
        post for post in posts
        if post.posted_at is not None
        and (post.posted_at.date() + 7 * DAY) < LATER.date() - 7 * DAY
        and any(key[0] == post.id and key[1] <= 7 for key in clicked)
    ]  # fmt: skip

    def within(counts: Counter[tuple[int, int, int]], post_id: int) -> int:
        return sum(
            number for (post, day, _), number in counts.items() if post == post_id and day <= 7
        )

    pairs = [(within(reached, post.id), within(clicked, post.id)) for post in complete]
    assert figures.posts == len(complete)
    assert figures.total == (
        sum(n for _, n in pairs), sum(k for k, _ in pairs), sum(worth[post.id] for post in complete)
    )  # fmt: skip
    told = ratio_of_sums(pairs)
    assert told is not None
    assert (figures.per_click.value, figures.per_click.interval) == (told.value, told.interval)
    assert figures.followers == 2_000 * len(complete)
    assert figures.per_follower.value == sum(k for k, _ in pairs) / figures.followers
    assert [name for name, _ in figures.segments] == [None, "friends"]
    for (_, sums), number in zip(figures.segments, (0, segment.id), strict=True):
        ids = {post.id for post in complete}
        assert sums.clicks == sum(
            many for (post, day, who), many in clicked.items()
            if post in ids and day <= 7 and who == number
        )  # fmt: skip
    assert sum(sums.clicks for _, sums in figures.months) == figures.total.clicks
    for line in figures.lines:
        k, n = within(reached, line.post_id), within(clicked, line.post_id)
        assert (line.sums.reached, line.sums.clicks) == (k, n)
        assert line.sums.rate.interval == (wilson(k, n) if n else None)


def test_a_post_counts_when_its_days_and_the_goals_are_over(sqlite_world: World) -> None:
    """Before that it is still counting, and in no rate; links without a post are by their days."""
    world = sqlite_world
    account = world.account()
    goal = add_goal(world.session, "order", Terms(days=3), NOON)
    post = world.post(account, "Buy https://shop.example.com/", NOON)
    alone = add_lone_link(world.session, world.shortener, account_id=account.id,
                          written="https://shop.example.com/x", at=NOON)  # fmt: skip
    world.session.commit()
    world.click([a_click(each, to_ms(NOON)) for each in (post.links[0].id, alone.id, alone.id)])
    reach(world, goal.id, post.links[0].id, NOON.date())
    reach(world, goal.id, alone.id, NOON.date())
    for days, posts, still, lone in ((3, 0, 1, 0), (4, 0, 1, 1), (10, 0, 1, 1), (11, 1, 0, 1)):
        (figures,) = report(world, account, now=NOON + days * DAY).goals
        assert (figures.posts, figures.posts_still, len(figures.alone)) == (posts, still, lone)
    assert figures.alone[0][1][:2] == (2, 1)
    told = goals_json(report(world, account))
    assert told["goals"][0]["links"][0]["code"] == alone.code
    assert told["goals"][0]["value"] is None
    assert report(world, account, since=NOON + DAY).goals[0].alone == []
    with pytest.raises(Invalid, match="by day"):
        report(world, account, "1h")


def test_page_api_and_export_have_the_same(world: World) -> None:
    """And say in a sentence what it is."""
    account = world.account()
    goal = add_goal(world.session, "order", Terms(currency="EUR"), NOON)
    post = world.post(account, "Buy https://shop.example.com/", NOON)
    world.session.commit()
    world.click([a_click(post.links[0].id, to_ms(NOON)) for _ in range(4)])
    reach(world, goal.id, post.links[0].id, NOON.date(), value=1999)
    bearer = {"Authorization": f"Bearer {create_token(world.session, 'r', 'read', None, now())}"}
    world.session.commit()
    told = lane(world).get("/api/v1/reports/goals?account=@JessesLinks", headers=bearer).json
    assert told is not None
    (figures,) = told["goals"]
    assert (figures["clicks"], figures["reached"], figures["value"]) == (4, 1, 1999)
    assert "Of 4 clicks on 1 complete post, 1 reached order within 7 days" in told["sentences"][0]
    browser = Browser.signed_in(world)
    page = read(browser.get("/owner/goals?from=2026-05-01&to=2026-05-30"))
    assert "€19.99" in page
    assert told["sentences"][0] in page
    for address in (f"/owner/posts/{post.id}", f"/owner/links/{post.links[0].code}"):
        shown = read(browser.get(address))
        assert "What clicks that carried a click id became so far" in shown
        assert "25.0%" in shown
    exported = [
        row
        for row in export_rows(world.database.engine, world.shortener, "goals", Selection())
        if row["goal"] == "order"
    ]
    assert exported == [
        {
            "account": "@JessesLinks", "goal": "order", "link": post.links[0].code,
            "post": post.id, "segment": None, "attribution": None, "clicked_on": "2026-05-04",
            "reached_on": "2026-05-04", "value": 1999, "currency": "EUR",
        }
    ]  # fmt: skip
    none = Selection(since=NOON + DAY)
    assert list(export_rows(world.database.engine, world.shortener, "goals", none)) == []
