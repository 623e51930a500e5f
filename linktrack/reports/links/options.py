"""What each destination of a link with rules got, and whether splits can be told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from linktrack.clicks.conversions.declaring import list_goals
from linktrack.clicks.conversions.models import GoalReached
from linktrack.clicks.models import link_options_clicked
from linktrack.links.models import Link
from linktrack.links.redirects.rules.deciding import OWN, Rule
from linktrack.links.redirects.rules.models import LinkOption
from linktrack.links.redirects.rules.words import rule_in_words
from linktrack.links.redirects.ruling import rules_of
from linktrack.reports.figures.rate import Rate
from linktrack.reports.figures.statistics.comparisons import difference
from linktrack.reports.figures.statistics.distributions import chi_square_above
from linktrack.reports.figures.statistics.rates import CONFIDENCE, Interval, wilson

MISMATCH: Final = 0.001
"""A split is doubted where chance makes one as uneven less often than this."""

FEWEST_EXPECTED: Final = 5.0
"""Unique clicks that each option must have been due, for the split to be judged."""


@dataclass(frozen=True, slots=True)
class OptionFigures:
    """A destination of a link, and its clicks; `id` is OWN for the link's own.

    `percent` is what a split gives it; None where it is no part of one, or was taken away on
    `closed_at`. `goals` are the clicks with an id that reached each goal, by its name.
    """

    id: int
    destination: str
    said: str
    percent: int | None = None
    closed_at: datetime | None = None
    clicks: int = 0
    unique_clicks: int = 0
    with_click_id: int = 0
    goals: Mapping[str, int] = field(default_factory=dict)

    def rate(self, goal: str) -> Rate:
        """Return how many clicks with an id reached a goal."""
        return Rate.of(self.goals.get(goal, 0), self.with_click_id)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A goal's rate of one option less that of another, with an interval.

    The interval of several comparisons in one split holds for all of them together.
    """

    goal: str
    option: int
    other: int
    difference: float
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out that there is no difference."""
        return self.interval.low > 0 or self.interval.high < 0


@dataclass(frozen=True, slots=True)
class Split:
    """A rule that leads to several options.

    `p` is how often chance alone makes a split as uneven as its unique clicks; None where there
    are too few, or where its shares were changed at `changed_at` after it began.
    """

    rule_id: int
    said: str
    p: float | None
    changed_at: datetime | None
    comparisons: Sequence[Comparison]

    @property
    def is_uneven(self) -> bool:
        """Whether its unique clicks can hardly come from its shares."""
        return self.p is not None and self.p < MISMATCH


@dataclass(frozen=True, slots=True)
class OptionsReport:
    """The options of a link: those of its rules in order, its own, and those taken away."""

    options: Sequence[OptionFigures]
    splits: Sequence[Split]
    goals: Sequence[str]

    @property
    def clicks(self) -> int:
        """All people's clicks since the link has rules."""
        return sum(each.clicks for each in self.options)

    @property
    def unique_clicks(self) -> int:
        """All unique clicks since the link has rules."""
        return sum(each.unique_clicks for each in self.options)


def options_report(session: Session, link: Link) -> OptionsReport:
    """Return what each destination of a link got since it has rules."""
    rows = session.scalars(
        select(LinkOption).where(LinkOption.link_id == link.id).order_by(LinkOption.id)
    ).all()
    rules = rules_of(session, link.id)
    goals = [goal.name for goal in list_goals(session)]
    counted = _counted(session, link, goals)

    def figures(number: int, destination: str, said: str, **more: object) -> OptionFigures:
        """Return an option with its counts."""
        return OptionFigures(number, destination, said, **more, **counted.get(number, {}))  # type: ignore[arg-type]

    found = {
        option.id: figures(
            option.id,
            option.destination,
            rule_in_words(rule),
            percent=option.percent if len(rule.options) > 1 else None,
        )
        for rule in rules
        for option in rule.options
    }
    closed = [
        figures(row.id, row.destination, row.said or "", closed_at=row.closed_at)
        for row in rows
        if row.closed_at is not None
    ]
    own = figures(OWN, link.destination, "Everyone else" if rules else "Everyone")
    of_rule = {
        rule_id: list(options)
        for rule_id, options in groupby(
            sorted((row for row in rows if row.rule_id), key=lambda row: row.rule_id or 0),
            key=lambda row: row.rule_id,
        )
    }
    splits = [
        _split(rule, [found[option.id] for option in rule.options], of_rule[rule.id], goals)
        for rule in rules
        if len(rule.options) > 1
    ]
    return OptionsReport([*found.values(), own, *closed], splits, goals)


def _counted(session: Session, link: Link, goals: Sequence[str]) -> dict[int, dict[str, object]]:
    counts = link_options_clicked.c
    query = select(
        counts.option - 1, counts.clicks, counts.unique_clicks, counts.with_click_id
    ).where(counts.link_id == link.id)
    found: dict[int, dict[str, object]] = {
        number: {"clicks": clicks, "unique_clicks": unique, "with_click_id": carrying}
        for number, clicks, unique, carrying in session.execute(query)
    }
    names = {goal.id: goal.name for goal in list_goals(session)} if goals else {}
    reached = (
        select(GoalReached.option_id, GoalReached.goal_id, func.count())
        .where(GoalReached.link_id == link.id, GoalReached.option_id.is_not(None))
        .group_by(GoalReached.option_id, GoalReached.goal_id)
    )
    by_option: dict[int, dict[str, int]] = {}
    for option_id, goal_id, many in session.execute(reached):
        if goal_id in names:
            by_option.setdefault(option_id or OWN, {})[names[goal_id]] = many
    for option, goals_of in by_option.items():
        found.setdefault(option, {})["goals"] = goals_of
    return found


def _split(
    rule: Rule,
    options: Sequence[OptionFigures],
    rows: Sequence[LinkOption],
    goals: Sequence[str],
) -> Split:
    begun = {row.created_at for row in rows}
    changed = [row.percent_since for row in rows if row.percent_since is not None]
    since = max([*changed, *begun]) if changed or len(begun) > 1 else None
    comparisons = [
        comparison
        for goal in goals
        for other in options[1:]
        if (comparison := _compare(goal, other, options[0], len(options) - 1)) is not None
    ]
    p = _evenness(options) if since is None else None
    return Split(rule.id, rule_in_words(rule), p, since, comparisons)


def _evenness(options: Sequence[OptionFigures]) -> float | None:
    """Return the chance of counts at least as far from the shares (Pearson's chi-square)."""
    total = sum(each.unique_clicks for each in options)
    due = [total * (each.percent or 0) / 100 for each in options]
    if min(due) < FEWEST_EXPECTED:
        return None
    off = sum(
        (each.unique_clicks - expected) ** 2 / expected
        for each, expected in zip(options, due, strict=True)
    )
    return chi_square_above(off, len(options) - 1)


def _compare(
    goal: str, option: OptionFigures, other: OptionFigures, comparisons: int
) -> Comparison | None:
    if not option.with_click_id or not other.with_click_id:
        return None
    confidence = 1 - (1 - CONFIDENCE) / comparisons  # Bonferroni
    shares, intervals = [], []
    for each in (option, other):
        reached = each.goals.get(goal, 0)
        shares.append(reached / each.with_click_id)
        intervals.append(wilson(reached, each.with_click_id, confidence))
    between = difference(shares[0], intervals[0], shares[1], intervals[1])
    return Comparison(goal, option.id, other.id, shares[0] - shares[1], between)
