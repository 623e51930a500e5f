"""Intervals hold the checked values, cover the truth, and never contradict their own rate."""

import math
import random
from statistics import NormalDist

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from linktrack.reports.figures.statistics.rates import (
    Interval,
    poisson_rate,
    rate_interval,
    ratio_of_sums,
    wilson,
)

FOLLOWERS = st.integers(1, 10**7)
POSTS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 10**6)), min_size=5, max_size=30)


def poisson_at_most(k: int, mean: float) -> float:
    """Sum the Poisson probabilities of 0 to k, as an oracle from the definition."""
    return math.fsum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(k + 1))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 1000, 0.0, 0.003827),
        (35, 23000, 0.001094, 0.002116),
        (6000, 23000, 0.255235, 0.266584),
    ],
)
def test_wilson_gives_the_published_values(k: int, n: int, low: float, high: float) -> None:
    """The three checked intervals come out to the sixth decimal."""
    found = wilson(k, n)
    assert (round(found.low, 6), round(found.high, 6)) == (low, high)


@given(k=st.integers(0, 10**6), more=st.integers(0, 10**6))
def test_wilson_ends_solve_the_score_equation(k: int, more: int) -> None:
    """Each end that is not 0 or 1 is a share p with |k - np| = z sqrt(np(1-p))."""
    n = k + more
    assume(n > 0)
    found = wilson(k, n)
    assert 0 <= found.low <= k / n <= found.high <= 1
    z = NormalDist().inv_cdf(0.975)
    for p in (found.low, found.high):
        if 0 < p < 1:
            assert abs(k - n * p) == pytest.approx(z * math.sqrt(n * p * (1 - p)), rel=1e-5)


@pytest.mark.parametrize("k", [0, 1, 2, 5, 35, 400])
def test_poisson_ends_leave_two_and_a_half_percent_on_each_side(k: int) -> None:
    """At the upper end k or fewer happen in 2.5 %, at the lower end k or more."""
    found = poisson_rate(k, 1)
    assert poisson_at_most(k, found.high) == pytest.approx(0.025, rel=1e-9)
    if k:
        assert 1 - poisson_at_most(k - 1, found.low) == pytest.approx(0.025, rel=1e-9)
    else:
        assert found.low == 0


def test_poisson_gives_garwoods_table_values() -> None:
    """No event: up to 3.689; ten events: 4.795 to 18.390; divided by the followers."""
    assert poisson_rate(0, 1).high == pytest.approx(-math.log(0.025), rel=1e-12)
    ten = poisson_rate(10, 100)
    assert (round(ten.low, 5), round(ten.high, 5)) == (0.04795, 0.1839)


@given(k=st.integers(0, 3000), n=FOLLOWERS)
def test_poisson_encloses_its_rate(k: int, n: int) -> None:
    """The rate lies inside for any number of events and followers."""
    found = poisson_rate(k, n)
    assert 0 <= found.low <= k / n <= found.high


@given(k=st.integers(0, 3000), n=st.integers(1, 3000))
def test_one_click_more_never_lowers_an_end(k: int, n: int) -> None:
    """Within one method both ends rise with the clicks."""
    methods = [poisson_rate, wilson] if k + 1 <= n else [poisson_rate]
    for method in methods:
        before, after = method(k, n), method(k + 1, n)
        assert before.low <= after.low
        assert before.high < after.high


@given(k=st.integers(0, 50), n=st.integers(60, 10**6))
def test_more_confidence_is_a_wider_interval(k: int, n: int) -> None:
    """A 99 % interval holds the 95 % one, which holds the 80 % one."""
    for method in (wilson, poisson_rate):
        narrow, usual, wide = (method(k, n, level) for level in (0.8, 0.95, 0.99))
        assert wide.low <= usual.low <= narrow.low
        assert narrow.high < usual.high < wide.high


