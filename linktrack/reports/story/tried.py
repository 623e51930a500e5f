"""The chapter on experiments: what was asked, and the verdict so far."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.reports.diary.experiment_report import experiment_reports
from linktrack.reports.diary.experiment_results import FEWER, MORE, ExperimentReport
from linktrack.reports.diary.experiments import list_experiments
from linktrack.reports.diary.models import Experiment
from linktrack.reports.figures.rate import rounded
from linktrack.reports.figures.words import per_thousand
from linktrack.reports.story.asking import Asked
from linktrack.reports.story.claims import Claims
from linktrack.reports.story.telling import (
    Chapter,
    Claim,
    Figure,
    Passage,
    Sentence,
    chapter,
    rate_figure,
    report_path,
)

MOST: Final = 5
"""Experiments in one story, the newest."""


def experiments_of(session: Session, asked: Asked, first: date) -> list[Experiment]:
    """Return the experiments with these accounts alone that ran since a day, oldest first."""
    told, since = {account.id for account in asked.told}, asked.midnight(first)
    found = [
        each
        for each in list_experiments(session)
        if {each.account_id, each.other_id or each.account_id} <= told
        and each.at <= asked.now
        and since < each.at + timedelta(days=each.days)
    ]
    return found[:MOST][::-1]


def on_experiments(
    session: Session, found: Sequence[Experiment], asked: Asked, claims: Claims
) -> list[Chapter]:
    """Return the chapter on what was tried, and the verdicts."""
    if not found:
        return []
    reports = experiment_reports(session, found, asked.seen, asked.now)
    strict = experiment_reports(session, found, asked.seen, asked.now, part=claims.part)
    sentences = [
        _told(
            report, asked.seen[report.experiment.account_id], stands=alone.verdict == report.verdict
        )
        for report, alone in zip(reports, strict, strict=True)
    ]
    return chapter("experiments", "What was tried", [Passage(None, sentences, is_list=True)])


def _told(report: ExperimentReport, account: Account, *, stands: bool) -> Sentence:
    """Return the verdict in the report's words, unless it fails among so many comparisons."""
    name, ratio = report.experiment.name, report.ratio_interval
    path = report_path("experiment", account, name=name)
    is_decided = report.verdict in (MORE, FEWER)
    cited = [
        Figure(path, "/verdict", report.verdict),
        rate_figure(path, "/after/cpf", report.after.cpf),
        rate_figure(path, "/before/cpf", report.before.cpf),
    ]
    if report.ratio is not None and ratio is not None:
        ends = (rounded(ratio.low), rounded(ratio.high))
        cited.append(Figure(path, "/ratio", rounded(report.ratio), *ends))
    if stands or not is_decided:
        cited.append(Figure(path, "/sentence", report.sentence))
        claim: Claim = "clear" if is_decided else "open"
        return Sentence(f"{name}: {report.sentence}", tuple(cited), claim)
    return Sentence(
        f"{name}: {per_thousand(report.after.cpf)} clicks per 1,000 followers "
        f"{report.after.where}, {per_thousand(report.before.cpf)} {report.before.where}. On its "
        "own that would be clear, but among all comparisons of this story one like it comes up by "
        "chance too often.",
        tuple(cited),
        "open",
    )
