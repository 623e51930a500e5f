"""Verdicts: exact where they can be, blind to how often one looks, rarely wrong without effect."""

import math
import random
from collections.abc import Callable, Sequence
from importlib import util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import scipy  # scipy.stats is imported when it is used: that takes a second
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from linktrack.reports.figures.statistics.comparisons import difference_of_ratios, ratio_of_ratios
from linktrack.reports.figures.statistics.experiments import (
    FALSE_ALARMS,
    Counted,
    Look,
    Pace,
    Pair,
    day_of_verdict,
    decide,
    groups_at,
    is_clear,
    looks,
    permutation_p,
)
from linktrack.reports.figures.statistics.rates import Interval, RatioOfSums

POSTS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30_000)), min_size=2, max_size=6)


def studentised(first: Sequence[Pair], second: Sequence[Pair]) -> float:
    """The statistic from its definition, with residuals and not with sums."""
    ratios, variance = [], 0.0
    for group in (first, second):
        clicks, people = sum(k for k, _ in group), sum(n for _, n in group)
        ratio = clicks / people
        squares = sum((k - ratio * n) ** 2 for k, n in group)
        variance += squares / people**2 * len(group) / (len(group) - 1)
        ratios.append(ratio)
    difference = abs(ratios[0] - ratios[1])
    if variance <= 1e-18:
        return math.inf if difference > 1e-12 else 0.0
    return difference / math.sqrt(variance)


def by_scipy(first: Sequence[Pair], second: Sequence[Pair]) -> float:
    """All ways to deal posts out, by SciPy's permutation test over their numbers."""
    posts = [*first, *second]

    def statistic(one: np.ndarray, other: np.ndarray, axis: int = 0) -> float:
        assert axis == 0
        return studentised([posts[i] for i in one], [posts[i] for i in other])

    found = scipy.stats.permutation_test(
        (np.arange(len(first)), np.arange(len(first), len(posts))),
        statistic,
        n_resamples=np.inf,
        alternative="greater",
        vectorized=False,
    )
    return float(found.pvalue)


@pytest.mark.parametrize("seed", range(6))
def test_p_is_exact_for_few_posts(seed: int) -> None:
    """It equals SciPy's exact permutation test of the same statistic, on random posts."""
    chance = random.Random(seed)
    first = [(chance.randint(5, 60), chance.randint(10_000, 30_000)) for _ in range(4)]
    second = [(chance.randint(5, 60), chance.randint(10_000, 30_000)) for _ in range(5)]
    assert permutation_p(first, second) == pytest.approx(by_scipy(first, second), abs=1e-12)


@given(POSTS, POSTS)
@settings(deadline=None, max_examples=examples(60))
def test_p_is_a_share_that_does_not_hang_on_the_order(
    first: list[Pair], second: list[Pair]
) -> None:
    """Between one in all ways and 1; groups may change places."""
    p = permutation_p(first, second)
    ways = math.comb(len(first) + len(second), len(first))
    assert 1 / ways <= p <= 1
    assert permutation_p(second, first) == pytest.approx(p)


def test_many_posts_are_shuffled_alike_each_time() -> None:
    """The same seed gives the same p, near that of the t-test where posts scatter normally."""
    chance = random.Random(3)
    first = [(round(chance.gauss(35, 6)), 23_000) for _ in range(40)]
    second = [(round(chance.gauss(38, 6)), 23_000) for _ in range(40)]
    p = permutation_p(first, second, seed=7)
    assert permutation_p(first, second, seed=7) == p
    expected = scipy.stats.ttest_ind([k for k, _ in first], [k for k, _ in second], equal_var=False)
    assert p == pytest.approx(float(expected.pvalue), rel=0.35, abs=0.002)
    far = [(k + 30, n) for k, n in first]
    assert permutation_p(first, far) == 1 / 10_000


def test_very_many_posts_are_compared_at_once() -> None:
    """20,000 posts take no shuffling, and give Welch's p where followers are the same."""
    chance = random.Random(8)
    first = [(round(chance.gauss(35, 6)), 23_000) for _ in range(10_000)]
    second = [(round(chance.gauss(35.2, 6)), 23_000) for _ in range(10_000)]
    expected = scipy.stats.ttest_ind([k for k, _ in first], [k for k, _ in second], equal_var=False)
    assert permutation_p(first, second) == pytest.approx(float(expected.pvalue), rel=0.01)
    assert permutation_p([(0, 10)] * 300, [(0, 10)] * 300) == 1


def test_all_alike_is_no_difference_and_all_apart_is_the_smallest_p() -> None:
    """Also without any click, and where neither group scatters at all."""
    assert permutation_p([(0, 10)] * 5, [(0, 10)] * 5) == 1
    assert permutation_p([(1, 10)] * 5, [(2, 10)] * 5) == pytest.approx(2 / math.comb(10, 5))
    with pytest.raises(ValueError, match="two posts"):
        permutation_p([(1, 10)], [(1, 10)] * 5)


