"""Where clicks came from, by segment: the same by counts and by clicks, unknown in plain sight."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from browser import Browser, read
from clicking import FIREFOX
from filling import EVIL
from world import NOON, World

from linktrack.audience.models import Account
from linktrack.audience.segments import add_segment
from linktrack.calendar.ranges import whole_days
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.errors import Invalid, NotFound
from linktrack.links.models import Post
from linktrack.owners.tokens import create_token
from linktrack.reports.sources.referrers import ReferrersReport, referrers_json, referrers_report

UTC = ZoneInfo("UTC")


def click(
    post: Post, visitor: int | None, referrer: str | None, hours: int = 1, **more: object
) -> ClickRecord:
    assert post.posted_at is not None
    at = to_ms(post.posted_at + timedelta(hours=hours))
    fields: dict[str, object] = {"user_agent": FIREFOX, "referrer": referrer, **more}
    return ClickRecord(at, post.links[0].id, visitor=visitor, **fields)  # type: ignore[arg-type]


def filled(world: World) -> tuple[Account, list[Post]]:
    """Two posts a day apart, clicked from X by two hosts, from nowhere, and by a segment."""
    account = world.account()
    segment = add_segment(world.session, account, "community", 120, NOON)
    world.session.commit()
    posts = [
        world.post(account, f"http://{n}.com/", NOON + timedelta(days=n), ("community",))
        for n in range(2)
    ]
    one: dict[str, Any] = {"segment_id": segment.id, "attribution": "variant"}
    world.click(
        [
            click(posts[0], 1, "//t.co/abc"),
            click(posts[0], 1, "//x.com", hours=2),
            click(posts[0], 2, "//t.co/def"),
            click(posts[0], 3, None),
            click(posts[0], None, None, flags=4),
            click(posts[0], 4, None, **one),
            click(posts[0], 5, "//t.co/abc", user_agent="Twitterbot/1.0"),
            click(posts[1], 1, "//t.co/abc"),
            click(posts[1], 4, "//mail.example.org", **one),
            click(posts[1], 4, "//t.co/abc", hours=0),
        ]
    )
    world.session.commit()
    return account, posts


def lines(report: ReferrersReport) -> list[tuple[object, ...]]:
    return [
        (line.source, line.medium, line.host, line.segment, line.clicks, line.unique_clicks)
        for line in report.lines
    ]


def test_an_accounts_clicks_by_source_host_and_segment(world: World) -> None:
    """Hosts of one source stay apart, posts' own t.co codes do not; no referrer is a line too."""
    account, _ = filled(world)
    report = referrers_report(world.session, account, UTC)
    assert lines(report) == [
        ("X", "social", "t.co", None, 4, 4),
        (None, "none", None, None, 2, 2),
        (None, "none", None, "community", 1, 1),
        ("X", "social", "x.com", None, 1, 0),
        ("mail.example.org", "email", "mail.example.org", "community", 1, 0),
    ]
    assert report.sentences == [
        ("3 of 9 clicks (33%) have no known source: most apps don't send one."),
        "For 7 of 9 clicks (78%) we can't tell who.",
    ]
    assert referrers_json(report) == {
        "account": {"network": "x", "handle": "@JessesLinks", "role": "you"},
        "from": None,
        "to": None,
        "referrers": referrers_json(report)["referrers"],
    }


def test_days_choose_clicks_and_the_last_is_exclusive(world: World) -> None:
    """`to` is the first day that no longer counts; a time within a day takes that day in."""
    account, posts = filled(world)
    first = date(2026, 5, 4)
    report = referrers_report(
        world.session, account, UTC, since=first, until=first + timedelta(days=1)
    )
    assert report.clicks == 6
    assert referrers_json(report)["to"] == "2026-05-05"
    of_post = referrers_report(
        world.session, account, UTC, since=first + timedelta(days=1), post=posts[1]
    )
    assert of_post.clicks == 3
    assert whole_days(NOON, NOON, UTC) == (first, first + timedelta(days=1))
    midnight = NOON.replace(hour=0)
    assert whole_days(midnight, midnight, UTC) == (first, first)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (None, None),
        ("2026-01-31", "2026-04-01"),
        ("2026-02-01", "2026-03-01"),
        ("2026-02-02", "2026-02-27"),
        ("2026-02-15", "2026-03-01"),
        ("2026-02-15", "2026-03-20"),
        ("2026-01-10", "2026-04-10"),
        ("2026-02-01", "2026-02-02"),
        (None, "2026-03-15"),
        ("2026-03-15", None),
    ],
)
def test_any_range_of_days_is_whole_months_and_the_days_around_them(
    sqlite_world: World, since: str | None, until: str | None
) -> None:
    """One click a day from January to April: as many clicks as days."""
    account = sqlite_world.account()
    begin = NOON.replace(month=1, day=1)
    post = sqlite_world.post(account, "http://one.com/", begin)
    sqlite_world.click([click(post, day, "//t.co", hours=24 * day) for day in range(120)])
    first, end = (None if day is None else date.fromisoformat(day) for day in (since, until))
    report = referrers_report(sqlite_world.session, account, UTC, since=first, until=end)
    days = (end or date(2026, 5, 1)) - (first or begin.date())
    assert report.clicks == days.days


