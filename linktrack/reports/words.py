"""Figures in words, the same on the command line and on pages. Pure."""

from linktrack.reports.build import Rate
from linktrack.reports.segments import SegmentsReport


def per_thousand(rate: Rate) -> str:
    """Return a rate per 1,000 followers with its interval, as in "1.52 (1.09 to 2.12)"."""
    if rate.value is None:
        return "unknown"
    told = f"{rate.value * 1000:.3g}"
    if rate.interval is None:
        return told
    return f"{told} ({rate.interval.low * 1000:.3g} to {rate.interval.high * 1000:.3g})"


def times(rate: Rate) -> str:
    """Return how many times as often, as in "27 (19 to 38)"."""
    if rate.value is None:
        return "unknown"
    told = f"{rate.value:.2g}"
    if rate.interval is None:
        return told
    return f"{told} ({rate.interval.low:.2g} to {rate.interval.high:.2g})"


def unattributed(report: SegmentsReport) -> str:
    """Say first for how many people it is not known who they are."""
    if not report.unique_clicks:
        return "Nobody has clicked on these posts yet."
    people = "person" if report.unique_clicks == 1 else "people"
    return (
        f"For {report.unattributed:,} of {report.unique_clicks:,} {people} who clicked we can't "
        "tell who: they came through links that everybody sees."
    )


def living(report: SegmentsReport) -> str:
    """Say what the rate were if those who look empty never click; nothing where nobody does.

    People are those who clicked on a post, on average: "35 of 23,000".
    """
    found = report.living
    if found.assumed_empty is None or found.followers is None or report.count is None:
        return ""
    if not report.posts:
        return ""
    average = report.unique_clicks / report.posts
    people = f"{average:,.0f}" if average >= 10 or average == round(average) else f"{average:.1f}"
    return (
        f"{people} of {report.count:,} click; if the {found.assumed_empty:,} that look empty never "
        f"click, {people} of {found.followers:,}. That they never do is an assumption."
    )
