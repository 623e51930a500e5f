"""Compute what an experiment has found so far, and when it will know; and its JSON."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypedDict

from sqlalchemy.orm import Session

from linktrack.audience.counts import History, count_at, count_histories
from linktrack.audience.models import Account
from linktrack.calendar.times import utc
from linktrack.clicks.vocabulary import WINDOW_LENGTHS, window_number
from linktrack.ids import AccountId
from linktrack.reports import queries
from linktrack.reports.counting import is_measured
from linktrack.reports.diary.besides import DAY, besides, span_of
from linktrack.reports.diary.experiment_results import (
    FEWER,
    MORE,
    NONE_FOUND,
    NOT_YET,
    TOO_FEW_POSTS,
    Arm,
    ExperimentReport,
    Verdict,
    Week,
)
from linktrack.reports.diary.experiments import list_experiments
from linktrack.reports.diary.models import Experiment
from linktrack.reports.figures.rate import Rate, RateJson, rate_json, rounded, written
from linktrack.reports.figures.statistics.comparisons import difference_of_ratios, ratio_of_ratios
from linktrack.reports.figures.statistics.experiments import (
    Counted,
    Look,
    Pace,
    Pair,
    day_of_verdict,
    decide,
    groups_at,
    looks,
)
from linktrack.reports.figures.statistics.rates import FEWEST_POSTS, ratio_of_sums
from linktrack.reports.rated import PostPeople, people_by_post

_ROUNDING: Final = 1e-9  # days; what adding and taking off a window may lose


def experiment_report(
    session: Session, experiment: Experiment, accounts: Mapping[int, Account], now: datetime
) -> ExperimentReport:
    """Return what an experiment has found by `now`.

    `accounts` by number are those the asker sees, the experiment's own among them.
    """
    return experiment_reports(session, [experiment], accounts, now)[0]


def experiment_reports(
    session: Session,
    experiments: Sequence[Experiment],
    accounts: Mapping[int, Account],
    now: datetime,
    *,
    part: float = 1.0,
) -> list[ExperimentReport]:
    """Return what each has found by `now`; what they need is read for all of them at once.

    `part` is how much of its false alarms each may spend: less, where it is one of several
    comparisons that somebody reads together.
    """
    everything = list_experiments(session)
    histories = count_histories(
        session, {number for each in experiments for number in _account_ids(each)}
    )
    sums = _sums(session, experiments)
    return [
        _report(
            each,
            sums=sums[each.window],
            everything=everything,
            accounts=accounts,
            histories={number: histories[number] for number in _account_ids(each)},
            now=now,
            part=part,
        )
        for each in experiments
    ]


def _account_ids(experiment: Experiment) -> list[AccountId]:
    return [experiment.account_id, *filter(None, [experiment.other_id])]


def _sums(
    session: Session, experiments: Sequence[Experiment]
) -> Mapping[str, Sequence[PostPeople]]:
    """Return the posts of all these experiments by window, and some between them."""
    found = {}
    for window in sorted({each.window for each in experiments}):
        alike = [each for each in experiments if each.window == window]
        spans = [span_of(each) for each in alike]
        chosen = queries.chosen_posts(
            {number for each in alike for number in _account_ids(each)},
            min(since for since, _ in spans),
            max(end for _, end in spans),
        )
        found[window] = sorted(
            people_by_post(session, chosen, window_number(window)),
            key=lambda post: (post.posted_at, post.post_id),  # shuffles depend on the order
        )
    return found


def _report(
    experiment: Experiment,
    *,
    sums: Sequence[PostPeople],
    everything: Sequence[Experiment],
    accounts: Mapping[int, Account],
    histories: Mapping[int, History],
    now: datetime,
    part: float,
) -> ExperimentReport:
    posts, missing, unmeasured = _posts(experiment, sums, histories)
    plan = [
        Look(look.day, look.alpha * part)
        for look in looks(experiment.days, _counting_days(experiment.window))
    ]
    today = (now - experiment.at) / DAY
    ahead = [look for look in plan if look.day > today]
    decision = decide(posts, plan[: len(plan) - len(ahead)], seed=experiment.id)
    groups = groups_at(posts, today)
    ratios = [ratio_of_sums(group) for group in groups]
    first, second = ratios
    verdict: Verdict
    if decision.day is not None:
        verdict = MORE if decision.is_more else FEWER
    elif ahead:
        verdict = NOT_YET
    else:
        verdict = TOO_FEW_POSTS if min(map(len, groups)) < FEWEST_POSTS else NONE_FOUND
    labels = ["before", "after"]
    if experiment.other_id is not None:
        labels = [accounts[experiment.account_id].handle, accounts[experiment.other_id].handle]
    before, after = (
        Arm(
            label=labels[side],
            posts=len(groups[side]),
            posts_counting=sum(post.is_after == bool(side) for post in posts) - len(groups[side]),
            posts_without_count=missing[side],
            posts_unmeasured=unmeasured[side],
            unique_clicks=sum(k for k, _ in groups[side]),
            followers=sum(n for _, n in groups[side]),
            cpf=Rate.of_ratio(ratio),
        )
        for side, ratio in enumerate(ratios)
    )
    return ExperimentReport(
        experiment=experiment,
        before=before,
        after=after,
        difference=second.value - first.value if first and second else None,
        difference_interval=difference_of_ratios(first, second) if first and second else None,
        ratio=second.value / first.value if first and second and first.value else None,
        ratio_interval=ratio_of_ratios(first, second) if first and second else None,
        p=decision.p,
        verdict=verdict,
        decided_at=None if decision.day is None else experiment.at + decision.day * DAY,
        next_look=experiment.at + ahead[0].day * DAY if verdict == NOT_YET else None,
        last_look=experiment.at + plan[-1].day * DAY,
        days_needed=_days_needed(experiment, groups, ahead, today) if verdict == NOT_YET else None,
        weeks=_weeks(posts, labels, today, experiment.window),
        besides=besides(experiment, everything, accounts, histories),
    )


def _weeks(
    posts: Sequence[Counted], labels: Sequence[str], today: float, window: str
) -> list[Week]:
    """Return the weeks of both sides, by when posts that are counted to the end were posted."""
    length = timedelta(milliseconds=WINDOW_LENGTHS[window_number(window)]) / DAY
    found: defaultdict[tuple[bool, int], list[Pair]] = defaultdict(list)
    for post in posts:
        if post.day <= today:
            week = math.floor((post.day - length + _ROUNDING) / 7)
            found[post.is_after, week + (week >= 0)].append(post.pair)
    weeks = []
    for (is_after, number), pairs in sorted(found.items()):
        people = sum(k for k, _ in pairs)
        weeks.append(Week(labels[is_after], number, len(pairs), people, Rate.over(pairs)))
    return weeks


def _posts(
    experiment: Experiment,
    sums: Sequence[PostPeople],
    histories: Mapping[int, History],
) -> tuple[list[Counted], list[int], list[int]]:
    """Return the posts of both sides; how many of each have no follower count, or no measure.

    A post is complete on the day it carries, the end of its window; looks take those alone.
    """
    since, end = span_of(experiment)
    length = timedelta(milliseconds=WINDOW_LENGTHS[window_number(experiment.window)])
    posts, missing, unmeasured = [], [0, 0], [0, 0]
    for post in sums:
        if post.account_id not in histories or not since <= post.posted_at < end:
            continue
        is_after = post.posted_at >= experiment.at
        if experiment.other_id is not None:
            is_after = post.account_id == experiment.other_id
        if not is_measured(post):
            unmeasured[is_after] += 1
            continue
        _, followers = count_at(histories[post.account_id], post.posted_at)
        if followers:
            day = (post.posted_at + length - experiment.at) / DAY
            posts.append(Counted(day, is_after, (post.unique_clicks, followers)))
        else:
            missing[is_after] += 1
    return posts, missing, unmeasured


def _days_needed(
    experiment: Experiment,
    groups: tuple[list[Pair], list[Pair]],
    ahead: Sequence[Look],
    today: float,
) -> int | None:
    """Return how many days it will probably take to tell, or None where that cannot be said."""
    counting = _counting_days(experiment.window)
    counted_for = today - counting
    if counted_for <= 0:
        return None
    before_goes_on = experiment.other_id is not None
    pace = Pace(
        len(groups[0]) / counted_for if before_goes_on else 0.0,
        len(groups[1]) / counted_for,
        counting,
    )
    day = day_of_verdict(*groups, ahead, pace, experiment.days)
    return None if day is None else max(1, math.ceil(day - today))


def _counting_days(window: str) -> int:
    return -(-WINDOW_LENGTHS[window_number(window)] // (DAY // timedelta(milliseconds=1)))


class ArmJson(RateJson):
    """One side of an experiment; `posts_counting` are still being counted."""

    label: str
    posts: int
    posts_counting: int
    posts_without_count: int
    posts_unmeasured: int
    unique_clicks: int
    followers: int


def _arm_json(arm: Arm) -> ArmJson:
    return {
        "label": arm.label,
        "posts": arm.posts,
        "posts_counting": arm.posts_counting,
        "posts_without_count": arm.posts_without_count,
        "posts_unmeasured": arm.posts_unmeasured,
        "unique_clicks": arm.unique_clicks,
        "followers": arm.followers,
        **rate_json(arm.cpf),
    }


class ExperimentWeekJson(RateJson):
    """One side's posts in a week: 1 is the first after the start, -1 the last before it."""

    label: str
    week: int
    posts: int
    unique_clicks: int