@pytest.mark.slow
def test_no_day_of_several_years_is_left_out_or_read_twice(sqlite_world: World) -> None:
    """Whole years, the months beside them, the days beside those: as many clicks as days."""
    account = sqlite_world.account()
    begin, length = date(2023, 11, 20), 1_000
    post = sqlite_world.post(account, "http://one.com/", datetime.combine(begin, time(12), UTC))
    sqlite_world.click([click(post, day, "//t.co/a", hours=24 * day) for day in range(length)])
    chance = random.Random(20)
    ends = [begin + timedelta(days=chance.randint(-400, length + 400)) for _ in range(100)]
    ends += [day.replace(day=1) for day in ends[:50]]
    ends += [date(year, 1, 1) for year in range(2022, 2029)]
    for _ in range(200):
        since, until = sorted(chance.sample(sorted(set(ends)), 2))
        report = referrers_report(sqlite_world.session, account, UTC, since=since, until=until)
        first, end = max(since, begin), min(until, begin + timedelta(days=length))
        assert report.clicks == max(0, (end - first).days), (since, until)


def test_posts_and_links_are_counted_from_their_clicks_and_add_up(world: World) -> None:
    """Posts' lines sum to the account's; a link's people are counted on the link."""
    account, posts = filled(world)
    whole: Counter[tuple[object, ...]] = Counter()
    unique: Counter[tuple[object, ...]] = Counter()
    for post in posts:
        for *key, count, first in lines(referrers_report(world.session, account, UTC, post=post)):
            whole[tuple(key)] += int(str(count))
            unique[tuple(key)] += int(str(first))
    found = lines(referrers_report(world.session, account, UTC))
    assert {key: (whole[key], unique[key]) for key in whole} == {row[:4]: row[4:] for row in found}
    link = posts[1].links[0]
    report = referrers_report(world.session, account, UTC, link=link)
    assert (report.clicks, sum(line.unique_clicks for line in report.lines)) == (3, 2)
    assert referrers_json(report)["link"] == link.code


def test_what_cannot_be_asked_is_said(world: World) -> None:
    """An empty range, and another account's post or link."""
    account, posts = filled(world)
    other = world.account("@Jesse", role="me")
    day = date(2026, 5, 4)
    with pytest.raises(Invalid):
        referrers_report(world.session, account, UTC, since=day, until=day)
    with pytest.raises(NotFound):
        referrers_report(world.session, other, UTC, post=posts[0])
    with pytest.raises(NotFound):
        referrers_report(world.session, other, UTC, link=posts[0].links[0])
    empty = referrers_report(world.session, other, UTC)
    assert (empty.lines, empty.sentences) == ([], [])


def test_all_known_is_said_as_such(world: World) -> None:
    """One click with a referrer and a segment."""
    account = world.account()
    segment = add_segment(world.session, account, "community", 1, NOON)
    post = world.post(account, "http://one.com/", segments=("community",))
    world.click([click(post, 1, "//t.co", segment_id=segment.id, attribution="variant")])
    assert referrers_report(world.session, account, UTC).sentences == [
        "Every click said where it came from.",
        "We know the segment of every click.",
    ]
    world.session.commit()
    other = world.account("@Jesse", role="me")
    world.click([click(world.post(other, "http://one.com/"), 1, None)])
    assert referrers_report(world.session, other, UTC).sentences[1] == (
        "We don't know the segment of any click."
    )


def rows_of(answer: str) -> Sequence[dict[str, object]]:
    found: Sequence[dict[str, object]] = json.loads(answer)["referrers"]
    return found


def test_page_and_api_show_the_same(sqlite_world: World) -> None:
    """With filters by source and segment, and for a post and a link."""
    world = sqlite_world
    account = world.account()
    add_segment(world.session, account, EVIL, 120, NOON)
    world.session.commit()
    post = world.post(account, "http://one.com/", now() - timedelta(days=1), (EVIL,))
    segment = post.versions[0].segment_id
    world.click([click(post, n, "//t.co") for n in range(3)])
    world.click([click(post, n, "//x.com") for n in range(3, 5)])
    world.click([click(post, 9, None, segment_id=segment, attribution="variant")])
    browser = Browser.signed_in(world)
    page = read(browser.get("/owner/referrers"))
    assert "1 of 6 clicks (17%) has no known source" in page
    assert "For 5 of 6 clicks (83%) we can't tell who." in page
    assert EVIL not in browser.get("/owner/referrers").text
    hosts = read(browser.get("/owner/referrers?source=X"))
    assert "t.co" in hosts
    assert "x.com" in hosts
    assert "Direct or unknown" in read(browser.get("/owner/referrers?source=-"))
    assert "No clicks match these filters" in read(browser.get("/owner/referrers?segment=nobody"))
    code = post.links[0].code
    for address in (f"?post={post.id}", f"?link={code}", "?days=7&segment=-"):
        assert browser.get(f"/owner/referrers{address}").status_code == 200
    assert browser.get("/owner/referrers?post=99").status_code == 404

    secret = create_token(world.session, "t", "read", None, now())
    world.session.commit()
    bearer = {"Authorization": f"Bearer {secret}"}
    for extra in ("", f"&post={post.id}", f"&link={code}"):
        answer = browser.client.get(
            f"/api/v1/reports/referrers?account=@JessesLinks{extra}", headers=bearer
        )
        assert sum(int(str(row["clicks"])) for row in rows_of(answer.text)) == 6
    answer = browser.client.get(
        "/api/v1/reports/referrers?account=@JessesLinks&from=x", headers=bearer
    )
    assert answer.status_code == 422
