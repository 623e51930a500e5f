"""Jumps of a follower count are found by arithmetic, and told with what became of them."""

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from audiences import day
from commands import Run, good, parsed
from doorways import Caller
from world import NOON, World

from linktrack.audience.counts import DatedCount, record_counts
from linktrack.reports.people.jump_stories import JumpStory, jump_stories, largest_jump

UTC = ZoneInfo("UTC")
BEFORE = 22_424
ACCIDENT = {1: -1_345, 2: -2_900, 3: -4_100, 4: -4_700, 5: -5_000, 6: -5_150, 7: -5_244}
"""The net change so many days after the last count before it."""


def told(counts: Mapping[int, int]) -> list[JumpStory]:
    """Return the jumps of counts at noon of days that are numbered from 4 May 2026."""
    return jump_stories([(day(at), count) for at, count in sorted(counts.items())], UTC)


def accident(*, last: int = 60) -> dict[int, int]:
    """Thirty quiet days, the accident, and people who come back."""
    counts = {number: BEFORE - 30 + number for number in range(31)}
    for after, net in ACCIDENT.items():
        counts[30 + after] = BEFORE + net
    for after in range(8, 31):
        counts[30 + after] = BEFORE - 5_244 + 478 * (after - 7) // 23
    return {number: count for number, count in counts.items() if number <= last}


def test_a_fall_is_told_by_its_day_its_week_and_its_month() -> None:
    """In one sentence, with the share of the followers before."""
    (story,) = told(accident())
    assert (story.net_1d, story.net_7d, story.net_30d) == (-1_345, -5_244, -4_766)
    assert story.day == date(2026, 6, 4)
    assert story.sentence == (
        "On 4 June 2026 you lost 1,345 in a day; 5,244 in a week (23%); 478 were regained within "
        "30 days."
    )


def test_what_has_not_been_counted_yet_is_not_told() -> None:
    """Three days after it, nobody knows the week: the three days are told, not the first alone."""
    (story,) = told(accident(last=33))
    assert (story.net_1d, story.net_7d, story.net_30d) == (-1_345, None, None)
    assert story.sentence == "On 4 June 2026 you lost 1,345 in a day; 4,100 in 3 days (18%)."
    (story,) = told(accident(last=31))
    assert story.sentence == "On 4 June 2026 you lost 1,345 in a day (6%)."


def test_one_fall_has_one_figure() -> None:
    """That of its week, once it is known; before, that of its days."""
    assert [story.as_told.net for story in told(accident(last=33))] == [-4_100]
    counts = accident() | {37: BEFORE - 5_100}  # a few came back on the last day of the week
    (story,) = told(counts)
    assert story.jump.net == ACCIDENT[6]
    assert story.as_told.net == -5_100
    assert "5,100 in a week" in story.sentence
    longer = dict.fromkeys(range(31), BEFORE)
    longer |= {31: BEFORE - 1_000, 40: BEFORE - 10_000}
    (story,) = told(longer)
    assert story.net_7d == -1_000
    assert story.as_told.net == -10_000
    assert story.sentence == "On 4 June 2026 you lost 1,000 in a day; 10,000 in 10 days (45%)."
    regained = dict.fromkeys(range(31), BEFORE) | {31: BEFORE - 3_000, 37: BEFORE + 10}
    assert told(regained)[0].as_told.net == -3_000


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        ({1: -3_000, 7: -3_000, 30: -3_000}, "On 4 June 2026 you lost 3,000 in a day (13%)."),
        (
            {1: -3_000, 7: -3_000, 30: -3_500},
            "On 4 June 2026 you lost 3,000 in a day (13%); 3,500 in 30 days (16%).",
        ),
        (
            {1: 3_000, 7: 4_000, 30: 3_900},
            (
                "On 4 June 2026 you gained 3,000 in a day; 4,000 in a week (18%); 100 left again "
                "within 30 days."
            ),
        ),
        ({5: -6_000}, "3 to 8 June 2026: you lost 6,000 (27%)."),
        ({1: 40_000, 7: 40_000}, "On 4 June 2026 you gained 40,000 in a day."),
    ],
)
def test_each_kind_of_jump_has_its_words(after: Mapping[int, int], sentence: str) -> None:
    """Rises, falls without a week of their own, and sparse counts."""
    counts = dict.fromkeys(range(31), BEFORE)
    counts |= {30 + days: BEFORE + net for days, net in after.items()}
    assert [story.sentence for story in told(counts)] == [sentence]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({1: -3_000, 7: 1_000, 30: 2_600}, "3,000 in a day; all were regained within a week."),
        (
            {1: -3_000, 7: -3_000, 30: 300},
            "3,000 in a day (13%); all were regained within 30 days.",
        ),
        (
            {1: -3_000, 7: 0, 30: -500},
            "3,000 in a day; all were regained within a week; 500 in 30 days (2%).",
        ),
    ],
)
def test_followers_who_came_back_are_not_told_as_lost(after: Mapping[int, int], said: str) -> None:
    """A count above that before the fall is no second loss."""
    counts = dict.fromkeys(range(31), BEFORE)
    counts |= {30 + days: BEFORE + net for days, net in after.items()}
    assert told(counts)[0].sentence == f"On 4 June 2026 you lost {said}"


def test_the_largest_is_that_of_the_largest_part() -> None:
    """A small account's fall counts by its size; without jumps there is none."""
    counts = dict.fromkeys(range(20), 1000)
    counts |= dict.fromkeys(range(20, 40), 500)
    counts |= dict.fromkeys(range(40, 60), 700)
    stories = told(counts)
    assert [story.jump.net for story in stories] == [-500, 200]
    assert largest_jump(stories) is stories[0]
    assert largest_jump([]) is None


def recorded(world: World) -> None:
    """Record the accident for an account."""
    account = world.account()
    counts = [DatedCount(day(number), count) for number, count in accident().items()]
    record_counts(world.session, account, counts, "entered", now=day(90))
    world.session.commit()


def test_every_door_tells_the_same_jump(world: World) -> None:
    """The report by API has it, in the days that are asked for."""
    recorded(world)
    call = Caller(world)
    (jump,) = call("GET", "/reports/followers?account=@JessesLinks").get_json()["jumps"]
    assert jump == {
        "since": "2026-06-03",
        "until": "2026-06-10",
        "before": BEFORE,
        "net": -5_244,
        "net_1d": -1_345,
        "net_7d": -5_244,
        "net_30d": -4_766,
        "share": -0.233857,
        "sentence": "On 4 June 2026 you lost 1,345 in a day; 5,244 in a week (23%); 478 were "
        "regained within 30 days.",
    }
    for range_ in ("to=2026-06-01", "from=2026-06-20"):
        path = f"/reports/followers?account=@JessesLinks&{range_}"
        assert call("GET", path).get_json()["jumps"] == []


def test_the_command_tells_it_first(run: Run) -> None:
    """Before the table of days."""
    good(run("account", "add", "@a", "--network", "x"))
    for number, count in accident().items():
        at = (NOON + timedelta(days=number)).isoformat()
        good(run("counts", "record", "@a", str(count), "--at", at))
    said = good(run("report", "followers", "@a"))
    assert said.startswith("On 4 June 2026 you lost 1,345 in a day; 5,244 in a week (23%);")
    assert parsed(run("report", "followers", "@a", "--json"))["jumps"][0]["net_7d"] == -5_244
