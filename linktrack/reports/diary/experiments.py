"""Experiments: naming a question beforehand, listing, taking back."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.clicks.vocabulary import DEFAULT_WINDOW, WINDOWS
from linktrack.errors import Conflict, Invalid, NotFound
from linktrack.owners.audit import note
from linktrack.reports.diary.models import Experiment

DAYS: Final = 28
LONGEST: Final = 365
LONGEST_HYPOTHESIS: Final = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Question:
    """What an experiment asks.

    Without `other`: do the account's posts of the `days` days from `at` on differ from those of
    as many days before? With it: do two accounts' posts of those days differ?
    """

    name: str
    at: datetime
    other: Account | None = None
    _: KW_ONLY
    days: int = DAYS
    window: str = DEFAULT_WINDOW
    hypothesis: str = ""


def add_experiment(
    session: Session, account: Account, question: Question, now: datetime
) -> Experiment:
    """Record an experiment. Raises `Invalid`, or `Conflict` where its name is taken."""
    name, hypothesis = question.name.strip(), question.hypothesis.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid("An experiment needs a name of 1 to 100 visible characters.")
    if len(hypothesis) > LONGEST_HYPOTHESIS:
        raise Invalid(f"Say in at most {LONGEST_HYPOTHESIS:,} characters what you expect.")
    if not 7 <= question.days <= LONGEST:
        raise Invalid(f"An experiment runs for 7 to {LONGEST} days, not {question.days}.")
    if question.window not in WINDOWS[:-1]:
        raise Invalid(
            f"An experiment cannot count for {question.window[:40]!r}: choose one of "
            f"{', '.join(WINDOWS[:-1])}, so that every post is counted for the same time."
        )
    if question.other is not None and question.other.id == account.id:
        raise Invalid("Two different accounts are needed: leave the other out to compare times.")
    if session.scalar(select(Experiment.id).where(Experiment.name == name)) is not None:
        raise Conflict(f"There is an experiment {name!r} already: choose another name.")
    experiment = Experiment(
        name=name,
        hypothesis=hypothesis,
        account_id=account.id,
        other_id=None if question.other is None else question.other.id,
        at=question.at,
        days=question.days,
        window=question.window,
        created_at=now,
    )
    session.add(experiment)
    note(session, f"Started the experiment {name}.", now)
    session.flush()
    return experiment


def list_experiments(session: Session, account: Account | None = None) -> Sequence[Experiment]:
    """Return experiments, the newest first; with an account those it takes part in."""
    query = select(Experiment).order_by(Experiment.at.desc(), Experiment.id.desc())
    if account is not None:
        query = query.where(
            or_(Experiment.account_id == account.id, Experiment.other_id == account.id)
        )
    return session.scalars(query).all()


def get_experiment(session: Session, number: int) -> Experiment:
    """Return an experiment by its number; raises `NotFound`."""
    experiment = session.get(Experiment, number)
    if experiment is None:
        raise NotFound(f"There is no experiment number {number}.")
    return experiment


def find_experiment(session: Session, account: Account, name: str | None = None) -> Experiment:
    """Return an account's experiment of that name, or its newest; raises `NotFound`."""
    for experiment in list_experiments(session, account):
        if name in (None, experiment.name):
            return experiment
    which = "no experiment yet" if name is None else f"no experiment {name[:100]!r}"
    raise NotFound(
        f"{account.handle} has {which}: start one with linktrack experiment add, or look at "
        "linktrack experiment list."
    )


def remove_experiment(session: Session, name: str, now: datetime) -> None:
    """Delete an experiment; posts and clicks stay. Raises `NotFound`."""
    experiment = session.scalar(select(Experiment).where(Experiment.name == name))
    if experiment is None:
        raise NotFound(
            f"There is no experiment {name[:100]!r}: linktrack experiment list names them."
        )
    session.delete(experiment)
    note(session, f"Removed the experiment {name}.", now)
