"""Rates as reports carry and write them: a fraction, its interval, or unknown. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from linktrack.reports.figures.statistics.rates import (
    Interval,
    RatioOfSums,
    rate_interval,
    ratio_of_sums,
)


class Written(NamedTuple):
    """A figure and the ends of its interval as JSON has them: rounded, null where unknown."""

    value: float | None
    low: float | None
    high: float | None


def written(value: float | None, interval: Interval | None, digits: int = 6) -> Written:
    """Round a figure with its ends, by default to six decimals: a click of a million followers."""
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    return Written(*(rounded(each, digits) for each in (value, low, high)))


def rounded(value: float | None, digits: int = 6) -> float | None:
    """Round a figure for JSON; one that is not known stays None."""
    return None if value is None else round(value, digits)


@dataclass(frozen=True, slots=True)
class Rate:
    """A fraction with its 95 % interval; None where it is unknown, which is not zero."""

    value: float | None = None
    interval: Interval | None = None

    @classmethod
    def of(cls, unique_clicks: int, people: int | None) -> "Rate":
        """Return unique clicks per person, with Wilson's interval or, above one, Poisson's."""
        if not people:
            return cls()
        return cls(unique_clicks / people, rate_interval(unique_clicks, people))

    @classmethod
    def over(cls, pairs: Sequence[tuple[int, int]]) -> "Rate":
        """Return the rate of several posts of (clicks, followers), as `ratio_of_sums` gives it."""
        return cls.of_ratio(ratio_of_sums(pairs))

    @classmethod
    def of_ratio(cls, ratio: RatioOfSums | None) -> "Rate":
        """Return a ratio as a rate; it is unknown where there is none."""
        return cls() if ratio is None else cls(ratio.value, ratio.interval)

    @property
    def written(self) -> Written:
        """The rate as JSON has it."""
        return written(self.value, self.interval)


class RateJson(TypedDict):
    """Clicks per follower, with the ends of its 95 % interval."""

    cpf: float | None
    cpf_low: float | None
    cpf_high: float | None


def rate_json(rate: Rate) -> RateJson:
    """Return clicks per follower as fractions."""
    cpf, low, high = rate.written
    return {"cpf": cpf, "cpf_low": low, "cpf_high": high}


class ShareJson(TypedDict):
    """A part of a whole, with the ends of its 95 % interval."""

    share: float | None
    share_low: float | None
    share_high: float | None


def share_json(rate: Rate) -> ShareJson:
    """Return a share as fractions."""
    share, low, high = rate.written
    return {"share": share, "share_low": low, "share_high": high}