def test_a_rate_needs_followers_and_takes_poisson_above_them() -> None:
    """Nobody follows: none. Up to everybody: Wilson. More clicks than followers: Poisson."""
    assert rate_interval(3, 0) is None
    assert rate_interval(3, -1) is None
    assert rate_interval(7, 7) == wilson(7, 7)
    assert rate_interval(8, 7) == poisson_rate(8, 7)


@pytest.mark.parametrize(
    ("k", "n", "confidence"), [(-1, 5, 0.95), (1, 0, 0.95), (1, 5, 0.0), (1, 5, 1.0)]
)
def test_impossible_numbers_are_refused(k: int, n: int, confidence: float) -> None:
    """Negative clicks, no followers and a certainty are errors of the caller."""
    for method in (wilson, poisson_rate):
        with pytest.raises(ValueError, match=r"needs|between"):
            method(k, n, confidence)


def test_wilson_refuses_more_clicks_than_followers() -> None:
    """Its root turns complex there; the Poisson interval is for that."""
    with pytest.raises(ValueError, match="k <= n"):
        wilson(6, 5)


def test_several_posts_give_the_ratio_of_their_sums() -> None:
    """70 clicks over 43,000 followers, not the mean of the rates."""
    found = ratio_of_sums([(10, 20000), (20, 20000), (20, 1000), (10, 1000), (10, 1000)])
    assert found is not None
    assert found.value == 70 / 43000
    assert found.posts == 5


def test_equal_posts_give_the_worked_interval() -> None:
    """Five posts at 1,000 followers: by hand, log scale, t = 2.776445 with 4 degrees."""
    clicks = (4, 8, 10, 12, 16)
    found = ratio_of_sums([(k, 1000) for k in clicks])
    # With equal denominators the jackknife is the standard error of the mean: 10 +- sqrt(20 / 5).
    factor = math.exp(2.776445 * math.sqrt(20 / 5) / 10)
    assert found is not None
    assert found.interval is not None
    assert found.interval.low == pytest.approx(0.01 / factor, rel=1e-6)
    assert found.interval.high == pytest.approx(0.01 * factor, rel=1e-6)


def test_posts_that_do_not_differ_give_no_less_than_wilsons_interval() -> None:
    """Five equal posts show no difference between posts; chance within them remains."""
    assert interval_of([(10, 1000)] * 5) == wilson(50, 5000)
    assert interval_of([(1200, 1000)] * 5) == poisson_rate(6000, 5000)


def test_the_upper_end_stays_below_the_best_posts_own() -> None:
    """One lucky post among small ones: what it alone allows is the most all posts can have."""
    posts = [(0, 20000), (1, 100), (0, 100), (3, 100), (0, 100)]
    assert interval_of(posts).high == wilson(3, 100).high


def test_under_five_posts_there_is_a_value_and_no_interval() -> None:
    """Four posts are too few to know how much posts differ; a post nobody could see adds none."""
    four = [(10, 1000)] * 4
    for posts in (four, [*four, (3, 0)]):
        found = ratio_of_sums(posts)
        assert found is not None
        assert found.interval is None
    assert ratio_of_sums([*four, (10, 1000)]) == ratio_of_sums([(10, 1000)] * 5)
    fewer = ratio_of_sums(four, minimum=4)
    assert fewer is not None
    assert fewer.interval is not None


@pytest.mark.parametrize("posts", [[], [(0, 0)] * 6, [(5, 0)] * 6])
def test_without_followers_there_is_no_ratio(posts: list[tuple[int, int]]) -> None:
    """No post, or nobody who could have seen one: none, never zero."""
    assert ratio_of_sums(posts) is None


def test_no_click_at_all_still_has_an_upper_end() -> None:
    """Five posts at 1,000 followers without a click: from 0 to more than Wilson's end."""
    found = ratio_of_sums([(0, 1000)] * 5)
    assert found is not None
    assert found.value == 0
    assert found.interval is not None
    assert found.interval.low == 0
    assert wilson(0, 5000).high < found.interval.high < 0.002


