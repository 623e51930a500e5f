"""The arithmetic behind the reports: published values, oracles, and what must always hold."""

import math
import random
import warnings
from collections import Counter

import numpy as np
import pytest
import scipy  # scipy.stats is imported when it is used: that takes a second
from hypothesis import assume, example, given
from hypothesis import strategies as st

from linktrack.reports.figures.statistics.capture import chao2, chapman
from linktrack.reports.figures.statistics.comparisons import (
    difference,
    holm,
    kruskal_wallis,
    median_interval,
)
from linktrack.reports.figures.statistics.distributions import (
    chi_square_above,
    gamma_quantile,
    poisson_at_least,
    poisson_at_most,
)
from linktrack.reports.figures.statistics.half_life import (
    Lifetime,
    half_life,
    is_alive,
    middle,
    time_to,
)
from linktrack.reports.figures.statistics.rates import Interval, ratio_of_sums, wilson
from linktrack.reports.figures.statistics.shrinkage import scatter, shrink
from linktrack.reports.figures.statistics.trends import MOST_POINTS, theil_sen
from linktrack.reports.figures.statistics.usual import Judged, clearly, usual_rates
from linktrack.reports.people.growth import growth_of
from linktrack.reports.timing.hours import slots_of

COUNTS = st.integers(0, 400)


def test_chao2_gives_the_published_values() -> None:
    """20 people seen once, 8 twice, 4 three, 2 five and 1 nine times on 30 links."""
    found = chao2({1: 20, 2: 8, 3: 4, 5: 2, 9: 1}, 30)
    assert found is not None
    assert round(found.estimate, 4) == 59.1667
    assert round(found.error, 4) == 14.6279
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (43.0842, 107.2433)


@pytest.mark.parametrize("seen", [{1: 6, 3: 3}, {2: 5}, {}])
def test_chao2_says_nothing_where_nobody_was_seen_once_or_twice(seen: dict[int, int]) -> None:
    """Without both there is no hint of those who were never seen."""
    assert chao2(seen, 12) is None


def test_chao2_needs_two_occasions() -> None:
    """One link tells nobody apart."""
    with pytest.raises(ValueError, match="two occasions"):
        chao2({1: 3, 2: 1}, 1)


@given(st.dictionaries(st.integers(1, 30), COUNTS, max_size=12), st.integers(2, 500))
def test_chao2_is_never_less_than_were_seen(seen: dict[int, int], occasions: int) -> None:
    """The estimate lies within its interval, and both above everybody seen."""
    found = chao2(seen, occasions)
    if found is not None:
        people = sum(seen.values())
        assert people < found.interval.low <= found.estimate <= found.interval.high < math.inf


@pytest.mark.parametrize(
    ("samples", "estimate", "error"),
    [((100, 100, 20), 484.7619, 82.0315), ((40, 35, 12), 112.5385, 20.0437)],
)
def test_chapman_gives_the_published_values(
    samples: tuple[int, int, int], estimate: float, error: float
) -> None:
    """Two samples and how many are in both."""
    found = chapman(*samples)
    assert found is not None
    assert (round(found.estimate, 4), round(found.error, 4)) == (estimate, error)


@given(COUNTS, COUNTS, COUNTS)
def test_chapman_is_never_less_than_were_seen(first: int, second: int, both: int) -> None:
    """Or it says nothing: when the second sample brings nobody new."""
    assume(both <= min(first, second))
    found = chapman(first, second, both)
    if found is None:
        assert both in (first, second)
    else:
        seen = first + second - both
        assert seen < found.interval.low <= found.estimate <= found.interval.high


def test_impossible_samples_are_refused() -> None:
    """More in both than in one."""
    with pytest.raises(ValueError, match="cannot be in both"):
        chapman(3, 5, 4)


POINTS = st.lists(st.tuples(st.integers(1, 12), st.integers(-50, 50)), min_size=8, max_size=40)


@given(POINTS)
def test_the_slope_is_that_of_scipy(points: list[tuple[int, int]]) -> None:
    """Ties in x and y included."""
    assume(len({x for x, _ in points}) > 1 and len({y for _, y in points}) > 1)
    found = theil_sen(points)
    assume(found is not None)
    assert found is not None
    oracle = scipy.stats.theilslopes([y for _, y in points], [x for x, _ in points], 0.95)
    assert found.value == pytest.approx(oracle.slope)
    assert found.interval.low == pytest.approx(oracle.low_slope)
    assert found.interval.high == pytest.approx(oracle.high_slope)


