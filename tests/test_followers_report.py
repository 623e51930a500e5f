"""The followers report: who came and left by the lists, and what an event cost."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from audiences import day, take
from hypothesis import given
from hypothesis import strategies as st
from world import World

from linktrack.audience.counts import DatedCount, record_counts
from linktrack.audience.models import Account
from linktrack.errors import Invalid
from linktrack.portability.export.exports import Selection, export_rows
from linktrack.reports.figures.statistics.leaving import daily_rate, excess_of, jumps
from linktrack.reports.people.followers import followers_json, followers_report
from linktrack.reports.sentences import event_in_words

UTC = ZoneInfo("UTC")


def report(world: World, account: Account, *events: datetime, **wanted: datetime) -> Any:
    """Return the report as every door shows it."""
    found = followers_report(world.session, account, UTC, now=day(1000), events=events, **wanted)
    world.session.rollback()
    return followers_json(found)


def test_each_day_says_who_came_came_back_and_left(world: World) -> None:
    """And how exactly that is known."""
    account = world.account()
    take(world, account, 0, "abc")
    take(world, account, 7, "ad")
    take(world, account, 7.5, "adef")
    take(world, account, 9, "abde")
    found = report(world, account)
    assert found["account"] == {"network": "x", "handle": "@JessesLinks", "role": "you"}
    assert [list(line.values()) for line in found["days"]] == [
        ["2026-05-11", 1, 2, 0, -1, 7.0, False],
        ["2026-05-12", 2, 0, 0, 2, 0.5, False],
        ["2026-05-13", 0, 1, 1, 0, 1.5, False],
    ]
    assert list(found["days"][0]) == [
        "day", "gained", "lost", "returned", "net", "precision_days", "jump",
    ]  # fmt: skip
    assert found["event"] is None
    later = report(world, account, since=day(8), until=day(8.5))["days"]
    assert [line["day"] for line in later] == ["2026-05-12"]
    with pytest.raises(Invalid, match="The range is empty"):
        report(world, account, since=day(8), until=day(8))


def test_two_lists_of_a_day_are_one_line(world: World) -> None:
    """Its precision is that of the longer wait."""
    account = world.account()
    take(world, account, 0, "ab")
    take(world, account, 3.1, "abc")
    take(world, account, 3.2, "bcd")
    (line,) = report(world, account)["days"]
    assert list(line.values()) == ["2026-05-07", 2, 1, 0, 1, 3.1, False]


def test_the_event_of_the_mission(sqlite_world: World) -> None:
    """6,000 of 23,000 left: 26.1% (25.5 to 26.7)."""
    world = sqlite_world
    account = world.account()
    take(world, account, 0, range(23_000))
    take(world, account, 1, range(6_000, 23_000))
    event = report(world, account, day(0.2))["event"]
    assert event == {
        "at": "2026-05-04T16:48:00Z", "followers": 23_000,
        "left_1d": 6_000, "left_7d": 6_000, "left_30d": 6_000,
        "usual": None, "excess": 6_000, "share": 0.26087,
        "share_low": 0.255235, "share_high": 0.266584, "by_counts": False,
        "clicks": None, "engagement": None,
    }  # fmt: skip
    found = followers_report(world.session, account, UTC, now=day(1000), events=[day(0.2)])
    assert "26.1% (25.5 to 26.7)" in event_in_words(found.events[0])
    assert found.days[0].is_jump is False  # with nothing to compare it to


def test_the_event_may_be_the_day_of_either_list(world: World) -> None:
    """The list before it may bear its date, or the list after."""
    account = world.account()
    take(world, account, 0, range(1000))
    take(world, account, 1, range(250, 1000))
    for at in (day(0), day(0.5), day(1)):
        assert report(world, account, at)["event"]["left_1d"] == 250
    assert report(world, account, day(-1))["event"]["followers"] is None
    assert report(world, account, day(2))["event"]["left_30d"] is None


def test_what_leaves_usually_is_taken_off(world: World) -> None:
    """Two a day, then forty in a day: the others are the event's, and that day stands out."""
    account = world.account()
    gone = 0
    for number in range(20):
        take(world, account, number, range(gone, 1_000))
        gone += 40 if number == 10 else 2
    found = report(world, account, day(10.5))
    event = found["event"]
    assert (event["followers"], event["left_1d"], event["left_7d"]) == (980, 40, 52)
    assert event["left_30d"] == 40 + 8 * 2
    assert event["usual"] == pytest.approx(9 * 2, rel=0.05)
    assert event["excess"] == pytest.approx(38, abs=1)
    assert event["share_low"] < 38 / 980 < event["share_high"]
    assert [line["day"] for line in found["days"] if line["jump"]] == ["2026-05-15"]