def _week_json(week: Week) -> ExperimentWeekJson:
    return {
        "label": week.label,
        "week": week.number,
        "posts": week.posts,
        "unique_clicks": week.unique_clicks,
        **rate_json(week.cpf),
    }


class ExperimentReportJson(TypedDict):
    """An experiment's result: after minus before, and after divided by before."""

    name: str
    hypothesis: str
    at: str
    days: int
    window: str
    before: ArmJson
    after: ArmJson
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    p: float | None
    verdict: Verdict
    decided_at: str | None
    next_look: str | None
    last_look: str
    days_needed: int | None
    weeks: list[ExperimentWeekJson]
    besides: list[str]
    sentence: str


def experiment_json(report: ExperimentReport) -> ExperimentReportJson:
    """Return the report as every door gives it: rates are fractions, times are UTC."""
    difference = written(report.difference, report.difference_interval)
    ratio = written(report.ratio, report.ratio_interval)
    return {
        "name": report.experiment.name,
        "hypothesis": report.experiment.hypothesis,
        "at": utc(report.experiment.at),
        "days": report.experiment.days,
        "window": report.experiment.window,
        "before": _arm_json(report.before),
        "after": _arm_json(report.after),
        "difference": difference.value,
        "difference_low": difference.low,
        "difference_high": difference.high,
        "ratio": ratio.value,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "p": rounded(report.p),
        "verdict": report.verdict,
        "decided_at": utc(report.decided_at),
        "next_look": utc(report.next_look),
        "last_look": utc(report.last_look),
        "days_needed": report.days_needed,
        "weeks": [_week_json(week) for week in report.weeks],
        "besides": list(report.besides),
        "sentence": report.sentence,
    }