def test_a_trend_of_20_000_points_looks_at_some_of_them() -> None:
    """Evenly spaced ones, so that the slope stays and the time does not grow."""
    found = theil_sen([(i, 3 * i + i % 7) for i in range(20_000)])
    assert found is not None
    assert found.points == MOST_POINTS
    assert found.value == pytest.approx(3, abs=0.01)


def test_the_same_x_everywhere_has_no_slope() -> None:
    """Nothing to divide by."""
    assert theil_sen([(1, 2), (1, 3), (1, 5)]) is None


def test_the_half_life_runs_from_the_peak() -> None:
    """Half of the clicks from the busiest span on; clicks before it do not count."""
    found = half_life([5, 40, 20, 10, 10, 0, 0], 600)
    assert found == Lifetime(600.0, True)  # 40 of the 80 from the peak on come in its first span
    assert half_life([5, 10, 30, 40, 20, 30, 10], 600) == Lifetime(600 * 1.5, True)


def test_half_of_a_link_that_is_not_over_comes_at_least_so_late() -> None:
    """Told as ≥; so is a half that came after all that was looked at."""
    assert half_life([40, 10, 30], 3600, is_over=False) == Lifetime(3600, False)
    assert half_life([30, 10], 3600, later=100) == Lifetime(7200, False)


@pytest.mark.parametrize("clicks", [[], [0, 0], [19], [10, 9]])
def test_few_clicks_have_no_half_life(clicks: list[int]) -> None:
    """Under 20, half of them is chance."""
    assert half_life(clicks, 600) is None
    assert time_to(0.9, clicks, 600) is None


def test_nine_tenths_run_from_the_first_click() -> None:
    """The simpler figure beside the half-life."""
    found = time_to(0.9, [0, 0, 10, 10, 10, 10, 10], 60)
    assert found is not None
    assert found.seconds == pytest.approx(60 * 4.5)
    assert time_to(0.5, [0, 40, 20, 20], 60) == Lifetime(60, True)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.integers(0, 30))
def test_a_half_life_lies_within_what_was_looked_at(clicks: list[int], later: int) -> None:
    """Never negative, never longer than the spans."""
    found = half_life(clicks, 10, later)
    if found is not None:
        assert 0 <= found.seconds <= 10 * len(clicks)


def test_a_link_whose_last_day_brings_much_is_alive() -> None:
    """More than a twentieth of all its clicks."""
    assert is_alive([100, *[0] * 30, 6], 3600)
    assert not is_alive([100, *[0] * 30, 5], 3600)
    assert not is_alive([100], 3600)  # it is not older than a day


def test_the_middle_lifetime_is_that_of_scipy() -> None:
    """Kaplan and Meier's median and its log-log interval, some lives not over."""
    chance = random.Random(70)
    for size in (7, 20, 80):
        lives = [Lifetime(chance.lognormvariate(8, 1), chance.random() < 0.7) for _ in range(size)]
        done = [life.seconds for life in lives if life.is_over]
        going = [life.seconds for life in lives if not life.is_over]
        curve = scipy.stats.ecdf(scipy.stats.CensoredData(uncensored=done, right=going)).sf
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # undefined where all or none are alive, as it must be
            ends = curve.confidence_interval(0.95, method="log-log")
        found = middle(lives)
        assert found is not None
        times = list(curve.quantiles)
        told = (found.seconds, found.low, found.high)
        for mine, theirs in zip(told, (curve, ends.low, ends.high), strict=True):
            reached = zip(times, theirs.probabilities, strict=True)
            assert mine == next((time for time, share in reached if share <= 0.5), None)


