"""Distributions: quantiles and shares of Student's t, gamma and beta; pure arithmetic."""

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist
from typing import Final

_STEPS: Final = 20  # of Newton's, of which three or four are enough
_SMALLEST: Final = 1e-300  # Lentz: what stands in for a zero denominator


def poisson_at_least(k: int, mean: float) -> float:
    """Give the probability of k or more events where `mean` are expected."""
    return 1.0 if k <= 0 else gamma_share(k, mean)


def poisson_at_most(k: int, mean: float) -> float:
    """Give the probability of at most k events where `mean` are expected."""
    return 1 - gamma_share(k + 1, mean)


def chi_square_above(x: float, degrees: int) -> float:
    """Give the probability that chi-square with these degrees of freedom exceeds x."""
    return 1 - gamma_share(degrees / 2, x / 2)


@lru_cache(maxsize=1024)
def t_quantile(probability: float, degrees: int) -> float:
    """Give Student's t quantile for a probability of at least one half."""

    def cumulated(t: float) -> float:
        return 1 - beta_share(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2

    return _bisect(cumulated, probability)


@lru_cache(maxsize=1024)
def gamma_quantile(probability: float, shape: float) -> float:
    """Give the quantile of the gamma distribution with this shape and scale 1.

    By Newton's steps from Wilson and Hilferty's (1931) approximation, or by bisection where these
    lead astray.
    """
    spread = 1 / (9 * shape)
    x = shape * (1 - spread + NormalDist().inv_cdf(probability) * math.sqrt(spread)) ** 3
    for _ in range(_STEPS):
        if x <= 0:
            break
        density = math.exp((shape - 1) * math.log(x) - x - math.lgamma(shape))
        if density == 0:
            break
        step = (gamma_share(shape, x) - probability) / density
        x -= step
        if abs(step) <= 1e-12 * x:
            return x
    return _bisect(lambda x: gamma_share(shape, x), probability)


def _bisect(rising: Callable[[float], float], target: float) -> float:
    """Give the x >= 0 at which a rising function reaches the target, to the last digits."""
    low, high = 0.0, 1.0
    while rising(high) < target:
        low, high = high, high * 2
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if middle in (low, high):  # as near to zero as numbers come
            break
        if rising(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def gamma_share(shape: float, x: float) -> float:
    """Give the regularised lower incomplete gamma function P(shape, x).

    A power series below shape + 1, a continued fraction above (DLMF 8.7.1, 8.9.2).
    """
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        step = shape
        while term > total * 1e-17:
            step += 1
            term *= x / step
            total += term
        return front * total

    def coefficients(i: int) -> tuple[float, float]:
        return (1.0 if i == 0 else i * (shape - i)), x + 2 * i + 1 - shape

    return 1 - front * _continued_fraction(coefficients)


def beta_share(a: float, b: float, x: float) -> float:
    """Give the regularised incomplete beta function I_x(a, b) by its continued fraction.

    DLMF 8.17.22; the symmetry I_x(a, b) = 1 - I_{1-x}(b, a) keeps it fast.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, 1 - x)
    front = math.exp(
        a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    )

    def coefficients(i: int) -> tuple[float, float]:
        if i == 0:
            return 1.0, 1.0
        m, odd = divmod(i, 2)
        if odd:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1.0

    return front / a * _continued_fraction(coefficients)


def _continued_fraction(coefficients: Callable[[int], tuple[float, float]]) -> float:
    """Evaluate n0/(d0 + n1/(d1 + ...)) by the modified Lentz method (DLMF 3.10.4)."""
    numerator, denominator = coefficients(0)
    whole = ahead = denominator or _SMALLEST
    behind = 0.0
    change = 0.0
    i = 0
    while abs(change - 1) > 1e-14:
        i += 1
        above, below = coefficients(i)
        behind = 1 / ((below + above * behind) or _SMALLEST)
        ahead = (below + above / ahead) or _SMALLEST
        change = ahead * behind
        whole *= change
    return numerator / whole
