"""Our short functions beside statsmodels, on any input.

It is imported when it is used, not by all who read the tests: that takes a second.
"""

import gc

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from linktrack.reports.figures.statistics.comparisons import difference, holm
from linktrack.reports.figures.statistics.rates import poisson_rate, wilson

shares = st.integers(1, 50_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=examples(50), deadline=None)
@given(shares)
def test_one_post_has_wilsons_interval(share: tuple[int, int]) -> None:
    """Of a share, at any k and n."""
    from statsmodels.stats.proportion import proportion_confint

    within = wilson(*share)
    low, high = proportion_confint(*share, method="wilson")
    assert (within.low, within.high) == pytest.approx((low, high), abs=1e-9)


@settings(max_examples=examples(50), deadline=None)
@given(st.integers(0, 5_000), st.integers(1, 50_000))
def test_more_people_than_followers_have_the_exact_poisson_interval(k: int, n: int) -> None:
    """Garwood's."""
    from statsmodels.stats.rates import confint_poisson

    within = poisson_rate(k, n)
    low, high = confint_poisson(k, n, method="exact-c")
    low = 0.0 if k == 0 else low
    assert (within.low, within.high) == pytest.approx((low, high), rel=1e-6, abs=1e-12)


@settings(max_examples=examples(50), deadline=None)
@given(shares, shares)
def test_two_shares_differ_as_newcombe_says(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    """The interval built from both intervals is his tenth method."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    a, b = first[0] / first[1], second[0] / second[1]
    within = difference(a, wilson(*first), b, wilson(*second))
    low, high = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert (within.low, within.high) == pytest.approx((low, high), abs=1e-9)


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_many_judgements_fall_as_holms_do(probabilities: list[float]) -> None:
    """Which of them fall at 5 %."""
    from statsmodels.stats.multitest import multipletests

    gc.freeze()  # statsmodels collects garbage at every call: half a second at the end of a suite
    fallen = multipletests(probabilities, alpha=0.05, method="holm")[0]
    assert holm(probabilities, 0.05) == list(fallen)
