"""What is usual, and what lies far beyond it: the arithmetic of alerts."""

import numpy as np
import pytest
from quiet import Quiet, clicks_of, days_of, false_alarms, first_drop, first_spike

from linktrack.reports.figures.statistics.alarms import (
    EARLIEST,
    FAR,
    FARTHER,
    FEWEST,
    LEAST,
    Day,
    Usual,
)

STEADY = [Day(i % 7, [10] * 24) for i in range(120)]


def test_nothing_is_said_of_few_days() -> None:
    """Six weeks are needed."""
    assert Usual.of(STEADY[: EARLIEST + FEWEST - 1]) is None
    assert Usual.of(STEADY[: EARLIEST + FEWEST]) is not None


def test_the_margin_is_smaller_where_more_is_known() -> None:
    """Of ten clicks in every hour, 15 and 30 are the most that is usual."""
    known, few = Usual.of(STEADY), Usual.of(STEADY[:60])
    assert known is not None
    assert few is not None
    assert (known.most(0, 12), few.most(0, 12)) == (10 * FAR, 10 * FARTHER)


def test_of_a_day_alone_too_few_to_be_news_are_usual() -> None:
    """An account with a click a day is never surprised by nine."""
    usual = Usual.of([Day(i % 7, [1, *([0] * 23)]) for i in range(120)])
    assert usual is not None
    assert usual.most(3, 4) == LEAST - 1
    assert usual.least(24, 1.0) == 0


def test_what_is_missing_is_told_of_busy_hours_in_three_and_else_in_a_day() -> None:
    """Silence stands out; an account whose days were silent before is never missed."""
    usual = Usual.of(STEADY)
    assert usual is not None
    assert usual.least(3, 30.0) > 0
    assert usual.least(24, 240.0) > 100
    patchy = Usual.of([Day(i % 7, [10 * (i % 3 > 0)] * 24) for i in range(120)])
    assert patchy is not None
    assert patchy.least(3, 30.0) == 0


def test_growth_is_no_news() -> None:
    """The level is that of the last four weeks."""
    usual = Usual.of([Day(i % 7, [10 + i // 10] * 24) for i in range(180)])
    assert usual is not None
    assert usual.most(0, 12) > 30


@pytest.mark.slow
@pytest.mark.parametrize("quiet", [Quiet(2), Quiet(100), Quiet(10, 2, 15, 1)])
def test_quiet_accounts_are_left_alone_and_a_storm_is_noticed(quiet: Quiet) -> None:
    """docs/calibration.md has many more; here a few of each."""
    random = np.random.default_rng(7)
    told = 0
    for _ in range(4):
        counts = clicks_of(random, quiet, 212)
        told += sum(false_alarms(counts, 182))
        usual = Usual.of(days_of(counts, 29, 211))
        assert usual is not None
        storm = counts[211].copy()
        storm[12] += 20 * counts.max()
        assert first_spike(usual, 211, storm) == 12
    assert told <= 2
    if usual is not None and quiet.steady >= 100:
        assert first_drop(usual, 211, counts[210], counts[211] * 0) is not None