def test_lives_that_go_on_have_no_middle() -> None:
    """Fewer than half are over."""
    going = [Lifetime(seconds, False) for seconds in (7, 8, 9)]
    assert middle([Lifetime(5, True), Lifetime(6, True), *going]) is None
    assert middle([]) is None


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_the_difference_of_two_shares_is_newcombes(a: int, m: int, b: int, n: int) -> None:
    """His method 10, which is built from Wilson's intervals."""
    assume(a <= m and b <= n)
    first, second = wilson(a, m), wilson(b, n)
    found = difference(a / m, first, b / n, second)
    down = math.hypot(a / m - first.low, second.high - b / n)
    assert found.low == pytest.approx(a / m - b / n - down)
    assert found.low <= a / m - b / n <= found.high


def test_newcombes_example() -> None:
    """56 of 70 and 48 of 80: 0.2, from 0.0524 to 0.3339 (Newcombe 1998, table II, example a)."""
    found = difference(56 / 70, wilson(56, 70), 48 / 80, wilson(48, 80))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_holm_goes_step_by_step() -> None:
    """0.01 < 0.05/4, 0.015 < 0.05/3, but 0.03 > 0.05/2: it stands, and so does the rest."""
    assert holm([0.03, 0.01, 0.04, 0.015], 0.05) == [False, True, False, True]
    assert holm([], 0.05) == []


@pytest.mark.parametrize(("size", "low", "high"), [(6, 1, 6), (10, 2, 9), (20, 6, 15)])
def test_the_median_lies_between_the_ranks_of_the_tables(size: int, low: int, high: int) -> None:
    """Conover's table of the binomial at one half."""
    assert median_interval(range(1, size + 1)) == Interval(low, high)


def test_five_values_promise_no_median() -> None:
    """The chance that all lie on one side is 1 in 16."""
    assert median_interval([1, 2, 3, 4, 5]) is None
    assert median_interval([]) is None


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=12), min_size=2, max_size=6).filter(
        lambda groups: len({value for group in groups for value in group}) > 1
    )
)
def test_ranks_are_compared_as_scipy_does(groups: list[list[int]]) -> None:
    """Kruskal and Wallis, with ties."""
    assert kruskal_wallis(groups) == pytest.approx(scipy.stats.kruskal(*groups).pvalue, abs=1e-9)


def test_groups_that_cannot_differ_do_not() -> None:
    """All values the same, or one group."""
    assert kruskal_wallis([[1, 1], [1]]) == 1
    assert kruskal_wallis([[1, 2], []]) == 1


@given(st.integers(0, 300), st.floats(0.01, 300))
def test_poisson_tails_are_those_of_scipy(k: int, mean: float) -> None:
    """Both sides."""
    assert poisson_at_least(k, mean) == pytest.approx(
        scipy.stats.poisson.sf(k - 1, mean), abs=1e-11
    )
    assert poisson_at_most(k, mean) == pytest.approx(scipy.stats.poisson.cdf(k, mean), abs=1e-11)


@pytest.mark.parametrize("shape", [1e-4, 0.01, 0.3, 1, 7.5, 400.25, 20_000.5])
@pytest.mark.parametrize("share", [0.025, 0.975])
def test_gamma_quantiles_are_those_of_scipy(shape: float, share: float) -> None:
    """Down to shapes whose quantiles are smaller than any number."""
    expected = scipy.stats.gamma.ppf(share, shape)
    assert gamma_quantile(share, shape) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(st.floats(0, 200), st.integers(1, 60))
def test_chi_square_is_that_of_scipy(x: float, degrees: int) -> None:
    """The upper tail."""
    assert chi_square_above(x, degrees) == pytest.approx(scipy.stats.chi2.sf(x, degrees), abs=1e-11)


def test_groups_are_drawn_towards_the_mean_the_more_the_smaller_they_are() -> None:
    """One lucky post moves less than twenty good ones."""
    lucky = [(90, 20_000)]
    good = [(60, 20_000), (62, 20_000), (58, 20_000), (61, 20_000)] * 5
    usual = [(30, 20_000), (33, 20_000), (28, 20_000), (29, 20_000)] * 5
    found = shrink([lucky, good, usual, []])
    assert found is not None
    first, second, third, nothing = found.groups
    assert nothing is None
    assert first is not None
    assert second is not None
    assert third is not None
    assert found.mean < first.value < 90 / 20_000
    assert second.value == pytest.approx(60 / 20_000, rel=0.02)
    drawn = [abs(90 / 20_000 - first.value), abs(0.0030125 - second.value)]
    assert drawn[0] > 5 * drawn[1]


