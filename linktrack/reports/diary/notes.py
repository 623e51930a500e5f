"""The owner's notes for days, and other events that charts mark."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from linktrack.audience.models import Account
from linktrack.calendar.ranges import DayRange
from linktrack.calendar.times import utc
from linktrack.errors import Invalid, NotFound
from linktrack.owners.audit import note
from linktrack.reports.diary.models import DayNote, Experiment

LONGEST: Final = 200
"""Characters of a note: one line beside a chart."""

EARLIEST: Final = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened on a day: a note, or the beginning of an experiment; None is all accounts."""

    day: date
    text: str
    account_id: int | None


def add_note(
    session: Session, day: date, text: str, account: Account | None, now: datetime
) -> DayNote:
    """Add a note to a day, about one account or about all of them. Raises `Invalid`."""
    text = " ".join(text.split())
    if not 1 <= len(text) <= LONGEST or not text.isprintable():
        raise Invalid(f"A note is one line of 1 to {LONGEST} visible characters.")
    if day < EARLIEST or day.year > now.year + 1:
        raise Invalid(f"{day:%Y-%m-%d} isn't a day that a chart shows: look at the year.")
    added = DayNote(
        day=day.toordinal(),
        text=text,
        account_id=None if account is None else account.id,
        created_at=now,
    )
    session.add(added)
    note(session, f"Wrote a note for {day:%Y-%m-%d}: {text}", now)
    session.flush()
    return added


def list_notes(
    session: Session,
    account: Account | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Sequence[DayNote]:
    """Return notes, the newest day first: with an account, its own and those of all accounts.

    Of the days from `first` to `last`, both included.
    """
    query = select(DayNote).order_by(DayNote.day.desc(), DayNote.id.desc())
    if account is not None:
        query = query.where(or_(DayNote.account_id.is_(None), DayNote.account_id == account.id))
    if first is not None:
        query = query.where(DayNote.day >= first.toordinal())
    if last is not None:
        query = query.where(DayNote.day <= last.toordinal())
    return session.scalars(query).all()


def get_note(session: Session, number: int) -> DayNote:
    """Return a note by its number; raises `NotFound`."""
    found = session.scalar(select(DayNote).where(DayNote.id == number))
    if found is None:
        raise NotFound(f"There is no note number {number}.")
    return found


def remove_note(session: Session, wanted: DayNote, now: datetime) -> None:
    """Delete a note."""
    session.delete(wanted)
    note(session, f"Removed the note for {wanted.date:%Y-%m-%d}: {wanted.text}", now)


class NoteJson(TypedDict):
    """A note on a day; `account` is null if it is about all accounts."""

    id: int
    day: str
    account: str | None
    text: str
    created_at: str


def note_json(written: DayNote, account: Account | None) -> NoteJson:
    """Return a note as every door gives it."""
    return {
        "id": written.id,
        "day": written.date.isoformat(),
        "account": None if account is None else account.handle,
        "text": written.text,
        "created_at": utc(written.created_at),
    }


def happenings(
    session: Session, account_ids: Collection[int], days: DayRange
) -> Sequence[Happening]:
    """Return what is known of these accounts' days, in order: notes, and experiments that began."""
    written = select(DayNote).where(
        or_(DayNote.account_id.is_(None), DayNote.account_id.in_(account_ids)),
        DayNote.day.between(days.first.toordinal(), days.last.toordinal()),
    )
    found = [Happening(each.date, each.text, each.account_id) for each in session.scalars(written)]
    begun = select(Experiment).where(
        or_(Experiment.account_id.in_(account_ids), Experiment.other_id.in_(account_ids)),
        Experiment.at >= days.since,
        Experiment.at < days.end,
    )
    found += [
        Happening(_day(each.at, days.timezone), f"Experiment: {each.name}", each.account_id)
        for each in session.scalars(begun)
    ]
    return sorted(found, key=lambda each: (each.day, each.text))


def _day(at: datetime, timezone: ZoneInfo) -> date:
    return at.astimezone(timezone).date()
