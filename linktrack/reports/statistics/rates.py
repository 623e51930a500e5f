"""Rates and their intervals; pure arithmetic with no library beyond the standard one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95
FEWEST_POSTS: Final = 5
_SMALLEST: Final = 1e-300  # Lentz: what stands in for a zero denominator
_LARGEST_EXPONENT: Final = 700.0  # math.exp overflows just above 709


@dataclass(frozen=True, slots=True)
class Interval:
    """The range a rate lies in with the stated confidence; both ends are fractions, low <= high."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RatioOfSums:
    """All clicks over all followers of several posts; no interval where posts are too few."""

    value: float
    interval: Interval | None
    posts: int


def wilson(k: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Give Wilson's score interval for k of n people, as a fraction.

    Wilson (1927), JASA 22:209. Raises ValueError unless 0 <= k <= n, n > 0, 0 < confidence < 1.
    """
    _check(k, n, confidence)
    if k > n:
        raise ValueError(f"Wilson's interval needs k <= n, not {k} of {n}")
    return _wilson(k, n, NormalDist().inv_cdf((1 + confidence) / 2))


def poisson_rate(k: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Give the exact (Garwood) interval for k events over n followers, as a rate; k may exceed n.

    Garwood (1936), Biometrika 28:437: half the chi-square quantiles with 2k and 2k + 2 degrees
    of freedom, which are quantiles of the gamma distribution with shape k and k + 1.
    Raises ValueError unless k >= 0, n > 0, 0 < confidence < 1.
    """
    _check(k, n, confidence)
    tail = (1 - confidence) / 2
    low = _gamma_quantile(tail, k) if k else 0.0
    return Interval(low / n, _gamma_quantile(1 - tail, k + 1) / n)


def rate_interval(k: int, n: int) -> Interval | None:
    """Give the 95 % interval of one post's rate: Wilson, or Poisson where clicks exceed followers.

    None where nobody follows (n <= 0): the rate is undefined, which is not zero.
    """
    return _interval_of(k, n) if n > 0 else None


def ratio_of_sums(
    pairs: Sequence[tuple[int, int]], minimum: int = FEWEST_POSTS
) -> RatioOfSums | None:
    """Give all clicks over all followers for posts of (clicks, followers), with a 95 % interval.

    None where nobody follows at all; the interval is None where fewer than `minimum` posts
    have followers. Raises ValueError for negative numbers.

    Posts differ far more from each other than chance within a post allows, so the interval is
    clustered over posts: the standard error is the delete-one jackknife of the ratio (Cochran,
    Sampling Techniques, 3rd ed., ch. 6), taken on the log scale (delta method) with the t quantile
    of one degree of freedom less than posts. It stays above zero, never reaches higher than the
    best post's own interval, and is never narrower than `rate_interval` of the sums. Without a
    single click it is Wilson's with the same t quantile.

    How it was chosen: posts were simulated with rates gamma or log-normal around 0.15 %, 0.01 %
    and 0.002 %, 3,000-10,000 sets of 5, 12, 50 and 200 posts, at 23,000 followers throughout,
    growing tenfold, or a mixture of 800, 3,000 and 23,000. CV is the rates' coefficient of
    variation. Truth covered, in %, at 0.15 %:

                                                    posts:    5     12     50    200
        one follower count, CV 0.5: log scale                94.5   94.2   95.1   95.1
                                    plain scale              93.2   93.4   94.9   95.1
        one follower count, CV 1:   log scale                93.8   93.6   94.6   94.0
                                    plain scale              88.6   90.8   93.7   94.1
        mixed follower counts, CV 1: log scale, jackknife    89.5   89.2   92.3   93.9
                                     log scale, linearised   79.1   84.7   91.6   93.7
                                     plain, linearised       72.3   80.4   90.3   93.3
        log-normal, CV 2:           log scale                85.7   84.2   88.6   92.3
        log-normal, CV 4.9:         log scale                74.1   74.1   80.7   84.0

    Rarer clicks are covered about as well or better (98 % for 5 posts at 0.002 %, sets without a
    single click included). When a rare post brings most clicks, as with CV 4.9, no interval from
    so few posts holds what it promises; of the scales tried this one loses least.
    """
    if any(k < 0 or n < 0 for k, n in pairs):
        raise ValueError("clicks and followers are never negative")
    clicks = sum(k for k, _ in pairs)
    followers = sum(n for _, n in pairs)
    if followers == 0:
        return None
    value = clicks / followers
    with_followers = sum(1 for _, n in pairs if n > 0)
    # Two posts with followers at least, or leaving one out leaves nothing to divide by.
    if with_followers < max(minimum, 2):
        return RatioOfSums(value, None, len(pairs))
    return RatioOfSums(value, _clustered(pairs, clicks, followers), len(pairs))


def _clustered(pairs: Sequence[tuple[int, int]], clicks: int, followers: int) -> Interval:
    """Give the interval of a ratio of sums that `ratio_of_sums` describes."""
    t = t_quantile((1 + CONFIDENCE) / 2, len(pairs) - 1)
    if clicks == 0:
        return _wilson(0, followers, t)
    ratio = clicks / followers
    error = _jackknife_error(pairs, clicks, followers)
    factor = math.exp(min(t * error / ratio, _LARGEST_EXPONENT))
    best = max(_interval_of(k, n).high for k, n in pairs if n > 0)
    narrowest = _interval_of(clicks, followers)
    return Interval(
        min(ratio / factor, narrowest.low),
        max(min(ratio * factor, best), narrowest.high),
    )


def _jackknife_error(pairs: Sequence[tuple[int, int]], clicks: int, followers: int) -> float:
    """Give the standard error of clicks / followers from the ratios with one post left out."""
    left = [(clicks - k) / (followers - n) for k, n in pairs]
    mean = math.fsum(left) / len(left)
    squares = math.fsum((ratio - mean) ** 2 for ratio in left)
    return math.sqrt(squares * (len(left) - 1) / len(left))


def _interval_of(k: int, n: int) -> Interval:
    return wilson(k, n) if k <= n else poisson_rate(k, n)


def _check(k: int, n: int, confidence: float) -> None:
    if k < 0 or n <= 0:
        raise ValueError(f"a rate needs k >= 0 and n > 0, not {k} of {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")


def _wilson(k: int, n: int, z: float) -> Interval:
    """Give Wilson's interval for a quantile z that need not be the normal one."""
    share = k / n
    spread = z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    # Rounding must not push an end past the share it encloses.
    low = 0.0 if k == 0 else min(max(centre - half, 0.0), share)
    high = 1.0 if k == n else max(min(centre + half, 1.0), share)
    return Interval(low, high)


@lru_cache(maxsize=1024)
def t_quantile(probability: float, degrees: int) -> float:
    """Give Student's t quantile for a probability of at least one half."""

    def cumulated(t: float) -> float:
        return 1 - _beta_share(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2

    return _bisect(cumulated, probability)


def _gamma_quantile(probability: float, shape: int) -> float:
    """Give the quantile of the gamma distribution with this shape and scale 1."""
    return _bisect(lambda x: _gamma_share(shape, x), probability)


def _bisect(rising: Callable[[float], float], target: float) -> float:
    """Give the x >= 0 at which a rising function reaches the target, to the last digits."""
    low, high = 0.0, 1.0
    while rising(high) < target:
        low, high = high, high * 2
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if rising(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _gamma_share(shape: float, x: float) -> float:
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


def _beta_share(a: float, b: float, x: float) -> float:
    """Give the regularised incomplete beta function I_x(a, b) by its continued fraction.

    DLMF 8.17.22; the symmetry I_x(a, b) = 1 - I_{1-x}(b, a) keeps it fast.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(b, a, 1 - x)
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