def test_groups_that_differ_no_more_than_chance_are_pulled_together() -> None:
    """Seven days from 24 to 36 people a post: a third of that goes at least."""
    groups = [[(k, 1_000), (k + 1, 1_000)] for k in (30, 25, 34, 29, 31, 24, 36)]
    found = shrink(groups)
    assert found is not None
    values = [one.value for one in found.groups if one is not None]
    assert max(values) - min(values) < 0.67 * (36 - 24) / 1_000
    assert scatter(groups) == 0


def test_no_weekday_is_known_better_than_all_posts_together() -> None:
    """Forty posts of one day say less than those of the whole week, however alike days look."""
    chance = random.Random(5)
    posts = [(max(0, round(chance.gauss(35, 12))), 23_000) for _ in range(7 * 40)]
    groups = [posts[day::7] for day in range(7)]
    found, together = shrink(groups), ratio_of_sums(posts)
    assert found is not None
    assert together is not None
    assert together.interval is not None
    width = together.interval.high - together.interval.low
    for one in found.groups:
        assert one is not None
        assert one.interval.high - one.interval.low > width


@pytest.mark.parametrize("effect", [0.0, 0.3])
@pytest.mark.parametrize(("slots", "size"), [(7, 60), (24, 300)])
def test_ranges_of_single_hours_cover_what_is_true(slots: int, size: int, effect: float) -> None:
    """In 93 of 100, or more: posts differ by half of the mean, and hours by `effect`."""
    draw = np.random.default_rng(7)
    held = []
    for _ in range(40):
        true = draw.gamma(1 / effect**2, effect**2, slots) if effect else np.ones(slots)
        at = draw.integers(0, slots, size)
        people = draw.poisson(draw.gamma(4, 35 / 4, size) * true[at])
        groups: list[list[tuple[int, int]]] = [[] for _ in range(slots)]
        for slot, k in zip(at, people, strict=True):
            groups[int(slot)].append((int(k), 23_000))
        found = shrink(groups)
        assert found is not None
        held += [
            one.interval.low <= 35 * each / 23_000 <= one.interval.high
            for one, each in zip(found.groups, true, strict=True)
            if one is not None
        ]
    assert sum(held) / len(held) >= 0.92  # 95 %, less chance


@given(st.floats(0.2, 1.5), st.integers(10, 60))
def test_scatter_finds_how_much_posts_differ(spread: float, mean: int) -> None:
    """By moments: within a third of the truth, from 4,000 posts in groups of eight."""
    draw = np.random.default_rng(3)
    people = draw.poisson(draw.gamma(1 / spread**2, mean * spread**2, 4_000))
    groups = [[(int(k), 1_000) for k in people[i : i + 8]] for i in range(0, 4_000, 8)]
    assert scatter(groups) == pytest.approx(spread**2, rel=0.33)


@pytest.mark.parametrize("groups", [[], [[]], [[(0, 100)]], [[(3, 0)]]])
def test_nothing_to_draw_is_nothing(groups: list[list[tuple[int, int]]]) -> None:
    """No posts, no clicks, or no followers."""
    assert shrink(groups) is None


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 60), st.integers(1, 50)), max_size=8),
        min_size=1,
        max_size=8,
    )
)
@example([[(10, 33), (45, 33)]])  # one group has nothing to differ from but rounding errors
def test_shrinking_never_leaves_the_range(groups: list[list[tuple[int, int]]]) -> None:
    """Each figure lies between the mean and the group's own; more people than followers too."""
    found = shrink(groups)
    if found is None:
        return
    for group, one in zip(groups, found.groups, strict=True):
        if one is not None:
            own = sum(k for k, _ in group) / sum(n for _, n in group)
            ends = sorted((own, found.mean))
            assert ends[0] * (1 - 1e-9) <= one.value <= ends[1] * (1 + 1e-9)
            assert 0 <= one.interval.low <= one.interval.high < math.inf


def posts_of(people: list[int], followers: int = 20_000) -> list[Judged]:
    return [Judged(count, followers) for count in people]