def test_sparse_lists_leave_the_short_times_unknown(world: World) -> None:
    """A list ten days after the event says nothing of the first week."""
    account = world.account()
    take(world, account, 0, range(100))
    take(world, account, 12, range(20, 100))
    event = report(world, account, day(2))["event"]
    assert (event["left_1d"], event["left_7d"], event["left_30d"]) == (None, None, 20)


def test_counts_alone_tell_the_net(world: World) -> None:
    """Who came and who left is unknown, which is not zero."""
    account = world.account()
    counts = [DatedCount(day(number), count) for number, count in ((0, 23_000), (2, 17_000))]
    record_counts(world.session, account, counts, "entered", now=day(9))
    world.session.commit()
    found = report(world, account, day(1))
    assert list(found["days"][0].values()) == ["2026-05-06", None, None, None, -6000, 2.0, False]
    event = found["event"]
    assert (event["left_1d"], event["share"], event["by_counts"]) == (6_000, 0.26087, True)
    assert report(world, world.account("@new"), day(1))["days"] == []


def test_who_came_and_left_soon_is_churn(world: World) -> None:
    """The follow-for-follow crowd: bounds where the lists leave open when exactly."""
    account = world.account()
    take(world, account, 0, "a")
    take(world, account, 10, "abcd")
    take(world, account, 25, "abc")  # d: at most 25 days
    take(world, account, 45, "ab")  # c: between 15 and 45 days
    take(world, account, 70, "abe")
    churn = report(world, account)["churn"]
    assert (churn["within_days"], churn["gained"], churn["left"]) == (30, 3, 1)
    assert churn["share"] == pytest.approx(1 / 3, abs=1e-6)
    assert churn["share_low"] == pytest.approx(0.061490, abs=1e-5)  # Wilson, 1 of 3
    assert churn["share_high"] == pytest.approx(0.938510, abs=1e-5)  # Wilson, 2 of 3


@given(st.lists(st.integers(0, 10), min_size=1, max_size=20), st.floats(0.1, 30))
def test_nothing_stands_out_among_equals(people: list[int], days: float) -> None:
    """Nor does anything small."""
    assert not any(jumps([(people[0] * 100, days)] * len(people)))
    assert not any(jumps([(min(one, 9), days) for one in people]))


def test_rates_and_excess_by_hand() -> None:
    """20 lost of 1,000 over 10 days are 0.2% a day."""
    assert daily_rate([]) is None
    usual = daily_rate([(5, 1000, 5.0), (15, 1000, 5.0)])
    assert usual is not None
    assert usual.value == pytest.approx(0.002)
    found = excess_of(100, 1000, usual, 10)
    assert found.usual == pytest.approx(1000 * (1 - 0.998**10))
    assert found.share == pytest.approx((100 - 19.82) / 1000, abs=1e-4)
    assert found.interval is not None
    alone = excess_of(100, 1000, None, 10).interval
    assert alone is not None
    assert found.interval.high - found.interval.low > alone.high - alone.low
    assert excess_of(0, 0, None, 1).share is None
    with pytest.raises(ValueError, match="cannot leave"):
        excess_of(5, 4, None, 1)


def test_followers_are_exported_with_the_times_they_followed(world: World) -> None:
    """A row for each time; over more rows than are read at once."""
    account = world.account()
    many = list(range(3_000))
    take(world, account, 0, many)
    take(world, account, 1, many[1:])
    take(world, account, 2, many)
    rows = list(export_rows(world.database.engine, world.shortener, "followers", Selection()))
    assert len(rows) == 3_001
    first = [row for row in rows if row["id"] == "0"]
    assert [(row["began_after"], row["ended_by"]) for row in first] == [
        (None, "2026-05-05T12:00:00Z"),
        ("2026-05-05T12:00:00Z", None),
    ]
    assert json.loads(json.dumps(rows[0]))["account"] == "@JessesLinks"
    later = Selection(since=day(2), account_id=account.id)
    assert len(list(export_rows(world.database.engine, world.shortener, "followers", later))) == 1


def test_growth_that_has_become_fast_is_no_jump_and_a_jump_in_it_is_one() -> None:
    """Ten a day for a year, then fifty: only the week that brings four times as many stands out."""
    slow, fast = [(70, 7.0)] * 52, [(350, 7.0)] * 40
    fast[30] = (1_400, 7.0)
    found = jumps([*slow, *fast])
    assert [i for i, jump in enumerate(found) if jump and i > 52 + 14] == [82]
    assert not any(found[:52])
