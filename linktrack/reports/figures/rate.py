"""Rates as reports carry and write them: a fraction, its interval, or unknown. Pure."""

from dataclasses import dataclass

from linktrack.reports.figures.statistics.rates import Interval, rate_interval
from linktrack.shapes import Json


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


def rate_json(rate: Rate) -> dict[str, Json]:
    """Return a rate as fractions, to six decimals: one click of a million followers."""
    interval = rate.interval
    return {
        "cpf": None if rate.value is None else round(rate.value, 6),
        "cpf_low": None if interval is None else round(interval.low, 6),
        "cpf_high": None if interval is None else round(interval.high, 6),
    }
