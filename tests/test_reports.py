"""The CPF report: unique clicks of a window over the followers there were."""

from datetime import timedelta

import pytest
from audiences import followers
from clicking import FIREFOX, people
from world import NOON, World

from linktrack.audience.segments import add_segment
from linktrack.clicks.records import ClickRecord
from linktrack.db import now, to_ms
from linktrack.errors import Invalid, NotFound
from linktrack.reports.cpf import cpf_json, cpf_report

START = to_ms(NOON)
NONE_COUNTING = {"posts": 0, "clicks": 0, "unique_clicks": 0}


def test_the_report_of_the_mission(world: World) -> None:
    """35 people of 23,000, five of them from the community's version: the contract's example."""
    account = world.account()
    followers(world, account, 23_000)
    segment = add_segment(world.session, account, "community", 120, NOON)
    world.session.commit()
    post = world.post(account, "http://one.com/", segments=("community",))
    people(world, post, 0, 26, referrer="//t.co/abc")
    people(world, post, 0, 4, referrer="//t.co/abc", hours=3)
    people(world, post, 100, 102)
    people(world, post, 0, 2, hours=4)
    people(world, post, 200, 205, segment_id=segment.id, attribution="variant")
    world.click(
        [ClickRecord(START, post.links[0].id, FIREFOX, None, None, flags=4) for _ in range(2)]
    )
    people(world, post, 300, 306, user_agent="Twitterbot/1.0")
    world.session.commit()
    answer = cpf_json(cpf_report(world.session, account, window="7d", now=now()))
    assert answer == {
        "account": {"network": "x", "handle": "@JessesLinks", "role": "you"},
        "window": "7d",
        "total": {
            "posts": 1,
            "posts_without_count": 0,
            "posts_unmeasured": 0,
            "still_counting": NONE_COUNTING,
            "clicks": 41,
            "unique_clicks": 35,
            "without_visitor": 2,
            "followers": 23_000,
            "cpf": 0.001522,
            "cpf_low": None,
            "cpf_high": None,
            "unattributed": 30,
            "median_cpf": 0.001522,
            "median_cpf_low": None,
            "median_cpf_high": None,
        },
        "still_counting": NONE_COUNTING,
        "posts_without_count": 0,
        "posts_unmeasured": 0,
        "posts": [
            {
                "id": post.id,
                "posted_at": "2026-05-04T12:00:00Z",
                "complete": True,
                "counts_until": "2026-05-11T12:00:00Z",
                "measured": True,
                "text": post.text,
                "followers": 23_000,
                "followers_at": "2026-05-04T12:00:00Z",
                "clicks": 41,
                "unique_clicks": 35,
                "not_human": {"preview": 6},
                "cpf": 0.001522,
                "cpf_low": 0.001094,
                "cpf_high": 0.002116,
                "usual": None,
                "segments": [
                    {
                        "segment": "community",
                        "addressed": 120,
                        "unique_clicks": 5,
                        "cpf": 0.041667,
                        "cpf_low": 0.017927,
                        "cpf_high": 0.093841,
                    },
                    {
                        "segment": None,
                        "addressed": None,
                        "unique_clicks": 30,
                        "cpf": None,
                        "cpf_low": None,
                        "cpf_high": None,
                    },
                ],
                "without_visitor": 2,
                "referrers": [
                    {"source": "X", "medium": "social", "clicks": 30, "unique_clicks": 26},
                    {"source": None, "medium": "none", "clicks": 11, "unique_clicks": 9},
                ],
            }
        ],
    }


def test_the_count_that_stood_when_the_post_was_made_is_the_denominator(world: World) -> None:
    """The last one at or before the post; without one the rate is unknown, never zero."""
    account = world.account()
    followers(world, account, 1_000, days=0)
    followers(world, account, 2_000, days=10)
    posts = [
        world.post(account, f"http://{n}.com/", NOON + timedelta(days=days))
        for n, days in enumerate((-1, 0, 9, 10, 11))
    ]
    for post in posts:
        people(world, post, 0, 10)
    report = cpf_report(world.session, account, window="7d", now=now())
    assert [line.facts.followers for line in report.posts] == [2_000, 2_000, 1_000, 1_000, None]
    assert report.posts[-1].cpf.value is None
    assert (report.total.posts, report.total.posts_without_count) == (4, 1)
    assert (report.total.unique_clicks, report.total.followers) == (40, 6_000)
    assert report.total.cpf.value == pytest.approx(40 / 6_000)


def test_more_people_than_followers_have_a_rate_above_one(world: World) -> None:
    """Boosts reach people who do not follow: Poisson's interval takes over from Wilson's."""
    account = world.account()
    followers(world, account, 10)
    post = world.post(account, "http://one.com/")
    people(world, post, 0, 25)
    (line,) = cpf_report(world.session, account, window="7d", now=now()).posts
    assert line.cpf.value == 2.5
    assert line.cpf.interval is not None and line.cpf.interval.high > 2.5


def test_five_posts_have_an_interval_and_four_have_none(world: World) -> None:
    """Posts differ far more than chance within one: fewer than five tell too little."""
    account = world.account()
    followers(world, account, 23_000)
    for number in range(5):
        post = world.post(account, f"http://{number}.com/", NOON + timedelta(days=number))
        people(world, post, 0, 20 + 7 * number)
        interval = cpf_report(world.session, account, window="7d", now=now()).total.cpf.interval
        assert (interval is not None) == (number == 4)


def test_a_range_and_pages_choose_posts(world: World) -> None:
    """`until` is exclusive; pages do not overlap and the total is over all of them."""
    account = world.account()
    followers(world, account, 100, days=-30)
    posts = [
        world.post(account, f"http://{n}.com/", NOON + timedelta(days=n // 2)) for n in range(10)
    ]
    report = cpf_report(
        world.session, account, window="7d", since=NOON, until=NOON + timedelta(days=4), now=now()
    )
    assert [line.facts.id for line in report.posts] == [post.id for post in reversed(posts[:8])]
    seen: list[int] = []
    while page := cpf_report(
        world.session, account, window="7d", limit=3, after=seen[-1] if seen else None, now=now()
    ).posts:
        seen += [line.facts.id for line in page]
    assert seen == [post.id for post in reversed(posts)]
    assert report.total.posts == 8


def test_what_cannot_be_asked_is_said(world: World) -> None:
    """Unknown windows, empty ranges, impossible pages."""
    account = world.account()
    for error, wish in (
        (Invalid, {"window": "8d"}),
        (Invalid, {"limit": 0}),
        (Invalid, {"limit": 101}),
        (Invalid, {"since": NOON, "until": NOON}),
        (NotFound, {"after": 99}),
    ):
        with pytest.raises(error):
            cpf_report(world.session, account, **{"window": "7d", "now": now(), **wish})  # type: ignore[arg-type]


def test_an_empty_account_has_no_rate(world: World) -> None:
    """Nothing is null, not zero."""
    report = cpf_report(world.session, world.account(), window="7d", now=now())
    assert (report.total.posts, report.total.cpf.value, report.posts) == (0, None, [])