def test_a_post_far_from_the_usual_is_surely_so() -> None:
    """20 posts around 35 people; 90 is surely above, 5 surely below, 45 neither."""
    posts = posts_of([33, 35, 36, 34, 37, 35, 31, 39, 36, 34] * 2 + [90, 5, 45])
    usual = usual_rates(posts)
    assert usual is not None
    verdicts = clearly(posts, usual)
    assert verdicts[-3:] == ["above", "below", None]
    assert not any(verdicts[:-3])


def test_six_posts_tell_nothing_of_the_usual() -> None:
    """Nor do posts that nobody clicked make one click a success."""
    assert usual_rates(posts_of([1, 2, 3, 4, 5, 6])) is None
    posts = posts_of([0] * 30 + [1, 2])
    usual = usual_rates(posts)
    assert usual is not None
    assert usual.low == 0
    assert set(clearly(posts, usual)) == {None}


@pytest.mark.slow
@pytest.mark.parametrize(("spread", "mean"), [(0.3, 35.0), (1.0, 35.0), (3.0, 35.0), (1.0, 2.0)])
def test_surely_is_seldom_a_false_alarm(spread: float, mean: float) -> None:
    """In 200 months of 30 posts at most 5 % have any post marked that is not so."""
    chance = random.Random(23)
    shape = 1 / spread**2
    usual = scipy.stats.gamma.ppf(0.5, shape, scale=mean / shape)
    alarms = 0
    for _ in range(200):
        true = [chance.gammavariate(shape, mean / shape) for _ in range(30)]
        posts = posts_of([int(scipy.stats.poisson.ppf(chance.random(), rate)) for rate in true])
        found = usual_rates(posts)
        assert found is not None
        alarms += any(
            (verdict == "above" and rate <= usual) or (verdict == "below" and rate >= usual)
            for verdict, rate in zip(clearly(posts, found), true, strict=True)
        )
    assert alarms <= 10


def test_growth_without_clicks_is_hollow() -> None:
    """Followers double, people who click stay: the slope is 0, and surely below 1."""
    chance = random.Random(5)
    posts = [(10_000 + 250 * i, 30 + chance.randint(-6, 6)) for i in range(60)]
    found = growth_of(posts)
    assert found.verdict == "hollow"
    assert found.slope is not None
    assert found.slope.interval.low < 0.1 < found.slope.interval.high + 0.2


def test_growth_in_step_cannot_be_told_from_one() -> None:
    """The same share of the followers clicks."""
    chance = random.Random(6)
    followers = [10_000 + 250 * i for i in range(60)]
    posts = [(count, count // 500 + chance.randint(-4, 4)) for count in followers]
    found = growth_of(posts)
    assert found.verdict == "can't tell"
    assert found.slope is not None
    assert found.slope.interval.low < 1 < found.slope.interval.high


@pytest.mark.parametrize(
    ("posts", "reason"),
    [
        ([], "needs 10 posts"),
        ([(100, 3)], "here is 1"),
        ([(1_000 + i, 5) for i in range(40)], "hardly changed"),
        ([(1_000 + 100 * i, int(i % 3 == 0)) for i in range(40)], "Nobody clicked 26 of 40"),
    ],
)
def test_a_trend_that_cannot_be_told_is_refused(posts: list[tuple[int, int]], reason: str) -> None:
    """With the reason in words."""
    found = growth_of(posts)
    assert found.slope is None
    assert found.verdict is None
    assert reason in (found.refused or "")


def test_a_better_day_is_named_and_a_lucky_one_is_not() -> None:
    """Fridays twice as good in 20 weeks stand out; one lucky post among equals does not."""
    chance = random.Random(9)

    def week(friday: float) -> list[list[tuple[int, int]]]:
        return [
            [(round(chance.gauss(30 * (friday if day == 4 else 1), 5)), 20_000) for _ in range(20)]
            for day in range(7)
        ]

    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    found = slots_of(names, week(2))
    assert found.best is not None
    assert found.best.name == "Fri"
    lucky = week(1)
    lucky[1][0] = (200, 20_000)
    assert slots_of(names, lucky).best is None


def test_visitors_by_links_are_counted_alike_everywhere() -> None:
    """The estimate depends on the counts alone, in any order."""
    chance = random.Random(1)
    seen = Counter(chance.choices([1, 2, 3], [6, 3, 1], k=60))
    assert chao2(seen, 20) == chao2(dict(sorted(seen.items(), reverse=True)), 20)
