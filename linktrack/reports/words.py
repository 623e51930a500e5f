"""Figures in words, the same on the command line and on pages. Pure."""

from linktrack.reports.build import Rate


def per_thousand(rate: Rate) -> str:
    """Return a rate per 1,000 followers with its interval, as in "1.52 (1.09 to 2.12)"."""
    if rate.value is None:
        return "unknown"
    told = f"{rate.value * 1000:.3g}"
    if rate.interval is None:
        return told
    return f"{told} ({rate.interval.low * 1000:.3g} to {rate.interval.high * 1000:.3g})"