def test_one_post_that_brings_all_clicks_widens_the_interval() -> None:
    """The same sums tell less when they come from one post."""
    even = ratio_of_sums([(10, 1000)] * 10)
    uneven = ratio_of_sums([(0, 1000)] * 9 + [(100, 1000)])
    assert even is not None
    assert even.interval is not None
    assert uneven is not None
    assert uneven.interval is not None
    assert uneven.interval.low < even.interval.low / 3
    assert uneven.interval.high > even.interval.high * 3


@given(posts=POSTS)
def test_the_interval_of_several_posts_encloses_wilsons(posts: list[tuple[int, int]]) -> None:
    """It holds the ratio, is finite, never negative and never narrower than the sums' own."""
    found = ratio_of_sums(posts)
    assume(found is not None and found.interval is not None)
    assert found is not None
    assert found.interval is not None
    own = rate_interval(sum(k for k, _ in posts), sum(n for _, n in posts))
    assert own is not None
    assert 0 <= found.interval.low <= own.low <= found.value
    assert found.value <= own.high <= found.interval.high < math.inf


@given(posts=POSTS, seed=st.randoms())
def test_the_order_of_posts_does_not_matter(
    posts: list[tuple[int, int]], seed: random.Random
) -> None:
    """Shuffled posts give the same interval, but for rounding."""
    shuffled = list(posts)
    seed.shuffle(shuffled)
    one, other = ratio_of_sums(posts), ratio_of_sums(shuffled)
    assert (one is None) == (other is None)
    if one is None or other is None or one.interval is None or other.interval is None:
        return
    assert other.interval.low == pytest.approx(one.interval.low, rel=1e-9, abs=1e-300)
    assert other.interval.high == pytest.approx(one.interval.high, rel=1e-9)


def test_posts_with_negative_numbers_are_refused() -> None:
    """A negative count is an error of the caller."""
    with pytest.raises(ValueError, match="never negative"):
        ratio_of_sums([(1, 10)] * 5 + [(-1, 10)])


def test_the_clustered_interval_covers_where_wilsons_does_not() -> None:
    """Twelve posts whose rates differ by half: about 94 % covered; Wilson's of the sums half."""
    source = random.Random(20260101)
    rate, followers, rounds = 0.0015, 10000, 400
    clustered = pooled = 0
    for _ in range(rounds):
        # A mean of 15 is large enough for a rounded normal to stand for a Poisson number.
        means = [source.gammavariate(4, rate * followers / 4) for _ in range(12)]
        clicks = [max(0, round(source.gauss(mean, math.sqrt(mean)))) for mean in means]
        found = ratio_of_sums([(k, followers) for k in clicks])
        assert found is not None
        assert found.interval is not None
        clustered += covers(found.interval, rate)
        pooled += covers(wilson(sum(clicks), followers * 12), rate)
    assert clustered / rounds > 0.9
    assert pooled / rounds < 0.75


def interval_of(posts: list[tuple[int, int]]) -> Interval:
    """Give the interval of posts that have one."""
    found = ratio_of_sums(posts)
    assert found is not None
    assert found.interval is not None
    return found.interval


def covers(interval: Interval, rate: float) -> bool:
    """Say whether the interval holds the true rate."""
    return interval.low <= rate <= interval.high


def test_scipy_agrees_on_every_quantile() -> None:
    """Garwood's ends and the t quantiles hidden in the zero-click interval equal SciPy's."""
    stats = pytest.importorskip("scipy.stats")
    for k in (0, 1, 3, 50, 999, 100_000):
        found = poisson_rate(k, 1)
        assert found.high == pytest.approx(stats.chi2.ppf(0.975, 2 * k + 2) / 2, rel=1e-9)
        if k:
            assert found.low == pytest.approx(stats.chi2.ppf(0.025, 2 * k) / 2, rel=1e-9)
    for posts in (5, 6, 7, 12, 101, 3000):
        quiet = ratio_of_sums([(0, 100)] * posts)
        assert quiet is not None
        assert quiet.interval is not None
        t = stats.t.ppf(0.975, posts - 1)
        expected = t * t / (100 * posts + t * t)
        assert quiet.interval.high == pytest.approx(expected, rel=1e-9)
