"""The report of a link's options as every door gives it, and what it says in sentences."""

from typing import TypedDict

from linktrack.calendar.times import utc
from linktrack.links.models import Link
from linktrack.reports.figures.rate import rounded, written
from linktrack.reports.links.options import Comparison, OptionFigures, OptionsReport, Split

ONLY_CLICKS = (
    "Which destination is better can't be told by clicks: visitors are split after they click. "
    "Goals on your own sites tell it."
)


class OptionGoalJson(TypedDict):
    """Clicks with a click id that reached a goal, of an option, and their rate."""

    goal: str
    reached: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None


class OptionFiguresJson(TypedDict):
    """A destination of a link and its clicks; `id` 0 is the link's own.

    `share` is its part of the link's unique clicks; `percent` what a split is to give it, of those
    of its rule.
    """

    id: int
    destination: str
    said: str
    percent: int | None
    closed_at: str | None
    clicks: int
    unique_clicks: int
    share: float | None
    with_click_id: int
    goals: list[OptionGoalJson]


class OptionsComparisonJson(TypedDict):
    """A goal's rate of an option less that of the split's first, with its interval."""

    goal: str
    option: int
    other: int
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    sentence: str


class SplitJson(TypedDict):
    """A rule with several options; `p` doubts that its shares made its counts."""

    rule: int
    said: str
    p: float | None
    sentences: list[str]
    comparisons: list[OptionsComparisonJson]


class OptionsReportJson(TypedDict):
    """What each destination of a link got since it has rules."""

    code: str
    clicks: int
    unique_clicks: int
    options: list[OptionFiguresJson]
    splits: list[SplitJson]


def options_json(link: Link, report: OptionsReport) -> OptionsReportJson:
    """Return the report for programs."""
    return {
        "code": link.code or "",
        "clicks": report.clicks,
        "unique_clicks": report.unique_clicks,
        "options": [_option_json(each, report) for each in report.options],
        "splits": [
            {
                "rule": split.rule_id,
                "said": split.said,
                "p": rounded(split.p),
                "sentences": split_sentences(split, report),
                "comparisons": [_comparison_json(each, report) for each in split.comparisons],
            }
            for split in report.splits
        ],
    }


def split_sentences(split: Split, report: OptionsReport) -> list[str]:
    """Return what can be said of a split, and no more."""
    said = []
    if split.changed_at is not None:
        said.append(
            "Its shares or destinations were changed after it began, so its clicks can't be held "
            "against the shares."
        )
    if split.is_uneven:
        said.append(
            "Its unique clicks don't fit its shares: something besides chance is at work, so "
            "don't trust a comparison of these destinations."
        )
    said += [comparison_sentence(each, report) for each in split.comparisons]
    return said if split.comparisons else [*said, ONLY_CLICKS]


def comparison_sentence(comparison: Comparison, report: OptionsReport) -> str:
    """Return what a comparison shows, and no more than its interval."""
    named = {each.id: each.destination for each in report.options}
    first, other = named[comparison.option], named[comparison.other]
    low, high = 100 * comparison.interval.low, 100 * comparison.interval.high
    if not comparison.is_clear:
        return (
            f"{comparison.goal}: {first} and {other} can't be told apart yet "
            f"({low:+.1f} to {high:+.1f} points)."
        )
    better, ends = (first, (low, high)) if low > 0 else (other, (-high, -low))
    worse = other if low > 0 else first
    return (
        f"{comparison.goal}: {better} does better than {worse}, by {ends[0]:.1f} to {ends[1]:.1f} "
        "points."
    )


def _option_json(option: OptionFigures, report: OptionsReport) -> OptionFiguresJson:
    share = option.unique_clicks / report.unique_clicks if report.unique_clicks else None
    goals: list[OptionGoalJson] = []
    for goal in report.goals:
        rate = option.rate(goal).written
        goals.append(
            {
                "goal": goal,
                "reached": option.goals.get(goal, 0),
                "rate": rate.value,
                "rate_low": rate.low,
                "rate_high": rate.high,
            }
        )
    return {
        "id": option.id,
        "destination": option.destination,
        "said": option.said,
        "percent": option.percent,
        "closed_at": utc(option.closed_at),
        "clicks": option.clicks,
        "unique_clicks": option.unique_clicks,
        "share": rounded(share),
        "with_click_id": option.with_click_id,
        "goals": goals,
    }


def _comparison_json(comparison: Comparison, report: OptionsReport) -> OptionsComparisonJson:
    figure = written(comparison.difference, comparison.interval)
    return {
        "goal": comparison.goal,
        "option": comparison.option,
        "other": comparison.other,
        "difference": figure.value,
        "difference_low": figure.low,
        "difference_high": figure.high,
        "sentence": comparison_sentence(comparison, report),
    }