@given(st.integers(7, 365), st.sampled_from([1, 7, 30]))
def test_looks_spend_five_per_cent_in_all(days: int, counting: int) -> None:
    """One a week once posts are counted, the last when all are; most is spent at the end."""
    plan = looks(days, counting)
    assert sum(look.alpha for look in plan) == pytest.approx(FALSE_ALARMS)
    assert plan[-1].day == days + counting
    assert [look.day for look in plan] == sorted({look.day for look in plan})
    assert plan[-1].alpha >= 0.04


def test_the_verdict_is_the_same_whenever_it_is_asked() -> None:
    """Posts that are counted later, and clicks of later looks, change no look that was done."""
    chance = random.Random(5)
    posts = [
        Counted(day / 2 - 14, day >= 28, (chance.randint(20, 40) + 30 * (day >= 28), 23_000))
        for day in range(84)
    ]
    plan = looks(28, 7)
    found = decide(posts, plan)
    assert found.day == 14
    assert found.is_more
    assert decide(posts, plan[:1]) == decide([post for post in posts if post.day <= 14], plan)
    assert decide(posts, []).p is None
    few = [post for post in posts if not post.is_after][:4]
    assert decide(few, plan).p is None
    first, second = groups_at(posts, 14)
    assert (len(first), len(second)) == (28, 29)


def test_intervals_of_difference_and_ratio_hold_and_shrink_to_the_arms() -> None:
    """MOVER: with equal, symmetric intervals the half-width is theirs times the root of two."""
    first = RatioOfSums(0.002, Interval(0.0015, 0.0025), 9)
    second = RatioOfSums(0.003, Interval(0.0025, 0.0035), 9)
    within = difference_of_ratios(first, second)
    assert within is not None
    assert within.low == pytest.approx(0.001 - 0.0005 * math.sqrt(2))
    assert within.high == pytest.approx(0.001 + 0.0005 * math.sqrt(2))
    times = ratio_of_ratios(first, second)
    assert times is not None
    assert times.low < 1.5 < times.high
    turned = ratio_of_ratios(second, first)
    assert turned is not None
    assert turned.low == pytest.approx(1 / times.high)
    none = RatioOfSums(0.0, Interval(0.0, 0.001), 9)
    assert ratio_of_ratios(none, first) is None
    assert difference_of_ratios(first, RatioOfSums(0.1, None, 3)) is None
    assert difference_of_ratios(first, none) is not None


def test_days_still_needed_follow_from_effect_scatter_and_pace() -> None:
    """A large difference is found soon, none never; without clicks nothing is foretold."""
    plan = looks(91, 1)
    pace = Pace(0, 1, 1)
    steady = [(30 + i % 3, 23_000) for i in range(30)]
    double = [(60 + i % 3, 23_000) for i in range(5)]
    assert day_of_verdict(steady, double, plan, pace, 91) == 7
    slight = [((25, 38, 47)[i % 3], 23_000) for i in range(6)]
    later = day_of_verdict(steady, slight, plan, pace, 91)
    assert later is not None
    assert 28 <= later <= 63  # about 41 posts, at one a day
    assert day_of_verdict(steady, steady[:6], plan, pace, 91) is None
    assert day_of_verdict([(0, 10)] * 5, [(0, 10)] * 5, plan, pace, 91) is None
    assert day_of_verdict([(1, 10)], [(2, 10)] * 5, plan, pace, 91) is None
    assert day_of_verdict(steady, double, [Look(200, 0.05)], Pace(0, 0, 1), 91) == 200


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """The simulation that is run by hand at full length."""
    path = Path(__file__).parent.parent / "benchmarks" / "experiments.py"
    spec = util.spec_from_file_location("simulated_experiments", path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_without_effect_hardly_any_verdict_finds_one(benchmark: ModuleType) -> None:
    """Of 120 simulated experiments fewer than so many as 5 % would give with a chance of 0.1 %."""
    simulate: Callable[..., Sequence[Counted]] = benchmark.posts
    chance = random.Random(11)
    plan = looks(28, 7)
    found = sum(
        decide(list(simulate(chance, benchmark.DESIGNS[0], 1.0, 1.0)), plan, run).day is not None
        for run in range(120)
    )
    assert found <= scipy.stats.binom.ppf(0.999, 120, FALSE_ALARMS)


def test_posts_that_one_brings_nearly_everything_are_not_clearly_more() -> None:
    """Two accounts whose posts get about the same, but one had a hit: a hit may come to either."""
    one = [(3, 1_000), (4, 1_000), (2, 1_000), (5, 1_000), (3, 1_000), (4, 1_000), (2, 1_000)]
    hit = [*one[:-1], (400, 1_000)]
    assert not is_clear(one, hit)
    assert is_clear(one, [(k + 9, n) for k, n in one])
    assert not is_clear(one[:1], hit)


@given(st.integers(0, 10**6))
@settings(max_examples=3, deadline=None)
def test_clearly_is_seldom_a_false_alarm_however_posts_scatter(seed: int) -> None:
    """Of 150 pairs of accounts alike, with a coefficient of variation of 3, about 5 % at most."""
    draw = np.random.default_rng(seed)
    found = 0
    for _ in range(150):
        people = draw.poisson(draw.gamma(1 / 9, 35 * 9, 24))
        posts = [(int(k), 23_000) for k in people]
        found += is_clear(posts[:12], posts[12:])
    assert found <= 19  # beyond 5 % of 150 by four standard deviations
