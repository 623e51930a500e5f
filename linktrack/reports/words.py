"""Figures in words, the same on the command line and on pages. Pure."""

from linktrack.reports.build import Rate


def counted(number: int, one: str, several: str | None = None) -> str:
    """Write a number with its noun: 1 click, 23,000 clicks."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def share(part: int, whole: int) -> str:
    """Write a part of a whole in per cent; a part that is neither none nor all shows as such."""
    percent = round(100 * part / whole)
    if 0 < part < whole:
        percent = min(max(percent, 1), 99)
    return f"{percent} %"


def per_thousand(rate: Rate) -> str:
    """Return a rate per 1,000 followers with its interval, as in "1.52 (1.09 to 2.12)"."""
    if rate.value is None:
        return "unknown"
    told = f"{rate.value * 1000:.3g}"
    if rate.interval is None:
        return told
    return f"{told} ({rate.interval.low * 1000:.3g} to {rate.interval.high * 1000:.3g})"
